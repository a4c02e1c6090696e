// The device of a GPU: asked for with all the room that its adapter gives, because what is not asked for is not given.
import { UnsupportedError } from "../../errors.ts";

/** Limits that a device is asked for in full. */
const WANTED = ["maxBufferSize", "maxStorageBufferBindingSize"] as const;

/** Opens a device. Throws UnsupportedError where the adapter gives none. */
export async function openDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const requiredLimits = Object.fromEntries(WANTED.map((name) => [name, adapter.limits[name]]));
  try {
    return await adapter.requestDevice({ label: "distillate", requiredLimits });
  } catch (cause) {
    throw new UnsupportedError(`this GPU cannot be used: ${(cause as Error).message}`, { cause });
  }
}
