// Starts and stops kernel threads in Node (threads.page.ts does in pages). assembly/thread.ts has what they do
// in between: a started thread is reached through shared memory alone.
import { nodeModule } from "../../platform/platform.ts";
import type { ThreadStart } from "./thread-main.ts";
import { threadSource } from "./thread-source.gen.ts";
import { FAILED } from "./tiles.gen.ts";

/** A started kernel thread. */
export interface KernelThread {
  terminate(): void;
}

/** Returns why only one thread can compute here, or undefined if several can. */
export function threadsObstacle(): string | undefined {
  return undefined;
}

/** Starts one kernel thread; resolves when it is ready to take work, rejects when it cannot start. */
export function startThread(start: ThreadStart): Promise<KernelThread> {
  const { Worker } = nodeModule<typeof import("node:worker_threads")>("node:worker_threads");
  return new Promise((resolve, reject) => {
    const worker = new Worker(threadSource, { eval: true, workerData: start, execArgv: [] });
    worker.once("message", () => {
      // An idle thread must not keep a finished program alive.
      worker.unref();
      // Nobody knows what a thread that ended by itself had done, and left undone.
      const words = new Int32Array(start.memory.buffer, FAILED, 1);
      const fail = (): number => Atomics.store(words, 0, 1);
      worker.once("exit", fail);
      const terminate = (): void => {
        // The thread may end later than the engine, whose memory it must not keep.
        worker.off("exit", fail);
        void worker.terminate();
      };
      resolve({ terminate });
    });
    worker.once("error", reject);
  });
}
