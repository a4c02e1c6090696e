// Makes instances of the kernels in pages (instantiate.ts does in Node). It leaves out the loader, of which a page would
// download all and use one function.
import { type Instantiate, type KernelExports, plainInstance } from "./plain-instance.ts";

export type { Instantiate, KernelExports };

export async function instantiator(): Promise<Instantiate> {
  return plainInstance;
}
