// What a run will take, before it takes any: the code that allocates a run, with allocators that only count.
import { CountingAllocator } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import { memoryBytes, threadCount } from "../engine/engine.ts";
import type { Allocators } from "./allocators.ts";
import { checkImages, type DataShape } from "./fit.ts";
import { outerOptions } from "./method.ts";
import type { DistillOptions } from "./options.ts";
import { allocateRun, type RunSizes } from "./run-buffers.ts";

/** Options of {@link estimateMemory}: those of `distill` that count. Of the data only its shape is asked. */
export interface MemoryOptions
  extends Pick<DistillOptions, "model" | "method" | "loss" | "outer" | "networksPerStep" | "engine" | "threads"> {
  readonly data: DataShape;
}

/** Bytes of a run, by what they hold. */
export interface MemoryEstimate {
  /** θ_0 … θ_T, as many as `memory` holds. */
  readonly parameters: number;
  /** Activations of the inner steps, of as many as `memory` holds. Together with `parameters` what `memory` bounds. */
  readonly activations: number;
  /** The distilled images, all gradients, the moments of the outer Adam. */
  readonly gradients: number;
  /** One chunk of the outer batch, on its way through the network. */
  readonly realBatch: number;
  /** The real images and labels as bytes, and their order. */
  readonly data: number;
  /** Tangents and workspaces, what each kernel thread has for itself, and the rest of the last page. */
  readonly kernels: number;
  readonly total: number;
}

/** A plan calls no op and touches no memory. */
const nowhere = { name: "wasm", ops: {} } as unknown as Backend;

/**
 * The bytes a run of `distill` will take: exactly those of its WebAssembly memory and its data set. Nothing is run or
 * allocated. Networks of an outer step run one after the other, so `networksPerStep` costs nothing.
 *
 * What JavaScript itself takes during a run comes on top: in Node about 10 MB, and as much for each thread after the
 * first; with it, the estimate is within 5 % of what a process grows by (test/slow/memory.test.ts). Evaluating a set
 * afterwards takes the test images as floats.
 *
 * @throws ShapeError and RangeError as `distill` for options that do not fit each other.
 * @example
 * const data = { count: 60_000, channels: 1, height: 28, width: 28, classes: 10 };
 * const method = backGradient({ steps: 10, epochs: 3, imagesPerClass: 1 });
 * estimateMemory({ model: lenet(), method, data, threads: 2 }).total; // bytes
 */
export function estimateMemory(options: MemoryOptions): MemoryEstimate {
  const { data, model, method, loss = "cross-entropy", outer = {}, engine, threads = "auto" } = options;
  checkImages("data", data, model);
  const { batch } = outerOptions(outer, data.count);
  const plan = planRun({ model, method, loss, images: data.count, batch });
  const floats = Object.values(plan).reduce((sum, part) => sum + part.floats, 0);
  const linear = memoryBytes(floats, engine?.threads ?? threadCount(threads));
  const images = imageBytes(data);
  return {
    parameters: 4 * plan.parameters.floats,
    activations: 4 * plan.activations.floats,
    gradients: 4 * plan.gradients.floats,
    realBatch: 4 * plan.realBatch.floats,
    data: 4 * plan.data.floats + images,
    kernels: 4 * plan.scratch.floats + linear - 4 * floats,
    total: linear + images,
  };
}

/** Bytes of the images and labels themselves. */
export function imageBytes({ count, channels, height, width }: DataShape): number {
  return count * (channels * height * width + 1);
}

/** A run's parts, counted. */
export function planRun(sizes: RunSizes): Record<keyof Allocators, CountingAllocator> {
  const counters = {
    parameters: new CountingAllocator(),
    activations: new CountingAllocator(),
    gradients: new CountingAllocator(),
    realBatch: new CountingAllocator(),
    data: new CountingAllocator(),
    scratch: new CountingAllocator(),
  };
  allocateRun(sizes, nowhere, counters);
  return counters;
}
