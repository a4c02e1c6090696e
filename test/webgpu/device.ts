// A GPU for tests in Node: Mesa's llvmpipe, which computes on the processor, by way of OpenGL ES. Dawn, in the npm package
// `webgpu`, makes WebGPU of it; .ci/engines fetches that.
import { pathToFileURL } from "node:url";
import { inject } from "vitest";
import { WebGpuBackend } from "../../src/backend/webgpu/backend.ts";
import { openDevice } from "../../src/backend/webgpu/device.ts";

/** One instance of Dawn for all devices of a process; what it made must not outlive it. */
let gpu: GPU | undefined;

/** Opens a device of that GPU, or says why there is none. */
export async function testedDevice(): Promise<GPUDevice | string> {
  const { path, missing } = inject("tools").webgpu;
  if (missing !== undefined) return missing;
  process.env.EGL_PLATFORM ??= "surfaceless";
  const { create } = await import(pathToFileURL(path).href);
  gpu ??= create(["backend=opengles"]) as GPU;
  // OpenGL ES has less than the core of WebGPU.
  const adapter = await gpu.requestAdapter({ featureLevel: "compatibility" } as GPURequestAdapterOptions);
  if (!adapter) return "there is no adapter for OpenGL ES: install libegl1, libegl-mesa0, libgles2 and libgl1-mesa-dri";
  return openDevice(adapter);
}

/** Returns a backend on that GPU, or why there is none. */
export async function testedGpu(): Promise<WebGpuBackend | string> {
  const device = await testedDevice();
  return typeof device === "string" ? device : new WebGpuBackend(device);
}
