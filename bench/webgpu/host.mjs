// The WebGPU that is measured: a GPU if the host has one, otherwise Mesa's llvmpipe, which computes on the processor.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createEngine } from "../../dist/index.js";
import { root } from "../machine.mjs";
import { observe, withDevices } from "./observe.mjs";

/** Where the npm package `webgpu` is: installed beside the library, or in the folder into which .ci/engines fetches it. */
async function findPackage() {
  const folder = process.env.ENGINES ?? join(root, "build/engines");
  const path = process.env.WEBGPU ?? join(folder, "node_modules/webgpu/index.js");
  try {
    return await import("webgpu");
  } catch {
    return existsSync(path) ? await import(pathToFileURL(path).href) : undefined;
  }
}

/** Whether it has an adapter of any kind, as src/backend/webgpu/device.ts looks for one. */
async function hasAdapter(gpu) {
  if (await gpu.requestAdapter({ powerPreference: "high-performance" })) return true;
  return (await gpu.requestAdapter({ featureLevel: "compatibility" })) !== null;
}

/** One WebGPU for all devices of this process, because what it made must not outlive it. */
let found;

async function look() {
  const own = globalThis.navigator?.gpu;
  if (own && (await hasAdapter(own))) return own;
  const dawn = await findPackage();
  if (!dawn) return 'there is no package "webgpu": npm install --no-save webgpu';
  const native = dawn.create([]);
  if (await hasAdapter(native)) return native;
  process.env.EGL_PLATFORM ??= "surfaceless";
  const simulated = dawn.create(["backend=opengles"]);
  if (await hasAdapter(simulated)) return simulated;
  return "WebGPU finds no adapter: install the driver of a GPU, or libegl1, libegl-mesa0, libgles2 and libgl1-mesa-dri";
}

/** Returns the host's WebGPU, or why there is none. */
export async function findWebGpu() {
  found ??= await look();
  return found;
}

/** Opens an engine on that WebGPU; returns it with the counts of its device. */
export async function openGpu(webGpu) {
  let counts;
  const gpu = withDevices(webGpu, (device) => {
    counts = observe(device);
  });
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true });
  try {
    const notices = [];
    const engine = await createEngine({ backend: "webgpu", onNotice: (notice) => notices.push(notice) });
    if (engine.backend.name !== "webgpu") throw new Error(notices.join("; "));
    return { engine, counts };
  } finally {
    if (before) Object.defineProperty(globalThis, "navigator", before);
    else delete globalThis.navigator;
  }
}
