// Stands in for test/webgpu/device.ts where tests run in a page: its GPU is the browser's.
import { createWebGpuBackend, type WebGpuBackend } from "../../../src/backend/webgpu/backend.ts";

/** Returns a backend on the browser's GPU. Throws where there is none: a page is given these tests only where one is. */
export function testedGpu(): Promise<WebGpuBackend> {
  return createWebGpuBackend();
}
