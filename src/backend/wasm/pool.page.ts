// Starts and stops kernel threads in pages and their workers (pool.ts).
import { startScript } from "../../script.page.ts";
import type { KernelThread } from "./pool.ts";
import type { ThreadStart } from "./thread-main.ts";

/** Starts one kernel thread; resolves when it is ready to take work, rejects when it cannot start. */
export function startThread(start: ThreadStart): Promise<KernelThread> {
  return new Promise((resolve, reject) => {
    const worker = startScript();
    worker.onmessage = () => resolve({ terminate: () => worker.terminate() });
    worker.onerror = (message) => reject(new Error(message || "the page's policy or its headers forbid it"));
    try {
      worker.postMessage({ thread: start });
    } catch (error) {
      worker.terminate();
      reject(error);
    }
  });
}
