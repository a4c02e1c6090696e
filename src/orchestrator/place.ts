// Where a call runs: on an engine that is given; by default in an orchestrator of its own in a page, whose main thread
// must not be kept busy, and in place elsewhere.
import type { Engine as EngineHere } from "../engine/engine.ts";
import { checkEngineOptions, type EngineOptions, tellNotices } from "../engine/options.ts";
import { WorkerError } from "../errors.ts";
import { onMainThread } from "../platform.ts";
import { checkWorkers } from "../worker/client.ts";
import { type WorkerScript, workerStarter, workersObstacle } from "../worker/start.ts";
import { type Engine, RemoteEngine } from "./engine.ts";

export type { EngineHere };

/** Where an engine, or a call that starts one, runs. */
export interface PlaceOptions {
  /**
   * `true`, the default in a page: in a worker, so that the page stays responsive. `false`, the default elsewhere: in
   * place; a page's main thread then runs one kernel thread. The URL of the file `distillate/worker`, or a function that
   * starts it, where a page's policy forbids workers that are not files of its own. Results do not depend on it.
   */
  readonly worker?: boolean | WorkerScript;
  /**
   * Is told, in a sentence, what the engine does without and why, because of the page's headers or policy for example:
   * workers or threads. Default: each sentence goes to `console.info` once.
   */
  readonly onNotice?: (message: string) => void;
}

/** Options of a call that runs in place or elsewhere. */
export type Placed<T> = Omit<T, "engine"> & PlaceOptions & { readonly engine?: Engine };

type InPlace = typeof import("./in-place.ts");

/** Whether this page was seen to forbid the embedded worker. */
let forbidden = false;
const said = new Set<string>();

/**
 * Starts an engine: in a page in a worker, elsewhere in place (`worker`).
 *
 * @throws RangeError for options out of range, UnsupportedError where the host has no WebAssembly with SIMD, does not allow
 * to compile it or, if asked for, has no relaxed SIMD, WorkerError where a worker was asked for and could not start.
 * @example
 * const engine = await createEngine({ threads: 2 });
 * const net = await engine.bind(lenet());
 * const { logits } = await net.forward({ parameters, images });
 * await engine.dispose();
 */
export async function createEngine(options: EngineOptions & PlaceOptions = {}): Promise<Engine> {
  const { worker = onMainThread && !forbidden, onNotice = sayOnce, ...engine } = followable(options);
  const { backend = "wasm", threads = "auto", simd = "strict" } = engine;
  checkEngineOptions({ backend, threads, simd });
  // The slow one has no use for threads, and is for tests.
  if (worker === false || backend === "reference") return inPlace({ ...engine, onNotice });
  try {
    const start = workerStarter("orchestrator", typeof worker === "boolean" ? undefined : worker);
    const remote = await RemoteEngine.start(engine, start);
    await tellNotices(remote, remote.notices, onNotice);
    return remote;
  } catch (error) {
    if (options.worker !== undefined || !(error instanceof WorkerError)) throw error;
    forbidden = true;
    const advice =
      "; allow blob: in the worker-src of its Content-Security-Policy, or serve the file distillate/worker and say " +
      "worker: its URL";
    await onNotice(
      `in place, on one thread and in the way of the page: ${error.message}${typeof Worker === "undefined" ? "" : advice}`,
    );
    return inPlace({ ...engine, onNotice });
  }
}

/** The options of a call as this thread can follow them: without workers where it should not start any, which is said. */
export function followable<T extends Omit<CallOptions, "engine">>(options: T): T {
  const { worker = false, workers = 0, onNotice = sayOnce } = options;
  if (worker === false && checkWorkers(workers) === 0) return options;
  const obstacle = workersObstacle();
  if (obstacle === undefined) return options;
  onNotice(`in place and on one thread: ${obstacle}`);
  return { ...options, worker: false, workers: 0, threads: 1 };
}

async function inPlace(options: Parameters<InPlace["createEngine"]>[0]): Promise<Engine> {
  const { createEngine } = await import("./in-place.ts");
  return createEngine(options);
}

function sayOnce(notice: string): void {
  if (said.has(notice)) return;
  said.add(notice);
  console.info(`distillate: ${notice}`);
}

/** The engine of a call: the given one, or one of its own, to be disposed of after it. */
export async function engineOf(options: CallOptions): Promise<{ engine: EngineHere | RemoteEngine; owned: boolean }> {
  const { engine: given, worker, onNotice, threads = "auto", workers = 0 } = options;
  if (given !== undefined) return { engine: known(given), owned: false };
  const engine = await createEngine({
    ...(worker !== undefined && { worker }),
    ...(onNotice && { onNotice }),
    // Where workers compute, little is left to do for the engine.
    threads: workers > 0 ? 1 : threads,
  });
  return { engine: known(engine), owned: true };
}

/** Runs `work` on the engine of a call. */
export async function onEngine<T>(
  options: CallOptions,
  work: (engine: EngineHere | RemoteEngine, owned: boolean) => Promise<T>,
): Promise<T> {
  const { engine, owned } = await engineOf(options);
  try {
    return await work(engine, owned);
  } finally {
    if (owned) await engine.dispose();
  }
}

interface CallOptions extends PlaceOptions {
  readonly engine?: Engine;
  readonly threads?: number | "auto";
  readonly workers?: number;
}

export function known(engine: Engine): EngineHere | RemoteEngine {
  if (engine instanceof RemoteEngine) return engine;
  if (typeof engine === "object" && engine !== null && "arena" in engine) return engine as EngineHere;
  throw new TypeError(`"engine" expected what createEngine gives, got ${typeof engine}`);
}
