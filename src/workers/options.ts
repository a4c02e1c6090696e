// The options of a call that concern workers and their engines.
import { type Check, number } from "../checks/checks.ts";
import { outOfRange } from "../checks/refusal.ts";
import { type BackendName, defaultBackend } from "../engine/backends.ts";
import type { Elsewhere } from "../engine/elsewhere.ts";
import type { Engine } from "../engine/engine.ts";
import type { EngineOptions } from "../engine/options.ts";
import { hardwareThreads } from "../platform/platform.ts";
import type { StartWorker } from "./start.ts";

const MAXIMUM_WORKERS = 64;

/** Checks for a number of workers; 0 means none. */
export const workersCheck: Check = number(
  `integer from 0 to ${MAXIMUM_WORKERS}`,
  (workers) => Number.isInteger(workers) && workers >= 0 && workers <= MAXIMUM_WORKERS,
);

/** Returns the kernel threads of each of `workers` workers: by default 1 if there are several; "auto" shares out the machine. */
export function threadsPerWorker(workers: number, threads: number | "auto" = workers > 1 ? 1 : "auto"): number {
  return threads === "auto" ? Math.max(1, Math.floor(hardwareThreads() / workers)) : threads;
}

/** Whether a call's networks are computed by others than its own engine. */
export function usesWorkers({ workers = 0, on }: CallOptions): boolean {
  return workers > 0 || on !== undefined;
}

/** The worker options of a call. A given engine is not moved; each worker creates one of the same kind. */
export interface CallOptions {
  readonly workers?: number | undefined;
  readonly on?: Elsewhere | undefined;
  readonly threads?: number | "auto" | undefined;
  readonly engine?: Engine | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The options with which a group of workers is started. */
export interface GroupOptions {
  readonly workers: number;
  /** The options of each worker's engine. */
  readonly engine: EngineOptions;
  /** Aborting stops the workers: calls then reject with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly start?: StartWorker | undefined;
  /** What takes the place of workers here. */
  readonly on?: Elsewhere | undefined;
}

/** Makes options of at most `most` workers out of those of a call: more workers would have nothing to do. */
export function groupOptions(
  { workers = 0, on, threads, engine, signal }: CallOptions,
  most: number,
): Omit<GroupOptions, "start"> {
  const busy = Math.min(workers, most);
  if (busy > 0 && engine?.gpu) {
    throw outOfRange("workers", "0 on a GPU, which computes the networks of a step together", workers);
  }
  if (on && workers > 0) throw outOfRange("workers", "0 beside a cluster, whose machines are the workers", workers);
  const wanted: EngineOptions = {
    backend: (engine?.backend.name ?? defaultBackend) as BackendName,
    simd: engine?.simd === "relaxed" ? "relaxed" : "strict",
    threads: threadsPerWorker(busy, threads),
  };
  return { workers: busy, engine: wanted, signal, ...(on && { on }) };
}
