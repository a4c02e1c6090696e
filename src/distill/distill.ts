// distill(): the outer loop as something to iterate over, stop and ask for its result.
import type { Dataset } from "../data/dataset.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import { describeModel } from "../nn/describe.ts";
import { wholeNumber } from "../nn/layer.ts";
import { checkLoss, type Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { nextTask } from "../platform.ts";
import { checkSeed } from "../random.ts";
import { version } from "../version.gen.ts";
import { checkWorkers, poolOptions } from "../worker/client.ts";
import { NetworksOnWorkers } from "../worker/networks.ts";
import type { StartWorker } from "../worker/start.ts";
import type { DistilledSet } from "./distilled-set.ts";
import { checkImages } from "./fit.ts";
import { type BackGradientMethod, type OuterOptions, outerOptions } from "./method.ts";
import { OuterLoop, type OuterLoopConfig } from "./outer-loop.ts";
import { randomInit, type WeightSource } from "./weight-source.ts";

/** One outer step, done. */
export interface Progress {
  /** Outer steps done, from 1. */
  readonly step: number;
  /** Outer steps in all. */
  readonly steps: number;
  /** Passes over the real data done, in part. */
  readonly epoch: number;
  /** Outer loss of this step: of trained networks on the real batch, before the update. */
  readonly loss: number;
  /** Adam's step size. */
  readonly learningRate: number;
}

/** Options of {@link distill}. */
export interface DistillOptions {
  /** Real images to learn from. */
  readonly data: Dataset;
  readonly model: Model;
  readonly method: BackGradientMethod;
  /** Default `randomInit()`. */
  readonly init?: WeightSource;
  /** Of the inner steps and of the outer batch. Default "cross-entropy". */
  readonly loss?: Loss;
  /** Networks per outer step, their gradients averaged. Default 1. */
  readonly networksPerStep?: number;
  /** Adam 0.01, β 0.5 and 0.999, halved every 40 passes; batch 1024; 400 `epochs` over the data unless `steps` is set. */
  readonly outer?: Partial<OuterOptions> & { readonly epochs?: number };
  /** Default 0. The same seed gives the same set, bit for bit, on any number of threads. */
  readonly seed?: number;
  /** Runs on this engine; otherwise on one of its own with `threads` threads. */
  readonly engine?: Engine;
  /** Kernel threads; with several workers those of each, and then 1 by default. */
  readonly threads?: number | "auto";
  /**
   * Runs the networks of an outer step on so many workers, each with an engine of its own. Default 0: in place. The set
   * is the same, bit for bit. More workers than `networksPerStep` have nothing to do.
   */
  readonly workers?: number;
  /**
   * Aborting ends the run after the step in hand, which workers give up; `result()` then gives what was learned so far.
   */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** A distillation under way. Iterate it, or await `result()`; it does not start before. */
export interface Distillation extends AsyncIterable<Progress> {
  /** The set when the run has ended, after all steps or fewer. Throws DivergedError where the loss was not finite. */
  result(): Promise<DistilledSet>;
  /** The set as it stands, at any time after the first step. */
  snapshot(): DistilledSet;
}

/**
 * Learns a distilled set.
 *
 * @throws RangeError and ShapeError for options that do not fit each other; while running, DivergedError, and WorkerError
 * where a worker died.
 * @example
 * const { train } = await digits();
 * const run = distill({ data: train, model: lenet(), method: backGradient({ steps: 10, epochs: 3, imagesPerClass: 1 }) });
 * for await (const { step, loss } of run) console.log(step, loss);
 * const set = await run.result();
 */
export function distill(options: DistillOptions): Distillation {
  return new Run(options);
}

/** Tests start workers of their own. */
export class Run implements Distillation {
  readonly #options: DistillOptions;
  readonly #start: StartWorker | undefined;
  readonly #config: OuterLoopConfig;
  readonly #steps: AsyncGenerator<Progress, void, undefined>;
  #loop: OuterLoop | undefined;
  #set: DistilledSet | undefined;
  #error: unknown;

  constructor(options: DistillOptions, start?: StartWorker) {
    this.#options = options;
    this.#start = start;
    this.#config = checked(options);
    this.#steps = this.#run();
  }

  [Symbol.asyncIterator](): AsyncIterator<Progress> {
    return this.#steps;
  }

  async result(): Promise<DistilledSet> {
    for await (const _ of this.#steps);
    if (!this.#set) throw this.#error ?? new Error("the run was ended before it started");
    return this.#set;
  }

  snapshot(): DistilledSet {
    const set = this.#set ?? this.#loop?.read(this.#recipe());
    if (!set) throw this.#error ?? new Error("the run has not started: iterate it or await result() first");
    return set;
  }

  async *#run(): AsyncGenerator<Progress, void, undefined> {
    const { signal, onProgress, threads = "auto", workers = 0 } = this.#options;
    // Where workers compute, little is left to do here.
    const own = { threads: workers > 0 ? 1 : threads };
    const engine = this.#options.engine ?? (await createEngine(own).catch((error) => this.#fail(error)));
    const mark = engine.arena.mark();
    let networks: NetworksOnWorkers | undefined;
    try {
      if (workers > 0) networks = this.#onWorkers(engine);
      this.#loop = new OuterLoop(this.#config, engine.backend, engine.arena, networks);
      const { steps } = this.#config.outer;
      while (this.#loop.step < steps && !signal?.aborted) {
        const { outerLearningRate: learningRate } = this.#loop;
        const loss = await this.#loop.advance();
        const { step } = this.#loop;
        const progress = { step, steps, epoch: step / this.#loop.stepsPerEpoch, loss, learningRate };
        onProgress?.(progress);
        yield progress;
        await nextTask();
      }
    } catch (error) {
      // Workers give up the step in hand: that is an end like any other.
      if (!(signal?.aborted && error === signal.reason)) this.#fail(error);
    } finally {
      await networks?.dispose();
      // Leaving the iteration early is as good an end as any: what was learned stays.
      if (this.#loop && !this.#error) this.#set = this.#loop.read(this.#recipe());
      this.#loop = undefined;
      if (this.#options.engine) engine.arena.release(mark);
      else await engine.dispose();
    }
  }

  #onWorkers({ backend, arena }: Engine): NetworksOnWorkers {
    const options = poolOptions(this.#options, this.#config.networksPerStep);
    return new NetworksOnWorkers(this.#config, backend, arena, { ...options, start: this.#start });
  }

  #fail(error: unknown): never {
    this.#error = error;
    throw error;
  }

  /** Everything that decides the result, as plain data. */
  #recipe(): Readonly<Record<string, unknown>> {
    const { data, model, method, init, loss, networksPerStep, outer, seed } = this.#config;
    return {
      version,
      data: { name: data.name, count: data.count },
      model: describeModel(model),
      method,
      init,
      loss,
      networksPerStep,
      outer,
      seed,
      outerSteps: this.#loop?.step ?? 0,
    };
  }
}

function checked(options: DistillOptions): OuterLoopConfig {
  const { data, model, method, init = randomInit(), networksPerStep = 1, outer = {}, seed = 0 } = options;
  const { loss = "cross-entropy" } = options;
  checkLoss("loss", loss);
  checkImages("data", data, model);
  wholeNumber("networksPerStep", networksPerStep, 1);
  checkWorkers(options.workers ?? 0);
  const outerChecked = outerOptions(outer, data.count);
  return { data, model, method, init, loss, networksPerStep, outer: outerChecked, seed: checkSeed(seed) };
}
