// Starts a worker in Node (start.page.ts does in pages), and reports its death. All messages go through the port that it
// is given, which works alike everywhere.
import { simd, threads } from "../backend/wasm/binary.gen.ts";
import { threadSource } from "../backend/wasm/thread-source.gen.ts";
import { UnsupportedError, WorkerError } from "../errors.ts";
import { thrown } from "../kinds.ts";
import { addressSpaceLeft, moreAddressSpace, nodeModule, workerMark } from "../platform/platform.ts";
import type { WorkerScript } from "../platform/worker-script.ts";
import { workerSource } from "./worker-source.gen.ts";

/** A worker that runs, or starts to. */
export interface StartedWorker {
  /** Resolves when the worker has stopped. */
  terminate(): Promise<unknown>;
  /** Sets whether a program in Node waits for the worker. */
  keepAlive(wanted: boolean): void;
}

/**
 * Starts a worker that serves `port`. `died` is called with the reason when it ends, maybe more than once, and with the error
 * that ended it as `cause`, if the host gives one. In a page only an uncaught error ends a worker.
 */
export type StartWorker = (
  port: MessagePort,
  died: (why: string, options?: { readonly cause: unknown }) => void,
) => StartedWorker;

/** The work of a worker: single networks (networks/server.ts), or whole calls (orchestrator/server.ts). */
export type Role = "networks" | "orchestrator";

/** A worker's first message. */
export interface Calling {
  readonly role: Role;
  readonly port: MessagePort;
}

/** The address space that a worker takes before it has a memory of its own, rounded up. */
const WORKER_ADDRESS_SPACE = 2 ** 30;

/**
 * The script of a worker. A worker starts threads and workers too, so the bundle receives this text as an argument, as the
 * page already has it, instead of containing it again. It is kept, because every worker of Node's is started from it.
 */
let source: string | undefined;

/** Returns why no worker should be started here, or undefined if workers may be started. */
export function workersObstacle(): string | undefined {
  return undefined;
}

/**
 * Returns a function that starts workers. Throws UnsupportedError for a given script: only pages have that choice. Nor does it matter
 * here how many threads they will have.
 */
export function workerStarter(role: Role = "networks", script?: WorkerScript, _threads: number = 1): StartWorker {
  if (script !== undefined) throw new UnsupportedError("in Node a worker starts from the package: say worker: true");
  return (port, died) => {
    // When a worker has too little room to start, V8 reports no error but ends the process.
    const left = addressSpaceLeft();
    if (left < WORKER_ADDRESS_SPACE) {
      const lack = `expected ${WORKER_ADDRESS_SPACE / 2 ** 20} MiB of address space for another worker`;
      throw new WorkerError(
        `${lack}, got ${Math.floor(left / 2 ** 20)} MiB: use fewer workers, or ${moreAddressSpace}`,
      );
    }
    const { Worker } = nodeModule<typeof import("node:worker_threads")>("node:worker_threads");
    source ??= `${workerSource}(${JSON.stringify({ simd, threads, threadSource, workerSource })})`;
    const worker = new Worker(source, { eval: true, execArgv: [], workerData: workerMark });
    worker.once("error", (error) => {
      const { name, message } = thrown(error);
      died(name === "" ? message : `${name}: ${message}`, { cause: error });
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
