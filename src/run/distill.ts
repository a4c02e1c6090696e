// distill(), in place or in a worker.
import { type Remote, transfer } from "comlink";
import { checkOptions } from "../checks/options.ts";
import type { DistilledSet } from "../distill/distilled-set.ts";
import { DivergedError } from "../distill/diverged-error.ts";
import type { RunState } from "../distill/run-state.ts";
import { type OnNotice, placeChecks } from "../engine/options.ts";
import { MessageChannel } from "../platform/platform.ts";
import type { Sample } from "./faster-engine.ts";
import type { Distillation as RunHere } from "./in-place/distill.ts";
import { type EngineHere, engineOf, known } from "./on-engine.ts";
import { distillChecks } from "./options/call-checks.ts";
import { checked } from "./options/config.ts";
import type { DistillOptions as OptionsHere, Progress } from "./options/distill.ts";
import { checkMemoryAtCall } from "./options/memory-at-call.ts";
import type { Control, ProgressMessage, RunApi } from "./orchestrator/api.ts";
import { crossing } from "./orchestrator/crossing.ts";
import { lookAgain, RemoteEngine } from "./orchestrator/engine.ts";
import { followable, type Placed } from "./place.ts";

/// <reference lib="esnext.disposable" preserve="true" />

/** Options of {@link distill}. */
export type DistillOptions = Placed<OptionsHere>;

/**
 * A distillation. It starts when you iterate it or await `result()`. In a worker, the default in pages, it sends progress at
 * most ten times a second, so that not every step is seen. It may be one message ahead; if you stop iterating, it pauses.
 */
export interface Distillation extends AsyncIterable<Progress>, AsyncDisposable {
  /**
   * Returns the set when the run has ended, after all steps or fewer. Rejects with the error that ended a failed run, such
   * as a DivergedError, whose `set` is what was learned before.
   */
  result(): Promise<DistilledSet>;
  /**
   * Returns the current set, at any time after the first step. For a run that diverged or failed it is the set before the
   * step that failed; it rejects if that set is lost, for example with the worker.
   */
  snapshot(): Promise<DistilledSet>;
  /**
   * Returns all that the next steps depend on, at any time after the first step: `distill({ …, resume: state })` goes on from
   * it and ends with the bytes of a run that never stopped. After a run that diverged it is a state 50 to 99 steps before, or the
   * first. Rejects if the run has not started.
   */
  state(): Promise<RunState>;
  /** Ends the run after the step in hand, as leaving the iteration does: what was learned stays. */
  dispose(): Promise<void>;
}

/**
 * Learns a distilled set: in a worker in pages, in place elsewhere (`worker`). If the engine's own worker dies, or a kernel
 * fails, what was learned is lost with it: go on with `resume` from a state that you kept (docs/reliability.md).
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
  return new PlacedRun(options);
}

class PlacedRun implements Distillation {
  readonly #options: DistillOptions;
  readonly #steps: AsyncGenerator<Progress, void, undefined>;
  /** What a run can be asked for while it goes on, wherever it is. */
  #run: Pick<RunHere, "snapshot" | "state"> | undefined;
  #set: DistilledSet | undefined;
  #state: (() => Promise<RunState>) | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: DistillOptions) {
    checkOptions(options, { ...distillChecks, ...placeChecks });
    // The options are copied, because what a caller changes later was not checked.
    this.#options = { ...options };
    checked(forCheck(options));
    checkMemoryAtCall(forCheck(options));
    this.#steps = this.#place();
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
    if (this.#set) return this.#set;
    if (this.#failure) throw this.#failure.error;
    return this.#started().snapshot();
  }

  async state(): Promise<RunState> {
    if (this.#state) return this.#state();
    if (this.#failure) throw this.#failure.error;
    return this.#started().state();
  }

  #started(): Pick<RunHere, "snapshot" | "state"> {
    if (this.#run) return this.#run;
    throw new Error("the run has not started: iterate it or await result() first");
  }

  async dispose(): Promise<void> {
    await this.#steps.return();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  async *#place(): AsyncGenerator<Progress, void, undefined> {
    try {
      const options = await followable(this.#options);
      const { engine, owned } = await engineOf(options, firstStep(options));
      try {
        yield* engine instanceof RemoteEngine ? this.#there(engine) : this.#here({ ...options, engine });
      } finally {
        if (owned) await engine.dispose();
      }
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  async *#here(options: OptionsHere): AsyncGenerator<Progress, void, undefined> {
    const { Run } = await import("./in-place/distill.ts");
    const run = new Run(options);
    this.#run = run;
    try {
      yield* run;
    } finally {
      await this.#keep(run);
    }
  }

  async *#there(engine: RemoteEngine): AsyncGenerator<Progress, void, undefined> {
    const { worker } = engine;
    const { signal, onProgress } = this.#options;
    const { port1, port2 } = new MessageChannel();
    const say = (control: Control): void => port1.postMessage(control);
    const abort = (): void => say("abort");
    const messages = new ProgressMessages(port1, this.#options.onNotice ?? RemoteEngine.listener(engine));
    let finished: Promise<DistilledSet> | undefined;
    try {
      const run = await worker.call(
        (api) => api.distill(crossing(this.#options), transfer(port2, [port2])) as Promise<Remote<RunApi>>,
      );
      this.#run = {
        snapshot: () => worker.call(() => run.snapshot()),
        state: () => worker.call(() => run.state()),
      };
      signal?.addEventListener("abort", abort);
      if (signal?.aborted) abort();
      finished = worker.call(() => run.drive());
      // A worker that died sends no last message.
      finished.catch(() => messages.end());
      for (;;) {
        say("more");
        const progress = await messages.next();
        if (progress === undefined) break;
        await onProgress?.(progress);
        yield progress;
      }
      await finished;
    } finally {
      say("end");
      // Leaving the iteration early and failing end the run too: what was learned is kept.
      this.#set = await finished?.catch((error) => this.#learnedBefore(error));
      await lookAgain(engine);
      const state = await this.#run?.state().catch(() => undefined);
      this.#state = state && (async () => state);
      signal?.removeEventListener("abort", abort);
      port1.close();
    }
  }

  /** Keeps what a run leaves, before its engine is gone. */
  async #keep(run: Pick<RunHere, "snapshot" | "state">): Promise<void> {
    this.#set = await run.snapshot().catch(() => undefined);
    // The data are hashed only for whoever asks for the state.
    this.#state = () => run.state();
  }

  /** Returns what a run that failed in the worker had learned. If that is nothing, the failure is kept for `result()`. */
  async #learnedBefore(error: unknown): Promise<DistilledSet | undefined> {
    if (error instanceof DivergedError) return error.set;
    return this.#run!.snapshot().catch(() => {
      this.#failure = { error };
      return undefined;
    });
  }
}

/** Returns what a choice of the backend times: the first outer step. */
export function firstStep({ onProgress: _, resume: __, ...options }: DistillOptions): Sample {
  return (engine, signal) => {
    const { epochs: _, ...outer } = options.outer ?? {};
    return distill({ ...options, outer: { ...outer, steps: 1 }, engine, signal: signal ?? options.signal }).result();
  };
}

/** The progress messages of a run, in order. */
class ProgressMessages {
  readonly #waiting: Progress[] = [];
  #ended = false;
  #wake: () => void = () => {};

  constructor(port: MessagePort, onNotice: OnNotice) {
    port.onmessage = ({ data }: MessageEvent<ProgressMessage>) => {
      if (data === "end") this.#ended = true;
      else if ("notice" in data) onNotice(data.notice);
      else if ("progress" in data) this.#waiting.push(data.progress as Progress);
      this.#wake();
    };
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Returns the next message's progress; undefined after the last. */
  async next(): Promise<Progress | undefined> {
    while (this.#waiting.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#waiting.shift();
  }
}

/** Returns the options in the form that their check takes, which asks an engine for its backend and its threads only. */
function forCheck({ engine, ...options }: DistillOptions): OptionsHere {
  if (engine === undefined) return options;
  return { ...options, engine: known(engine) as EngineHere };
}
