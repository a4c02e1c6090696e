// What makes an instance of the kernels (instantiate.ts), in pages: without the loader, which is a download of its own, and
// of which only this is needed here.
import { type Instantiate, type KernelExports, plainInstance } from "./plain-instance.ts";

export type { Instantiate, KernelExports };

export async function instantiator(): Promise<Instantiate> {
  return plainInstance;
}
