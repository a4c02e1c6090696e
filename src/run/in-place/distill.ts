// distill(): the outer loop as something to iterate over, stop and ask for its result.
import type { Mark } from "../../backend/arena.ts";
import type { OuterLoopConfig } from "../../distill/config.ts";
import type { DistilledSet } from "../../distill/distilled-set.ts";
import { DivergedError, withLearned } from "../../distill/diverged-error.ts";
import { OuterLoop } from "../../distill/outer-loop.ts";
import { describeInit } from "../../distill/weight-source.ts";
import { createEngine, type Engine } from "../../engine/engine.ts";
import { describeModel } from "../../nn/describe.ts";
import { nextTask } from "../../platform/platform.ts";
import { version } from "../../version.gen.ts";
import { poolOptions } from "../../workers/options.ts";
import type { StartWorker } from "../../workers/start.ts";
import { NetworksOnWorkers } from "../networks/networks.ts";
import { checked, configOf } from "../options/config.ts";
import type { DistillOptions, Progress } from "../options/distill.ts";
import { checkMemoryLimit } from "../options/memory-limit.ts";

export type { DistillOptions, Progress } from "../options/distill.ts";

/** A distillation under way. Iterate it, or await `result()`; it does not start before. */
export interface Distillation extends AsyncIterable<Progress> {
  /**
   * The set when the run has ended, after all steps or fewer. Rejects with what ended a run that failed, as with a
   * DivergedError, whose `set` is what was learned before.
   */
  result(): Promise<DistilledSet>;
  /** The set as it stands, at any time after the first step; of a run that failed as it was before the step that did. */
  snapshot(): DistilledSet;
}

/**
 * Learns a distilled set.
 *
 * @throws TypeError, RangeError and ShapeError for data whose fields do not fit or that lack a class, and for options that
 * do not fit each other or the memory; while running, DivergedError, and WorkerError where a worker died.
 * @example
 * const { train } = await digits();
 * const run = distill({ data: train, model: lenet(), method: backGradient({ steps: 10, epochs: 3, imagesPerClass: 1 }) });
 * for await (const { step, loss } of run) console.log(step, loss);
 * const set = await run.result();
 */
export function distill(options: DistillOptions): Distillation {
  checked(options);
  return new Run(options);
}

/** A run of options whose data were checked at the edge. Tests start workers of their own. */
export class Run implements Distillation {
  readonly #options: DistillOptions;
  readonly #start: StartWorker | undefined;
  readonly #config: OuterLoopConfig;
  readonly #steps: AsyncGenerator<Progress, void, undefined>;
  #loop: OuterLoop | undefined;
  #relaxed = false;
  /** Where the initial weights came from, as the recipe names it. */
  #init: object = {};
  #set: DistilledSet | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: DistillOptions, start?: StartWorker) {
    this.#options = options;
    this.#start = start;
    this.#config = configOf(options);
    checkMemoryLimit(options);
    this.#steps = this.#run();
  }

  [Symbol.asyncIterator](): AsyncIterator<Progress> {
    return this.#steps;
  }

  async result(): Promise<DistilledSet> {
    for await (const _ of this.#steps);
    if (this.#failure) throw this.#failure.error;
    if (!this.#set) throw new Error("the run was ended before it started");
    return this.#set;
  }

  snapshot(): DistilledSet {
    const set = this.#set ?? this.#loop?.read(this.#recipe());
    if (set) return set;
    if (this.#failure) throw this.#failure.error;
    throw new Error("the run has not started: iterate it or await result() first");
  }

  async *#run(): AsyncGenerator<Progress, void, undefined> {
    const { signal, onProgress, threads = "auto", workers = 0 } = this.#options;
    // Where workers compute, little is left to do here.
    const own = { threads: workers > 0 ? 1 : threads };
    const engine = this.#options.engine ?? (await createEngine(own).catch((error) => this.#fail(error)));
    let mark: Mark | undefined;
    this.#relaxed = engine.simd === "relaxed";
    let networks: NetworksOnWorkers | undefined;
    try {
      this.#init = await describeInit(this.#config.init);
      // Nothing may wait between the mark and what is allocated after it: see Arena.mark.
      mark = engine.arena.mark();
      if (workers > 0) networks = this.#onWorkers(engine);
      this.#loop = new OuterLoop(this.#config, engine.backend, engine.arena, networks);
      const { steps } = this.#config.outer;
      while (this.#loop.step < steps && !signal?.aborted) {
        const { outerLearningRate: learningRate } = this.#loop;
        const loss = await this.#loop.advance();
        const { step } = this.#loop;
        const progress = { step, steps, epoch: step / this.#loop.stepsPerEpoch, loss, learningRate };
        await onProgress?.(progress);
        yield progress;
        await nextTask();
      }
    } catch (error) {
      // Workers give up the step in hand: that is an end like any other.
      if (!(signal?.aborted && error === signal.reason)) this.#fail(error);
    } finally {
      await networks?.dispose();
      // Leaving the iteration early is as good an end as any: what was learned stays.
      this.#set = this.#learned();
      this.#loop = undefined;
      if (!this.#options.engine) await engine.dispose();
      else if (mark) engine.arena.release(mark);
    }
  }

  #onWorkers({ backend, arena }: Engine): NetworksOnWorkers {
    const options = poolOptions(this.#options, this.#config.networksPerStep);
    return new NetworksOnWorkers(this.#config, backend, arena, { ...options, start: this.#start });
  }

  #fail(error: unknown): never {
    this.#failure = { error };
    throw error;
  }

  /** What an ended run leaves: a step that failed has left the set as it was. */
  #learned(): DistilledSet | undefined {
    const loop = this.#loop;
    if (!loop) return undefined;
    if (!this.#failure) return loop.read(this.#recipe());
    const { error } = this.#failure;
    if (error instanceof DivergedError) {
      const { step, tensor, value } = error;
      const set = loop.read({ ...this.#recipe(), diverged: { step, tensor, value: String(value) } });
      withLearned(error, { set });
      return set;
    }
    if (loop.step === 0) return undefined;
    try {
      return loop.read(this.#recipe());
    } catch {
      // The engine is gone, which is why the run failed.
      return undefined;
    }
  }

  /** Everything that decides the result, as plain data. */
  #recipe(): Readonly<Record<string, unknown>> {
    const { data, augment, model, method, loss, networksPerStep, outer, seed } = this.#config;
    return {
      version,
      data: { name: data.name, count: data.count, ...(data.classNames && { classNames: data.classNames }) },
      ...(augment && { augment }),
      model: describeModel(model),
      method,
      init: this.#init,
      loss,
      networksPerStep,
      outer,
      seed,
      outerSteps: this.#loop?.step ?? 0,
      ...(this.#relaxed && { simd: "relaxed" }),
    };
  }
}
