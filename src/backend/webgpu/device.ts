// The device of a GPU: asked for with all the room that its adapter gives, because what is not asked for is not given.
import { UnsupportedError } from "../../errors.ts";
import { thrown } from "../../kinds.ts";
import { type Gpu, statedLimits } from "../gpu.ts";

/** Limits that a device is asked for in full. */
const WANTED = ["maxBufferSize", "maxStorageBufferBindingSize", "maxStorageBuffersPerShaderStage"] as const;

/** How drivers that compute on the processor call themselves. Not all of them say that they are a fallback. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|\bwarp\b|basic render/i;

/** Returns an adapter. One with less than the core of WebGPU will do. Throws UnsupportedError where there is none. */
export async function findAdapter(gpu: GPU): Promise<GPUAdapter> {
  const adapter =
    (await gpu.requestAdapter({ powerPreference: "high-performance" })) ??
    (await gpu.requestAdapter({ featureLevel: "compatibility" } as GPURequestAdapterOptions));
  if (adapter) return adapter;
  throw new UnsupportedError("WebGPU finds no GPU here: none is there, or its driver is not trusted");
}

/** Returns what results say of an adapter. */
export function describeAdapter({ info, features, limits }: GPUAdapter): Gpu {
  const { vendor, architecture, device, description } = info;
  // Browsers tell vendor and architecture in words, Dawn in Node the device too; Deno has numbers in their place.
  const names = [device, [vendor, architecture].filter(Boolean).join(" "), description];
  const name = names.find((text) => /[a-z]/i.test(text));
  const software = info.isFallbackAdapter === true || SOFTWARE.test([name, architecture, description].join(" "));
  return {
    name: name ?? "a GPU without a name",
    software,
    features: Array.from(features).sort(),
    limits: Object.fromEntries(statedLimits.map((limit) => [limit, limits[limit]])) as Gpu["limits"],
  };
}

/** Opens a device. Throws UnsupportedError where the adapter gives none. */
export async function openDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const requiredLimits = Object.fromEntries(WANTED.map((name) => [name, adapter.limits[name]]));
  try {
    return await adapter.requestDevice({ label: "distillate", requiredLimits });
  } catch (cause) {
    throw new UnsupportedError(`this GPU cannot be used: ${thrown(cause).message}`, { cause });
  }
}
