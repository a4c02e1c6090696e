// Starts a worker, in Node (start.page.ts does in pages), and hears when it dies. What it is told goes through the port
// it is given: that is alike everywhere.
import { simd, threads } from "../backend/wasm/binary.gen.ts";
import { threadSource } from "../backend/wasm/thread-source.gen.ts";
import { UnsupportedError, WorkerError } from "../errors.ts";
import { thrown } from "../kinds.ts";
import { addressSpaceLeft, moreAddressSpace, nodeModule } from "../platform/platform.ts";
import type { WorkerScript } from "../platform/worker-script.ts";
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

/** What a worker is for: it computes single networks (server.ts), or whole calls (run/orchestrator/server.ts). */
export type Role = "networks" | "orchestrator";

/** A worker's first message. */
export interface Calling {
  readonly role: Role;
  readonly port: MessagePort;
}

/** What a worker takes before it has a memory of its own, and some to spare. */
const WORKER_ADDRESS_SPACE = 2 ** 30;

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
    // Where a worker has too little room to start, V8 does not say so but ends the process.
    const left = addressSpaceLeft();
    if (left < WORKER_ADDRESS_SPACE) {
      const lack = `expected ${WORKER_ADDRESS_SPACE / 2 ** 20} MiB of address space for another worker`;
      throw new WorkerError(
        `${lack}, got ${Math.floor(left / 2 ** 20)} MiB: use fewer workers, or ${moreAddressSpace}`,
      );
    }
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
