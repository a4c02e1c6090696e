// Starts and stops kernel threads in pages and their workers (threads.ts).
import { canShareMemory, onMainThread } from "../../platform/platform.ts";
import { startScript, workersObstacle } from "../../platform/script.page.ts";
import type { ThreadStart } from "./thread-main.ts";
import type { KernelThread } from "./threads.ts";

/** Returns why only one thread can compute here, or undefined if several can. */
export function threadsObstacle(): string | undefined {
  if (onMainThread) return "a page's main thread may not wait for others: leave worker: false out";
  const obstacle = workersObstacle();
  if (obstacle !== undefined) return obstacle;
  if (canShareMemory()) return undefined;
  return globalThis.crossOriginIsolated
    ? "this browser does not share memory between threads, though this page is isolated from others"
    : "this page is not isolated from others: serve it with Cross-Origin-Opener-Policy: same-origin and " +
        "Cross-Origin-Embedder-Policy: require-corp";
}

/** Starts one kernel thread; resolves when it is ready to take work, rejects when it cannot start. */
export function startThread(start: ThreadStart): Promise<KernelThread> {
  return new Promise((resolve, reject) => {
    const worker = startScript();
    worker.onmessage = () => resolve({ terminate: () => worker.terminate() });
    worker.onerror = (message) => {
      worker.terminate();
      reject(new Error(message || "the page's policy or its headers forbid it"));
    };
    try {
      worker.postMessage({ thread: start });
    } catch (error) {
      worker.terminate();
      reject(error);
    }
  });
}
