// Computes the memory that a run will take, by the code that allocates a run, with allocators that only count.

import { CountingAllocator } from "../../backend/arena.ts";
import type { Backend } from "../../backend/backend.ts";
import type { Planner } from "../../backend/plan.ts";
import { planBackend, refuse } from "../../backend/plan-backend.ts";
import type { Dataset } from "../../data/dataset.ts";
import { statesAtOnce } from "../../distill/back-off.ts";
import type { Computing } from "../../distill/computing.ts";
import { checkImages, type DataShape } from "../../distill/fit.ts";
import { type Method, type MethodContext, methodContext } from "../../distill/method.ts";
import { withChecks } from "../../distill/methods/check-given.ts";
import { declarationOf, decodedMethod, lossWith, outerDefaults } from "../../distill/methods/known.ts";
import type { MethodCode } from "../../distill/methods/load.ts";
import { choiceOf, isOwnMethod } from "../../distill/methods/own.ts";
import { allocateOuter, stateTensors, watched } from "../../distill/outer-buffers.ts";
import { outerOptions } from "../../distill/outer-options.ts";
import { sharesPerStep } from "../../distill/slices.ts";
import { rowsOf, type Tensor } from "../../distill/tensor.ts";
import { randomInit, weightBytes } from "../../distill/weight-source.ts";
import { backendEntry, defaultBackend } from "../../engine/backends.ts";
import type { Engine } from "../../engine/engine.ts";
import { threadCount } from "../../engine/options.ts";
import type { Allocators } from "../../inner/allocators.ts";
import { elements } from "../../nn/layer.ts";
import { hardwareThreads } from "../../platform/platform.ts";
import { threadsPerWorker } from "../../workers/options.ts";
import { allocateReplies, allocateServed, messageFloats } from "../networks/allocate.ts";
import type { DistillOptions } from "./distill.ts";

/** Options of {@link estimateMemory}: those of `distill` that matter for memory. Only the shape of the data is needed. */
export interface MemoryOptions
  extends Pick<
    DistillOptions,
    "model" | "method" | "images" | "init" | "loss" | "outer" | "networksPerStep" | "threads" | "workers" | "networks"
  > {
  readonly engine?: (Pick<Engine, "threads"> & { readonly backend: Pick<Backend, "name"> }) | undefined;
  readonly data: DataShape;
}

/** These options, and the code of their method. */
export interface PlanOptions extends MemoryOptions {
  readonly code: MethodCode;
}

/** Bytes of a run, by what they hold. */
export interface MemoryEstimate {
  /** θ_0 … θ_T, as many as `memory` holds. */
  readonly parameters: number;
  /** Activations of as many inner steps as `memory` holds. `memory` bounds the sum of this and `parameters`. */
  readonly activations: number;
  /** The distilled images, all gradients, the state of the outer optimiser. */
  readonly gradients: number;
  /** Chunks of the outer batch on their way through the network: one, or one for each thread. */
  readonly realBatch: number;
  /** The real images and labels as bytes, whitened images as floats, and their order; the networks of a pretrained pool. */
  readonly data: number;
  /**
   * The states of a run: two earlier ones, to go back to if it diverges or its GPU is lost, of which the last takes the place of
   * one; and the last one too, where a run that diverges goes back.
   */
  readonly states: number;
  /** The set that the run gives at its end. */
  readonly set: number;
  /** What is learned and carried as workers see it, and the gradients that they give; 0 in place. */
  readonly messages: number;
  /** Tangents and workspaces, what each kernel thread has for itself, and the rest of the last page. */
  readonly kernels: number;
  readonly total: number;
}

/** Returns the planner of the backend that a run is for. */
export function planOf({ engine }: Pick<MemoryOptions, "engine">): Planner {
  return backendEntry(engine?.backend.name).plan;
}

/** Returns a backend that only counts, for a run on so many threads. */
function counting(threads: number, plan: Planner): Backend {
  return planBackend({ name: defaultBackend, plan, threads, atOnce: Math.min(threads, hardwareThreads()) });
}

/** Does what `estimateMemory` (memory.ts) does, for options that were checked. */
export function memoryOf(options: PlanOptions): MemoryEstimate {
  const { data, model } = options;
  checkImages("data", data, model);
  const planner = planOf(options);
  const memories = memoriesOf(options);
  const bytes = (part: keyof Allocators): number =>
    memories.reduce((sum, { plan, count }) => sum + planner.floatBytes * count * plan[part].floats, 0);
  const linear = memories.reduce(
    (sum, { plan, count, threads }) => sum + count * planner.bytes(floats(plan), threads),
    0,
  );
  const parts = {
    parameters: bytes("parameters"),
    activations: bytes("activations"),
    gradients: bytes("gradients"),
    realBatch: bytes("realBatch"),
    data: dataBytes(options),
    ...hostTensors(options),
  };
  const total = linear + parts.data + parts.states + parts.set + parts.messages;
  return { ...parts, kernels: total - Object.values(parts).reduce((sum, part) => sum + part, 0), total };
}

/** Counts what a run takes beside the memory of its kernels, in which nothing of it has to fit. */
export function hostBytes(options: PlanOptions): number {
  const { states, set, messages } = hostTensors(options);
  return dataBytes(options) + states + set + messages;
}

/** Counts what of a run's tensors is in arrays of the host: its states, its set, and what workers are sent. */
function hostTensors(options: PlanOptions): Pick<MemoryEstimate, "states" | "set" | "messages"> {
  const { floatBytes } = planOf(options);
  let [states, set, messages] = [0, 0, 0];
  counted(options, 1, (method, context) => {
    const { outer } = context.problem;
    const run = method.allocate(context);
    const buffers = allocateOuter(run, outer, context.backend, context.memory);
    states = floatBytes * statesAtOnce(outer) * rowsOf(stateTensors(run, buffers));
    set = floatBytes * setFloats(options, watched(run));
    // On other machines a share takes room here while it is added.
    messages = floatBytes * messageFloats(run, options.networks ? 1 : busyWorkers(options));
  });
  return { states, set, messages };
}

/** Counts the floats of a set: images and targets, which a method need not learn, and what else it learns. */
function setFloats({ method, images, model }: MemoryOptions, learned: readonly Tensor[]): number {
  if (isOwnMethod(method)) return rowsOf(learned);
  const { classes, inputShape } = model;
  const whole = decodedMethod(method, images, model);
  const { steps, imagesPerStep } = declarationOf(whole).shape(whole, classes);
  const beside = learned.filter(({ name }) => name !== "images" && name !== "targets");
  return steps * imagesPerStep * (elements(inputShape) + classes) + rowsOf(beside);
}

/**
 * Counts images, labels and pretrained weights once, and once more in what workers share; and an order of the images wherever
 * networks run.
 */
function dataBytes(options: MemoryOptions): number {
  const { data, init } = options;
  const workers = busyWorkers(options);
  const given = imageBytes(data) + (init ? weightBytes(init) : 0);
  return given * (workers > 0 ? 2 : 1) + 4 * data.count * Math.max(1, workers);
}

/** Returns the number of workers that have something to do. */
export function busyWorkers({ workers = 0, networksPerStep = 1, outer = {} }: MemoryOptions): number {
  return Math.min(workers, networksPerStep * (outer.slices ?? 1));
}

/** The WebAssembly memories of a run: one in place; else one for the outer loop, and one of each worker. */
function memoriesOf(options: PlanOptions): { plan: Plan; count: number; threads: number }[] {
  const { engine, threads = "auto", workers = 0, networks } = options;
  const beside = (): ReturnType<typeof memoriesOf>[number] => ({
    ...{ plan: planBesideWorkers(options), count: 1, threads: engine?.threads ?? 1 },
  });
  if (networks) return [beside()];
  if (workers === 0) {
    const here = engine?.threads ?? threadCount(threads);
    return [{ plan: planInPlace(options, here), count: 1, threads: here }];
  }
  const busy = busyWorkers(options);
  const each = threadsPerWorker(busy, options.threads);
  return [beside(), { plan: planWorker(options, each), count: busy, threads: each }];
}

function floats(plan: Plan): number {
  return Object.values(plan).reduce((sum, part) => sum + part.floats, 0);
}

/** Bytes of the images and labels themselves, and of whitened images with what whitens. */
function imageBytes({ count, channels, height, width, whitened }: DataShape): number {
  const values = channels * height * width;
  const whitenedBytes = whitened ? 4 * (count * values + values * values + values) : 0;
  return count * (values + 1) + whitenedBytes;
}

type Plan = Record<keyof Allocators, CountingAllocator>;

/** Counts the parts of a run in place on `threads` threads. */
export function planInPlace(options: PlanOptions, threads: number): Plan {
  return counted(options, threads, (method, context) => {
    const run = method.allocate(context);
    const { networksTogether } = context.backend.plan;
    for (let k = networksTogether ? sharesPerStep(context.problem) : 1; k > 0; k--) method.network(context, run);
    allocateOuter(run, context.problem.outer, context.backend, context.memory);
  });
}

/** Counts the parts of the outer loop of a run on workers. */
function planBesideWorkers(options: PlanOptions): Plan {
  return counted(options, 1, (method, context) => {
    const run = method.allocate(context);
    allocateReplies(run, context.memory);
    allocateOuter(run, context.problem.outer, context.backend, context.memory);
  });
}

/** Counts the parts of one of its workers, on so many threads. */
function planWorker(options: PlanOptions, threads: number): Plan {
  return counted(options, threads, (method, context) => allocateServed(method, context));
}

/** A plan draws no weights and reads no images. */
const planned: Computing = { writeWeights: refuse, dataBatch: refuse };

function counted(
  options: PlanOptions,
  threads: number,
  allocate: (method: Method, context: MethodContext) => void,
): Plan {
  const counters = {
    parameters: new CountingAllocator(),
    activations: new CountingAllocator(),
    gradients: new CountingAllocator(),
    realBatch: new CountingAllocator(),
    scratch: new CountingAllocator(),
  };
  const { model, images, init = randomInit(), networksPerStep = 1, code } = options;
  const method = decodedMethod(options.method, images, model);
  const loss = lossWith(method, options.loss);
  const outer = outerOptions(options.outer ?? {}, options.data.count, outerDefaults(method));
  // A plan asks for sizes, and never for an image.
  const problem = { data: options.data as Dataset, model, init, loss, networksPerStep, outer, seed: 0 };
  const backend = counting(threads, planOf(options));
  const parts = { options: choiceOf(method) as never, problem, backend, memory: counters };
  allocate(code.around(withChecks(code.method)), methodContext(parts, planned));
  return counters;
}
