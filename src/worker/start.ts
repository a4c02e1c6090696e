// Starts a worker, in Node or in a page, and hears when it dies. What it is told goes through the port it is given:
// that is alike everywhere.
import { simd as strict, threads } from "../backend/wasm/binary.gen.ts";
import { threadSource } from "../backend/wasm/thread-source.gen.ts";
import type { EngineOptions } from "../engine/engine.ts";
import { isNode, nodeModule } from "../platform.ts";
import { workerSource } from "./worker-source.gen.ts";

/** A worker that runs, or is about to. */
export interface StartedWorker {
  /** Resolves when it has stopped. */
  terminate(): Promise<unknown>;
  /** Whether a program in Node waits for it. */
  keepAlive(wanted: boolean): void;
}

/**
 * Starts a worker that serves `port`; `died` is told why when it ends, and may be told more than once. In a page only an
 * error that nobody caught ends a worker.
 */
export type StartWorker = (port: MessagePort, died: (why: string) => void) => StartedWorker;

/** What starts workers for such engines. */
export async function workerStarter({ simd }: EngineOptions = {}): Promise<StartWorker> {
  const { relaxed } = simd === "relaxed" ? await import("../backend/wasm/relaxed.gen.ts") : { relaxed: "" };
  // The bundle takes what the page has anyway as its argument, rather than holding it once more.
  const source = `${workerSource}(${JSON.stringify({ simd: strict, threads, relaxed, threadSource })})`;
  return (port, died) => (isNode ? inNode : inPage)(source, port, died);
}

function inNode(source: string, port: MessagePort, died: (why: string) => void): StartedWorker {
  const { Worker } = nodeModule<typeof import("node:worker_threads")>("node:worker_threads");
  const worker = new Worker(source, { eval: true, execArgv: [] });
  worker.once("error", (error) => died(error instanceof Error ? `${error.name}: ${error.message}` : String(error)));
  worker.once("exit", (code) => died(`exited with code ${code}`));
  worker.postMessage(port, [port as never]);
  return {
    terminate: () => worker.terminate(),
    keepAlive: (wanted) => (wanted ? worker.ref() : worker.unref()),
  };
}

function inPage(source: string, port: MessagePort, died: (why: string) => void): StartedWorker {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.onerror = (event) => died(event.message || "could not start");
  worker.postMessage(port, [port]);
  return {
    async terminate() {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
    keepAlive() {},
  };
}
