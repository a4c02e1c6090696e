// The only file that imports @assemblyscript/loader: from a compiled module and a memory to typed exports.
import { type Instantiate, importsOf, type KernelExports, plainInstance } from "./plain-instance.ts";

export type { Instantiate, KernelExports };

/** Returns the function that makes instances of the kernels on a memory. Several instances may share one memory. */
export async function instantiator(): Promise<Instantiate> {
  try {
    const { instantiateSync } = await import("@assemblyscript/loader");
    return (kernels, memory) => {
      const { exports } = instantiateSync<Record<string, unknown>>(kernels.module, importsOf(kernels, memory));
      return exports as unknown as KernelExports;
    };
  } catch {
    // The loader assigns Object.hasOwn when it loads, and so it does not load where a program has frozen Object.
    return plainInstance;
  }
}
