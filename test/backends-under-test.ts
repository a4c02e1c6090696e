// The backends that tests of ops compare with the reference.
import type { Backend } from "../src/backend/backend.ts";
import { createWasmBackend } from "../src/backend/wasm/backend.ts";
import { testedGpu } from "./webgpu/device.ts";

/**
 * Every backend that must agree with the reference: the kernels, whose results may not depend on `threads`, or in the project
 * `webgpu` a GPU, if there is one.
 */
export async function backendsUnderTest(): Promise<Backend[]> {
  if (process.env.BACKEND === "webgpu") {
    const gpu = await testedGpu();
    return typeof gpu === "string" ? [] : [gpu];
  }
  return [await createWasmBackend({ threads: 1 }), await createWasmBackend({ threads: 2 })];
}
