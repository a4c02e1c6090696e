// Starts a worker, in Node (start.page.ts does in pages), and hears when it dies. What it is told goes through the port
// it is given: that is alike everywhere.
import { simd, threads } from "../backend/wasm/binary.gen.ts";
import { threadSource } from "../backend/wasm/thread-source.gen.ts";
import { UnsupportedError } from "../errors.ts";
import { thrown } from "../kinds.ts";
import { nodeModule } from "../platform.ts";
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

/** The URL of a worker's script where a page serves it as a file, or what starts it. */
export type WorkerScript = string | URL | (() => Worker);

/** What a worker is for: it computes single networks (server.ts), or whole calls (orchestrator/server.ts). */
export type Role = "networks" | "orchestrator";

/** A worker's first message. */
export interface Calling {
  readonly role: Role;
  readonly port: MessagePort;
}

/**
 * A worker starts threads and workers too: the bundle takes what the page has anyway as its argument, rather than holding
 * it once more. Made once, because whoever has a worker of Node's has its source.
 */
let source: string | undefined;

/** Why no worker should be started here; undefined where it may. */
export function workersObstacle(): string | undefined {
  return undefined;
}

/** What starts workers. Throws UnsupportedError for a script that is given: only pages have a choice. */
export function workerStarter(role: Role = "networks", script?: WorkerScript): StartWorker {
  if (script !== undefined) throw new UnsupportedError("in Node a worker starts from the package: say worker: true");
  return (port, died) => {
    const { Worker } = nodeModule<typeof import("node:worker_threads")>("node:worker_threads");
    source ??= `${workerSource}(${JSON.stringify({ simd, threads, threadSource, workerSource })})`;
    const worker = new Worker(source, { eval: true, execArgv: [] });
    worker.once("error", (error) => {
      const { name, message } = thrown(error);
      died(name === "" ? message : `${name}: ${message}`);
    });
    worker.once("exit", (code) => died(`exited with code ${code}`));
    const calling: Calling = { role, port };
    worker.postMessage(calling, [port as never]);
    return {
      terminate: () => worker.terminate(),
      keepAlive: (wanted) => (wanted ? worker.ref() : worker.unref()),
    };
  };
}
