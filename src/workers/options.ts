// How many workers a call has, and with which engines.
import { type Check, number } from "../checks/checks.ts";
import { type BackendName, defaultBackend } from "../engine/backends.ts";
import type { Engine } from "../engine/engine.ts";
import type { EngineOptions } from "../engine/options.ts";
import { hardwareThreads } from "../platform/platform.ts";
import type { StartWorker } from "./start.ts";

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
    backend: (engine?.backend.name ?? defaultBackend) as BackendName,
    simd: engine?.simd === "relaxed" ? "relaxed" : "strict",
    threads: threadsPerWorker(busy, threads),
  };
  return { workers: busy, engine: wanted, signal };
}
