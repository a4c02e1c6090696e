// Where WebGPU comes from outside pages: the host's own, as Deno has it, or the npm package `webgpu`, which programs in Node
// install for themselves. gpu.page.ts is for pages.
import { UnsupportedError } from "../errors.ts";
import { thrown } from "../kinds.ts";

/** Whether an engine on a GPU runs in a worker like others. The package for Node must not be loaded twice by a process. */
export const gpuInWorkers: boolean = false;

/** The one of this process: what it made must not outlive it. */
let ofPackage: GPU | undefined;

/**
 * Returns the host's WebGPU. A program may choose another, with its own settings, by defining `navigator.gpu` first. Throws
 * UnsupportedError with how to install it where there is none.
 */
export async function hostGpu(): Promise<GPU> {
  const own = globalThis.navigator?.gpu;
  if (own) return own;
  try {
    // Few programs need it, so no bundler should look for it.
    ofPackage ??= (await import(/* webpackIgnore: true */ /* @vite-ignore */ "webgpu")).create([]);
    return ofPackage;
  } catch (cause) {
    const { message } = thrown(cause);
    throw new UnsupportedError(`WebGPU in Node needs the package "webgpu" (npm install webgpu): ${message}`, { cause });
  }
}
