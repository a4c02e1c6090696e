// A kernel thread, in Node or in a browser: one instance of the kernels on the memory all threads share. It answers
// once that it is ready, then sleeps in WebAssembly until there is work. Bundled into a string by scripts/build.mjs.
import { isNode, nodeModule } from "../../platform.ts";
import { instantiate } from "./instantiate.ts";

/** What a thread is given to start with. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Byte address of this thread's scratch. */
  readonly scratch: number;
}

function start({ module, memory, scratch }: ThreadStart, ready: () => void): void {
  const kernels = instantiate(module, memory);
  ready();
  kernels.threadMain(scratch);
}

if (isNode) {
  const { parentPort, workerData } = nodeModule<typeof import("node:worker_threads")>("node:worker_threads");
  start(workerData as ThreadStart, () => parentPort!.postMessage("ready"));
} else {
  const scope = globalThis as unknown as { onmessage: unknown; postMessage(message: string): void };
  scope.onmessage = (event: MessageEvent<ThreadStart>) => start(event.data, () => scope.postMessage("ready"));
}
