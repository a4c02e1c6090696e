// distill(): makes the outer loop a run that can be iterated, stopped and asked for its result.
import type { Mark } from "../../backend/arena.ts";
import type { Backend } from "../../backend/backend.ts";
import { computing } from "../../distill/computing.ts";
import type { DistillConfig } from "../../distill/config.ts";
import type { DistilledSet } from "../../distill/distilled-set.ts";
import { DivergedError, withLearned } from "../../distill/diverged-error.ts";
import { type Method, methodContext } from "../../distill/method.ts";
import { loadMethod } from "../../distill/methods/load.ts";
import { networksInPlace, type StepNetworks } from "../../distill/networks.ts";
import { OuterLoop, type OuterLoopParts } from "../../distill/outer-loop.ts";
import type { RunSpec, RunState, TensorState } from "../../distill/run-state.ts";
import { sharesPerStep, withSlices } from "../../distill/slices.ts";
import { describeInit } from "../../distill/weight-source.ts";
import { createEngine, Engine } from "../../engine/engine.ts";
import { type Inexact, inexact } from "../../engine/inexact.ts";
import { allIn } from "../../inner/allocators.ts";
import { nextTask } from "../../platform/platform.ts";
import { version } from "../../version.gen.ts";
import { type GroupOptions, groupOptions, usesWorkers } from "../../workers/options.ts";
import type { StartWorker } from "../../workers/start.ts";
import { allocateReplies } from "../networks/allocate.ts";
import type { NetworksOnWorkers } from "../networks/networks.ts";
import { checked, configOf, recordOf } from "../options/config.ts";
import type { DistillOptions, Progress } from "../options/distill.ts";
import { checkMemoryAtCall } from "../options/memory-at-call.ts";
import { checkMemoryLimit } from "../options/memory-limit.ts";

export type { DistillOptions, Progress } from "../options/distill.ts";

/** A distillation. It starts when you iterate it or await `result()`. */
export interface Distillation extends AsyncIterable<Progress> {
  /**
   * Returns the set when the run has ended, after all steps or fewer. Rejects with the error that ended a failed run, such as a
   * DivergedError, whose `set` is what was learned before.
   */
  result(): Promise<DistilledSet>;
  /**
   * Returns the current set, at any time after the first step. For a failed run it is the set before the step that failed.
   * Rejects if the run has not started.
   */
  snapshot(): Promise<DistilledSet>;
  /**
   * Returns all that the next steps depend on, at any time after the first step: `distill({ …, resume: state })` goes on from
   * it and ends with the bytes of a run that never stopped. After a run that diverged it is a state 50 to 99 steps before, or the
   * first. Rejects if the run has not started.
   */
  state(): Promise<RunState>;
}

/**
 * Learns a distilled set.
 *
 * @throws TypeError, RangeError and ShapeError for data whose fields do not fit or that lack a class, and for options that
 * do not fit each other or the memory; while running, DivergedError, and WorkerError when workers died.
 * @example
 * const { train } = await digits();
 * const run = distill({ data: train, model: lenet(), method: backGradient({ steps: 10, epochs: 3, imagesPerClass: 1 }) });
 * for await (const { step, loss } of run) console.log(step, loss);
 * const set = await run.result();
 */
export function distill(options: DistillOptions): Distillation {
  checked(options);
  checkMemoryAtCall(options);
  return new Run(options);
}

/** What a run has on an engine. */
interface Begun {
  readonly backend: Backend;
  readonly mark: Mark;
  readonly networks: StepNetworks;
  readonly loop: OuterLoop;
}

/** A run whose options and data were checked at the edge. Tests give `start`, to start workers of their own. */
export class Run implements Distillation {
  readonly #options: DistillOptions;
  readonly #start: StartWorker | undefined;
  readonly #config: DistillConfig;
  /** Loaded before the run begins. */
  #method: Method | undefined;
  #Networks: typeof NetworksOnWorkers | undefined;
  readonly #steps: AsyncGenerator<Progress, void, undefined>;
  #loop: OuterLoop | undefined;
  /** What made bits that another machine would not make. */
  #inexact: Inexact = {};
  #floatBytes = 0;
  #spec: Promise<RunSpec> | undefined;
  /** The source of the initial weights, as the recipe names it. */
  #init: object = {};
  #set: DistilledSet | undefined;
  #state: TensorState | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: DistillOptions, start?: StartWorker) {
    this.#options = options;
    this.#start = start;
    this.#config = configOf(options);
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

  async snapshot(): Promise<DistilledSet> {
    const set = this.#set ?? (await this.#loop?.read(() => this.#recipe()));
    return set ?? this.#nothing();
  }

  async state(): Promise<RunState> {
    // The state is read first, because the run may go on while the data are hashed.
    const state = this.#state ?? (await this.#loop?.state()) ?? this.#nothing();
    const { gpu } = this.#inexact;
    return { version, spec: await this.#specOf(), ...state, ...(gpu && { gpu }) };
  }

  /** Throws the reason why there is nothing to return. */
  #nothing(): never {
    if (this.#failure) throw this.#failure.error;
    throw new Error("the run has not started: iterate it or await result() first");
  }

  async *#run(): AsyncGenerator<Progress, void, undefined> {
    const { signal, onProgress, threads = "auto" } = this.#options;
    // If workers compute, little is left to do here.
    const own = { threads: this.#onWorkers ? 1 : threads };
    await this.#load().catch((error) => this.#fail(error));
    const engine = this.#options.engine ?? (await createEngine(own).catch((error) => this.#fail(error)));
    let begun: Begun | undefined;
    this.#floatBytes = engine.backend.Floats.BYTES_PER_ELEMENT;
    try {
      await this.#identify();
      begun = await Engine.compute(engine, async () => this.#begin(engine, this.#options.resume));
      const { steps } = this.#config.outer;
      while (begun.loop.step < steps && !signal?.aborted) {
        const before = begun;
        const loss = await begun.loop.advance().catch(async (error) => {
          if (!(await Engine.recover(engine, before.backend, error))) throw error;
          const state = before.loop.kept ?? this.#options.resume;
          begun = await Engine.compute(engine, async () => this.#begin(engine, state));
        });
        // On another device the run goes on from the state that was kept.
        if (loss === undefined) continue;
        const { step, learningRate } = begun.loop;
        const epoch = step / begun.loop.stepsPerEpoch;
        const progress = { step, steps, epoch, loss, learningRate, ...begun.loop.halved };
        await onProgress?.(progress);
        yield progress;
        await nextTask();
      }
    } catch (error) {
      // To give up the current step is an end like any other.
      if (!(signal?.aborted && error === signal.reason)) this.#fail(error);
    } finally {
      await begun?.networks.dispose();
      // If the iteration is left early, what was learned is kept too.
      await this.#keep();
      this.#loop = undefined;
      if (!this.#options.engine) await engine.dispose();
      else if (begun) engine.arena.release(begun.mark);
    }
  }

  /** Loads the method and what speaks to workers, and refuses a run that would take too much memory. */
  async #load(): Promise<void> {
    const code = await loadMethod(this.#options.method, this.#options.images);
    checkMemoryLimit(this.#options, code);
    this.#method = withSlices(code.around(code.method), this.#config);
    if (this.#onWorkers) this.#Networks = (await import("../networks/networks.ts")).NetworksOnWorkers;
  }

  /** Allocates a run on the engine as it is now, at its start or in a state. */
  #begin(engine: Engine, state: TensorState | undefined): Begun {
    // A run that goes on elsewhere has steps of a GPU behind it.
    const { gpu } = this.#options.resume ?? {};
    this.#inexact = { ...(gpu && { gpu }), ...this.#inexact, ...inexact(engine) };
    // Nothing may wait between the mark and what is allocated after it: see Arena.mark.
    const { backend } = engine;
    const mark = engine.arena.mark();
    try {
      const parts = this.#parts(engine);
      this.#loop = new OuterLoop(parts, state);
      return { backend, mark, networks: parts.networks, loop: this.#loop };
    } catch (error) {
      engine.arena.release(mark);
      throw error;
    }
  }

  /** Describes what decides this run. Throws RangeError if it is to go on from the state of another run. */
  async #identify(): Promise<void> {
    this.#init = await describeInit(this.#config.init);
    const { resume } = this.#options;
    if (resume === undefined) return;
    const { checkResumed } = await import("../options/spec.ts");
    checkResumed(resume, version, await this.#specOf());
  }

  /** Allocates what is learned and what computes shares: here, or on workers. */
  #parts({ backend, arena }: Engine): OuterLoopParts {
    const config = this.#config;
    const memory = allIn(arena);
    const options = (config.decoded ?? config.method) as never;
    const context = methodContext({ options, problem: config, backend, memory }, computing);
    const method = this.#method!;
    const run = method.allocate(context);
    const networks = this.#Networks
      ? new this.#Networks(config, run, backend, allocateReplies(run, memory), this.#poolOptions())
      : networksInPlace(
          () => method.network(context, run),
          sharesPerStep(config),
          backend,
          arena,
          this.#options.signal,
        );
    return { problem: config, run, networks, backend, memory };
  }

  get #onWorkers(): boolean {
    return usesWorkers({ ...this.#options, on: this.#options.networks });
  }

  #poolOptions(): GroupOptions {
    const options = { ...this.#options, on: this.#options.networks };
    return { ...groupOptions(options, sharesPerStep(this.#config)), start: this.#start };
  }

  #fail(error: unknown): never {
    this.#failure = { error };
    throw error;
  }

  /** Keeps what an ended run leaves. A failed step has left the set as it was. */
  async #keep(): Promise<void> {
    const loop = this.#loop;
    if (!loop) return;
    const error = this.#failure?.error;
    if (this.#failure && !(error instanceof DivergedError)) {
      if (loop.step === 0) return;
      // The engine may be gone, which is why the run failed.
      this.#set = await loop.read(() => this.#recipe()).catch(() => undefined);
      this.#state = await loop.lastState().catch(() => undefined);
      return;
    }
    if (error instanceof DivergedError) {
      const { step, tensor, value } = error;
      const diverged = { step, tensor, value: String(value) };
      this.#set = await loop.read(() => ({ ...this.#recipe(), diverged }));
      withLearned(error, { set: this.#set });
      this.#state = loop.earlier;
      return;
    }
    this.#set = await loop.read(() => this.#recipe());
    this.#state = await loop.lastState();
  }

  /** Returns the specification, for which the data are hashed once. */
  #specOf(): Promise<RunSpec> {
    const recipe = { ...this.#recipe(), floatBytes: this.#floatBytes };
    const { changesNoBit } = this.#method!;
    this.#spec ??= import("../options/spec.ts").then(({ specOf }) => specOf(recipe, this.#config.data, changesNoBit));
    return this.#spec;
  }

  /** Returns everything that decides the result, as plain data. */
  #recipe(): Readonly<Record<string, unknown>> {
    return {
      version,
      ...recordOf(this.#config, this.#init),
      outerSteps: this.#loop?.step ?? 0,
      ...this.#loop?.halved,
      ...this.#inexact,
    };
  }
}
