// Where WebGPU comes from in pages and their workers (see gpu.ts).
import { UnsupportedError } from "../errors.ts";

export const gpuInWorkers: boolean = true;

/** Returns the browser's WebGPU. Throws UnsupportedError where there is none. */
export async function hostGpu(): Promise<GPU> {
  const { gpu } = globalThis.navigator ?? {};
  if (gpu) return gpu;
  const why = globalThis.isSecureContext ? "" : ", or not in a page that was not served over https or from localhost";
  throw new UnsupportedError(`this browser has no WebGPU${why}`);
}
