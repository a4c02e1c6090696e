// What a run will take, before it takes any: the code that allocates a run, with allocators that only count.
import { CountingAllocator } from "../../backend/arena.ts";
import type { Backend } from "../../backend/backend.ts";
import { memoryBytes } from "../../backend/wasm/layout.ts";
import { optional, text, whole } from "../../checks/checks.ts";
import { checkOptions, thing } from "../../checks/options.ts";
import { shapeCheck } from "../../data/options.ts";
import { checkImages, type DataShape } from "../../distill/fit.ts";
import { outerOptions } from "../../distill/method.ts";
import { allocateNetworks, allocateOuter, allocateReplies, type RunSizes } from "../../distill/run-buffers.ts";
import { weightBytes } from "../../distill/weight-source.ts";
import type { Engine } from "../../engine/engine.ts";
import { placeChecks, threadCount } from "../../engine/options.ts";
import type { Allocators } from "../../inner/allocators.ts";
import { hardwareThreads } from "../../platform/platform.ts";
import { threadsPerWorker } from "../../workers/options.ts";
import { distillChecks } from "./call-checks.ts";
import type { DistillOptions } from "./distill.ts";

/** Options of {@link estimateMemory}: those of `distill` that count. Of the data only its shape is asked. */
export interface MemoryOptions
  extends Pick<
    DistillOptions,
    "model" | "method" | "init" | "loss" | "outer" | "networksPerStep" | "threads" | "workers"
  > {
  readonly engine?: (Pick<Engine, "threads"> & { readonly backend: Pick<Backend, "name"> }) | undefined;
  readonly data: DataShape;
}

/** Whatever else `distill` takes may stand here too: the same options serve both. */
const memoryChecks = {
  ...distillChecks,
  ...placeChecks,
  engine: optional(
    thing("what createEngine() gives", { threads: whole(1), backend: thing("a backend", { name: text }) }),
  ),
  data: shapeCheck,
};

/** Bytes of a run, by what they hold. */
export interface MemoryEstimate {
  /** θ_0 … θ_T, as many as `memory` holds. */
  readonly parameters: number;
  /** Activations of the inner steps, of as many as `memory` holds. Together with `parameters` what `memory` bounds. */
  readonly activations: number;
  /** The distilled images, all gradients, the moments of the outer Adam. */
  readonly gradients: number;
  /** Chunks of the outer batch on their way through the network: one, or one for each thread. */
  readonly realBatch: number;
  /** The real images and labels as bytes, and their order; the networks of a pretrained pool. */
  readonly data: number;
  /** Tangents and workspaces, what each kernel thread has for itself, and the rest of the last page. */
  readonly kernels: number;
  readonly total: number;
}

/** A plan calls no op and touches no memory. */
const nowhere = (threads: number): Backend =>
  ({ name: "wasm", ops: {}, threads, atOnce: Math.min(threads, hardwareThreads()) }) as unknown as Backend;

/**
 * The bytes a run of `distill` will take: exactly those of its WebAssembly memory, its data set, the order of the real images
 * and its pretrained weights. Nothing is run or allocated. In place, networks of an outer step run one after the other, so `networksPerStep` costs nothing. Each worker
 * that has something to do holds a network, and all of them together the data once more.
 *
 * What JavaScript itself takes during a run comes on top: in Node about 10 MB, and as much for each thread after the
 * first and each worker; with it, the estimate is within 5 % of what a process grows by (test/slow/memory.test.ts). Evaluating a set
 * afterwards takes the test images as floats.
 *
 * @throws ShapeError and RangeError as `distill` for options that do not fit each other.
 * @example
 * const data = { count: 60_000, channels: 1, height: 28, width: 28, classes: 10 };
 * const method = backGradient({ steps: 10, epochs: 3, imagesPerClass: 1 });
 * estimateMemory({ model: lenet(), method, data, threads: 2 }).total; // bytes
 */
export function estimateMemory(options: MemoryOptions): MemoryEstimate {
  checkOptions(options, memoryChecks);
  return memoryOf(options);
}

/** As `estimateMemory`, of options that were checked. */
export function memoryOf(options: MemoryOptions): MemoryEstimate {
  const { data, model } = options;
  checkImages("data", data, model);
  const memories = memoriesOf(options);
  const bytes = (part: keyof Allocators): number =>
    memories.reduce((sum, { plan, count }) => sum + 4 * count * plan[part].floats, 0);
  const linear = memories.reduce(
    (sum, { plan, count, threads }) => sum + count * memoryBytes(floats(plan), threads),
    0,
  );
  const given = hostBytes(options);
  const parts = {
    parameters: bytes("parameters"),
    activations: bytes("activations"),
    gradients: bytes("gradients"),
    realBatch: bytes("realBatch"),
    data: given,
  };
  const total = linear + given;
  return { ...parts, kernels: total - Object.values(parts).reduce((sum, part) => sum + part, 0), total };
}

/**
 * What is memory of the host: images, labels and pretrained weights, once, and once more in what workers share; and an order
 * of the images wherever networks run.
 */
export function hostBytes(options: MemoryOptions): number {
  const { data, init } = options;
  const workers = busyWorkers(options);
  const given = imageBytes(data) + (init ? weightBytes(init) : 0);
  return given * (workers > 0 ? 2 : 1) + 4 * data.count * Math.max(1, workers);
}

/** Workers that have something to do. */
export function busyWorkers({ workers = 0, networksPerStep = 1 }: MemoryOptions): number {
  return Math.min(workers, networksPerStep);
}

/** The WebAssembly memories of a run: one in place; else one for the outer loop, and one of each worker. */
function memoriesOf(options: MemoryOptions): { plan: Plan; count: number; threads: number }[] {
  const { data, model, method, loss = "cross-entropy", outer = {} } = options;
  const { engine, threads = "auto", workers = 0 } = options;
  const { batch } = outerOptions(outer, data.count);
  const sizes = { model, method, loss, batch };
  if (workers === 0) {
    const here = engine?.threads ?? threadCount(threads);
    return [{ plan: planRun(sizes, here), count: 1, threads: here }];
  }
  const here = counted((counters) => allocateOuter(sizes, allocateReplies(sizes, counters).blocks, counters));
  const busy = busyWorkers(options);
  const each = threadsPerWorker(busy, options.threads);
  const there = counted((counters) => allocateNetworks(sizes, nowhere(each), counters));
  return [
    { plan: here, count: 1, threads: engine?.threads ?? 1 },
    { plan: there, count: busy, threads: each },
  ];
}

function floats(plan: Plan): number {
  return Object.values(plan).reduce((sum, part) => sum + part.floats, 0);
}

/** Bytes of the images and labels themselves. */
function imageBytes({ count, channels, height, width }: DataShape): number {
  return count * (channels * height * width + 1);
}

type Plan = Record<keyof Allocators, CountingAllocator>;

/** The parts of a run in place on `threads` threads, counted. */
export function planRun(sizes: RunSizes, threads: number): Plan {
  return counted((counters) =>
    allocateOuter(sizes, allocateNetworks(sizes, nowhere(threads), counters).blocks, counters),
  );
}

function counted(allocate: (counters: Plan) => void): Plan {
  const counters = {
    parameters: new CountingAllocator(),
    activations: new CountingAllocator(),
    gradients: new CountingAllocator(),
    realBatch: new CountingAllocator(),
    scratch: new CountingAllocator(),
  };
  allocate(counters);
  return counters;
}
