// The page's side: a pool of workers that share out numbered tasks. What ends the pool ends every call: a worker that
// died, the AbortSignal, dispose().
import type { Remote } from "comlink";
import type { Floats } from "../backend/backend.ts";
import { compileKernels } from "../backend/wasm/kernels.ts";
import { type Check, number } from "../checks/checks.ts";
import type { Dataset } from "../data/dataset.ts";
import type { WeightSource } from "../distill/weight-source.ts";
import type { Engine } from "../engine/engine.ts";
import { type EngineOptions, threadCount } from "../engine/options.ts";
import { arrayKind, isSharedBuffer } from "../kinds.ts";
import { canShareMemory, hardwareThreads } from "../platform.ts";
import type { StartMessage, WorkerApi } from "./api.ts";
import { type StartWorker, workerStarter } from "./start.ts";
import { SupervisedWorker } from "./supervised.ts";

const MAXIMUM_WORKERS = 64;

/** A number of workers; 0 is for none. */
export const workersCheck: Check = number(
  `integer from 0 to ${MAXIMUM_WORKERS}`,
  (workers) => Number.isInteger(workers) && workers >= 0 && workers <= MAXIMUM_WORKERS,
);

/** Kernel threads of each of `workers` workers: 1 where there are several, and for "auto" their share of the machine. */
export function threadsPerWorker(workers: number, threads: number | "auto" = workers > 1 ? 1 : "auto"): number {
  return threads === "auto" ? Math.max(1, Math.floor(hardwareThreads() / workers)) : threads;
}

/** What users say of workers. An engine of theirs stays where it is; workers have engines of the same kind. */
export interface CallOptions {
  readonly workers?: number | undefined;
  readonly threads?: number | "auto" | undefined;
  readonly engine?: Engine | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a pool is started with. */
export interface PoolOptions {
  readonly workers: number;
  /** Of each worker. */
  readonly engine: EngineOptions;
  /** Aborting ends the pool: calls then reject with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly start?: StartWorker | undefined;
}

/** The options of a call, as a pool of at most `most` workers: more would have nothing to do. */
export function poolOptions(
  { workers = 0, threads, engine, signal }: CallOptions,
  most: number,
): Omit<PoolOptions, "start"> {
  const busy = Math.min(workers, most);
  const wanted: EngineOptions = {
    backend: engine?.backend.name ?? "wasm",
    simd: engine?.simd === "relaxed" ? "relaxed" : "strict",
    threads: threadsPerWorker(busy, threads),
  };
  return { workers: busy, engine: wanted, signal };
}

type Member = SupervisedWorker<WorkerApi>;

export class WorkerPool {
  readonly #members: Member[] = [];
  readonly #signal: AbortSignal | undefined;
  #end: { readonly reason: unknown; readonly stopped: Promise<unknown> } | undefined;

  private constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.addEventListener("abort", this.#abort);
  }

  /** Workers with an engine each. Throws what a worker could not start for, or the signal's reason. */
  static async start({ workers, engine, signal, start }: PoolOptions): Promise<WorkerPool> {
    const message = await startMessage(engine);
    signal?.throwIfAborted();
    const pool = new WorkerPool(signal);
    try {
      for (let i = 1; i <= workers; i++) pool.#add(`worker ${i} of ${workers}`, start ?? workerStarter());
      await pool.all((api) => api.start(message));
      return pool;
    } catch (error) {
      await pool.dispose();
      throw error;
    }
  }

  #add(name: string, start: StartWorker): void {
    this.#members.push(new SupervisedWorker(name, start, (error) => this.#stop(error)));
  }

  /** Tells something to every worker. */
  async all(task: (api: Remote<WorkerApi>) => Promise<void>): Promise<void> {
    await Promise.all(this.#members.map((member) => member.call(task)));
  }

  /** Runs tasks 0 … count−1, each on the next worker that is free, and hands over their results in order. */
  async inOrder<T>(
    count: number,
    task: (api: Remote<WorkerApi>, k: number) => Promise<T>,
    deliver: (k: number, result: T) => void,
  ): Promise<void> {
    const early = new Map<number, T>();
    let next = 0;
    let delivered = 0;
    let failed = false;
    const serve = async (member: Member): Promise<void> => {
      try {
        while (next < count && !failed) {
          const k = next++;
          early.set(k, await member.call((api) => task(api, k)));
          for (; early.has(delivered) && !failed; delivered++) {
            // Whoever gets a result may have aborted.
            if (this.#end) throw this.#end.reason;
            deliver(delivered, early.get(delivered)!);
            early.delete(delivered);
          }
        }
      } catch (error) {
        failed = true;
        throw error;
      }
    };
    await Promise.all(this.#members.map(serve));
  }

  /** Stops the workers, whatever they are doing. Calls after it reject. */
  async dispose(): Promise<void> {
    this.#stop(new Error("the workers were stopped"));
    await this.#end?.stopped;
  }

  readonly #abort = (): void => this.#stop(this.#signal!.reason);

  /** Ends all calls with `reason` and stops all workers; the first reason counts. */
  #stop(reason: unknown): void {
    if (this.#end) return;
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#end = { reason, stopped: Promise.all(this.#members.map((member) => member.stop(reason))) };
  }
}

/** What a worker's engine is started with. */
export async function startMessage(engine: EngineOptions): Promise<StartMessage> {
  const { backend, threads = "auto", simd = "strict" } = engine;
  if (backend === "reference") return { ...engine, kernels: undefined };
  return { ...engine, kernels: await compileKernels({ threads: threadCount(threads), simd }) };
}

/** The data set in memory that all workers see, where there is such memory; else as small as it can be cloned. */
export function shareable({ pixels, labels, ...data }: Dataset): Dataset {
  const { name, count, channels, height, width, classes, classNames, absentClasses, mean, std } = data;
  return {
    ...{ name, count, channels, height, width, classes, mean, std },
    ...(classNames && { classNames }),
    ...(absentClasses && { absentClasses }),
    pixels: shared(pixels),
    labels: shared(labels),
  };
}

/** The source likewise: a pretrained pool is told once, and not copied for each worker. */
export function shareableInit(init: WeightSource): WeightSource {
  return init.kind === "pretrained" ? { ...init, weights: init.weights.map(shared) } : init;
}

function shared<T extends Uint8Array | Floats>(array: T): T {
  // Pages have such memory only where they are isolated from others.
  if (typeof SharedArrayBuffer !== "function" || !canShareMemory()) return array.slice() as T;
  if (isSharedBuffer(array.buffer)) return array;
  const Kind = { Uint8Array, Float32Array, Float64Array }[arrayKind(array) as "Uint8Array"] as unknown as new (
    buffer: SharedArrayBuffer,
  ) => T;
  const copy = new Kind(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
}
