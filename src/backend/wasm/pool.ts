// Starts and stops kernel threads. What they do between is in assembly/thread.ts: once started they are reached
// through shared memory alone.
import { isNode, nodeModule } from "../../platform.ts";
import type { ThreadStart } from "./thread.ts";
import { threadSource } from "./thread-source.gen.ts";

/** A started kernel thread. */
export interface KernelThread {
  terminate(): void;
}

/** Starts one kernel thread; resolves when it is ready to take work, rejects when it cannot start. */
export function startThread(start: ThreadStart): Promise<KernelThread> {
  return isNode ? startNodeThread(start) : startBrowserThread(start);
}

function startNodeThread(start: ThreadStart): Promise<KernelThread> {
  const { Worker } = nodeModule<typeof import("node:worker_threads")>("node:worker_threads");
  return new Promise((resolve, reject) => {
    const worker = new Worker(threadSource, { eval: true, workerData: start, execArgv: [] });
    worker.once("message", () => {
      // An idle thread must not keep a finished program alive.
      worker.unref();
      resolve({ terminate: () => void worker.terminate() });
    });
    worker.once("error", reject);
  });
}

function startBrowserThread(start: ThreadStart): Promise<KernelThread> {
  const url = URL.createObjectURL(new Blob([threadSource], { type: "text/javascript" }));
  return new Promise((resolve, reject) => {
    const worker = new Worker(url);
    worker.onmessage = () => {
      URL.revokeObjectURL(url);
      resolve({ terminate: () => worker.terminate() });
    };
    worker.onerror = (event) => reject(new Error(event.message || "the kernel thread could not start"));
    worker.postMessage(start);
  });
}
