// A GPU for tests in Node: Mesa's llvmpipe, which computes on the processor, by way of OpenGL ES. Dawn, in the npm package
// `webgpu`, makes WebGPU of it; .ci/engines fetches that.
import { pathToFileURL } from "node:url";
import { inject } from "vitest";
import type { Gpu } from "../../src/backend/gpu.ts";
import { WebGpuBackend } from "../../src/backend/webgpu/backend.ts";
import { describeAdapter, findAdapter, openDevice } from "../../src/backend/webgpu/device.ts";

/** One instance of Dawn for all devices of a process; what it made must not outlive it. */
let gpu: GPU | undefined;

/** Returns that WebGPU, or says why there is none. */
export async function testedWebGpu(): Promise<GPU | string> {
  const { path, missing } = inject("tools").webgpu;
  if (missing !== undefined) return missing;
  process.env.EGL_PLATFORM ??= "surfaceless";
  const { create } = await import(pathToFileURL(path).href);
  gpu ??= create(["backend=opengles"]) as GPU;
  try {
    await findAdapter(gpu);
    return gpu;
  } catch {
    return "there is no adapter for OpenGL ES: install libegl1, libegl-mesa0, libgles2 and libgl1-mesa-dri";
  }
}

/** Opens a device of that GPU, or says why there is none. */
export async function testedDevice(): Promise<{ device: GPUDevice; about: Gpu } | string> {
  const found = await testedWebGpu();
  if (typeof found === "string") return found;
  const adapter = await findAdapter(found);
  return { device: await openDevice(adapter), about: describeAdapter(adapter) };
}

/** Returns a backend on that GPU, or why there is none. */
export async function testedGpu(): Promise<WebGpuBackend | string> {
  const opened = await testedDevice();
  return typeof opened === "string" ? opened : new WebGpuBackend(opened.device, opened.about);
}
