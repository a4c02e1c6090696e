// A kernel thread: one instance of the kernels on the memory all threads share. It says once that it is ready, then
// sleeps in WebAssembly until there is work.
import { type KernelModules, plainInstance } from "./plain-instance.ts";
import { DONE, FAILED } from "./tiles.gen.ts";

/** What a thread is given to start with. */
export interface ThreadStart {
  readonly kernels: KernelModules;
  readonly memory: WebAssembly.Memory;
  /** Byte address of this thread's scratch. */
  readonly scratch: number;
}

export function threadMain({ kernels, memory, scratch }: ThreadStart, ready: () => void): void {
  const instance = plainInstance(kernels, memory);
  ready();
  try {
    instance.threadMain(scratch);
  } catch (error) {
    // The caller waits for chunks of this thread that will never be done, so all are said to be.
    const words = new Int32Array(memory.buffer);
    Atomics.store(words, FAILED >> 2, 1);
    Atomics.add(words, DONE >> 2, 2 ** 30);
    Atomics.notify(words, DONE >> 2);
    throw error;
  }
}
