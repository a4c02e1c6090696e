// A kernel thread: one instance of the kernels on the memory all threads share. It says once that it is ready, then
// sleeps in WebAssembly until there is work.
import { plainInstance } from "./plain-instance.ts";

/** What a thread is given to start with. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Byte address of this thread's scratch. */
  readonly scratch: number;
}

export function threadMain({ module, memory, scratch }: ThreadStart, ready: () => void): void {
  const kernels = plainInstance(module, memory);
  ready();
  kernels.threadMain(scratch);
}
