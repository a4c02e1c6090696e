// Decides where an engine runs: in a page by default in an orchestrator of its own, because the main thread must stay free,
// and elsewhere in place.
import type { Floats } from "../backend/buffer.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { type BackendName, backendEntry, type DoubleBackendName, defaultBackend } from "../engine/backends.ts";
import { auto, type EngineOptions, engineChecks, placeChecks, tellNotices, threadCount } from "../engine/options.ts";
import { UnsupportedError, WorkerError } from "../errors.ts";
import { inLibraryWorker, onMainThread } from "../platform/platform.ts";
import type { WorkerScript } from "../platform/worker-script.ts";
import { workerStarter, workersObstacle } from "../workers/start.ts";
import { RemoteEngine } from "./orchestrator/engine.ts";
import type { Engine } from "./orchestrator/interfaces.ts";

/** Says where an engine, or a call that starts one, runs. */
export interface PlaceOptions {
  /**
   * `wasm` (default), with the same bits everywhere; `webgpu`, or the kernels where no GPU works; `auto`: the faster of both, for
   * which a call of `distill`, `evaluate` or `trainPool` times one outer step or network on each. It never takes a GPU that is
   * simulated on the processor.
   */
  readonly backend?: BackendName | typeof auto | undefined;
  /**
   * `true`, the default in a page: in a worker, so that the page stays responsive. `false`, the default elsewhere: in
   * place; a page's main thread then runs one kernel thread. If a page's policy allows only workers from its own files: the
   * URL of the file `distillate/worker`, or a function that starts it. Results do not depend on it.
   */
  readonly worker?: boolean | WorkerScript | undefined;
  /**
   * Called with a message when a feature (threads, workers) is unavailable, for example because of the page's headers or
   * policy. Default: each message goes to `console.info` once.
   */
  readonly onNotice?: ((message: string) => void) | undefined;
}

/** Options of a call that runs in place or elsewhere. */
export type Placed<T> = Omit<T, "engine"> & PlaceOptions & { readonly engine?: Engine<Floats> | undefined };

type InPlace = typeof import("../engine/engine.ts");

const { backend, worker, onNotice } = placeChecks;
const createChecks: Checks<CreateOptions> = { ...engineChecks, backend, worker, onNotice };

/** Options of {@link createEngine}. */
export type CreateOptions = Omit<EngineOptions, "backend"> & PlaceOptions;

/** Whether this page has forbidden the embedded worker. */
let forbidden = false;
const said = new Set<string>();

/**
 * Starts an engine: in a worker in pages, in place elsewhere (`worker`). With `backend: "auto"` it takes a GPU if there is one,
 * because it knows no run that it could time.
 *
 * @throws TypeError or RangeError for options of the wrong kind or out of range; UnsupportedError when the host has no
 * WebAssembly with SIMD, does not allow to compile it or, if asked for, has no relaxed SIMD; WorkerError when a worker was
 * asked for and could not start.
 * @example
 * const engine = await createEngine({ threads: 2 });
 * const net = await engine.bind(lenet());
 * const { logits } = await net.forward({ parameters, images });
 * await engine.dispose();
 */
export function createEngine(
  options?: CreateOptions & { readonly backend?: Exclude<BackendName, DoubleBackendName> | typeof auto | undefined },
): Promise<Engine>;
/** On the reference backend results are Float64Array. */
export function createEngine(options: CreateOptions): Promise<Engine<Floats>>;
export async function createEngine(options: CreateOptions = {}): Promise<Engine<Floats>> {
  checkOptions(options, createChecks);
  const { worker = onMainThread && !forbidden, onNotice = sayOnce, backend, ...rest } = await followable(options);
  const engine = { ...rest, ...(backend === auto ? { backend: "webgpu" as const, realGpu: true } : { backend }) };
  // The slow one has no use for threads, and is for tests.
  if (worker === false || backendEntry(engine.backend).inPlaceOnly) return inPlace({ ...engine, onNotice });
  try {
    const script = typeof worker === "boolean" ? undefined : worker;
    const { backend = defaultBackend, threads = "auto" } = engine;
    const start = workerStarter("orchestrator", script, backend === defaultBackend ? threadCount(threads) : 1);
    const remote = await RemoteEngine.start(engine, start, onNotice);
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

/**
 * Returns the options that this thread can follow: without workers if it should not start any, which it then reports. Throws
 * UnsupportedError in a worker of the library, where a module that calls the library would start workers without end.
 */
export async function followable<T extends PlaceOptions & { readonly workers?: number | undefined }>(
  options: T,
): Promise<T> {
  if (inLibraryWorker()) {
    throw new UnsupportedError("a worker that imports a method may not call the library");
  }
  const { worker = false, workers = 0, onNotice = sayOnce } = options;
  if (worker === false && workers === 0) return options;
  const obstacle = workersObstacle();
  if (obstacle === undefined) return options;
  await onNotice(`in place and on one thread: ${obstacle}`);
  return { ...options, worker: false, workers: 0, threads: 1 };
}

async function inPlace(options: Parameters<InPlace["createEngine"]>[0]): Promise<Engine<Floats>> {
  const { createEngine } = await import("../engine/engine.ts");
  return createEngine(options);
}

/** Says something in the console, the first time. */
export function sayOnce(notice: string): void {
  if (said.has(notice)) return;
  said.add(notice);
  console.info(`distillate: ${notice}`);
}
