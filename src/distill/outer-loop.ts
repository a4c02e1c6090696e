// The outer loop, one step at a time: average the shares of the step's networks, guard, clip, update (docs/math.md §1). It
// records ops and looks at memory once a step, at its end. The method says what is learned, and `StepNetworks` where networks
// run.
import type { Backend } from "../backend/backend.ts";
import type { Buffer, Floats } from "../backend/buffer.ts";
import { whiteningOf } from "../data/whitening.ts";
import type { Allocators } from "../inner/allocators.ts";
import { inParts } from "../platform/parts.ts";
import { average, exchange, startAverages } from "./averages.ts";
import { EarlierStates } from "./back-off.ts";
import { BestSet } from "./best-set.ts";
import type { Problem } from "./config.ts";
import type { DistilledSet } from "./distilled-set.ts";
import { DivergedError } from "./diverged-error.ts";
import { divergenceAdvice, isBeforeUpdate } from "./divergence.ts";
import type { Learned, MethodRun } from "./method.ts";
import { partsOf, type StepNetworks } from "./networks.ts";
import {
  allocateOuter,
  type OutcomeLayout,
  type OuterBuffers,
  outcomeLayout,
  stateTensors,
  watched,
} from "./outer-buffers.ts";
import { halved, outerRate } from "./outer-options.ts";
import type { Halving, TensorState } from "./run-state.ts";
import { shareWeight } from "./slices.ts";
import { readState, type StateTensor, writeState } from "./state-tensors.ts";
import { readTensor } from "./tensor-rows.ts";

/** The parts of an outer loop. */
export interface OuterLoopParts {
  readonly problem: Problem;
  /** What is learned. */
  readonly run: MethodRun;
  readonly networks: StepNetworks;
  readonly backend: Backend;
  readonly memory: Pick<Allocators, "gradients" | "scratch">;
}

export class OuterLoop {
  /** Outer steps in one pass over the real images. */
  readonly stepsPerEpoch: number;
  readonly #parts: OuterLoopParts;
  readonly #buffers: OuterBuffers;
  readonly #layout: OutcomeLayout;
  /** Outer steps taken. */
  #step = 0;
  /** The outer loss of the last step, averaged over its networks, and its step size. */
  #loss = 0;
  #learningRate = 0;
  readonly #earlier = new EarlierStates();
  readonly #best: BestSet | undefined;
  /** The step that is updating what is learned. */
  #taking: Promise<number> | undefined;
  #halvings: readonly Halving[] = [];

  /** Starts from the seed, or goes on from `state`. */
  constructor(parts: OuterLoopParts, state?: TensorState) {
    const { problem, run, backend, memory } = parts;
    this.stepsPerEpoch = Math.ceil(problem.data.count / problem.outer.batch);
    this.#parts = parts;
    this.#buffers = allocateOuter(run, problem.outer, backend, memory);
    this.#layout = outcomeLayout(run);
    const { best: buffers } = this.#buffers;
    this.#best = buffers && new BestSet({ steps: problem.outer.best!, buffers, backend });
    this.#start();
    if (state) this.#restore(state);
    this.#refresh();
  }

  /** Outer steps taken. */
  get step(): number {
    return this.#step;
  }

  /** The outer step size of the last step. */
  get learningRate(): number {
    return this.#learningRate;
  }

  /** The divergences after which the run went back, if there were any. */
  get halved(): Pick<TensorState, "halvings"> {
    return this.#halvings.length > 0 ? { halvings: this.#halvings } : {};
  }

  /** The state to which a run that diverged goes back, or from which another may go on. */
  get earlier(): TensorState {
    return { ...this.#earlier.all[0]!, ...this.halved };
  }

  /** The newest of the states that a run keeps, from which it goes on when its GPU was lost; undefined before the first step. */
  get kept(): TensorState | undefined {
    const newest = this.#earlier.all.at(-1);
    return newest && { ...newest, ...this.halved };
  }

  /**
   * Takes one outer step. Returns the outer loss, averaged over the networks. If their gradients do not come, or would spoil
   * what is learned, it rejects, and what is learned stays as it was; or the run goes back to an earlier state, if that is
   * wanted, and takes the step after that.
   */
  async advance(): Promise<number> {
    for (;;) {
      await this.#earlier.passed(this.#step, (into) => this.#read(into));
      try {
        return await this.#advance();
      } catch (error) {
        this.#goBack(error);
      }
    }
  }

  /** Sets everything to the state before the first step. */
  #start(): void {
    const { run, backend } = this.#parts;
    const { staging, optimizers, averages, clipMean } = this.#buffers;
    run.start(staging);
    for (const optimizer of optimizers) optimizer.start();
    backend.ops.fill(clipMean, 0, 3);
    startAverages(averages, run.learned, backend);
    this.#best?.start();
    this.#step = 0;
  }

  /** Goes back to an earlier state and halves the step size. Throws the error if that is not wanted, or changes nothing. */
  #goBack(error: unknown): void {
    const { onDivergence, mostHalvings } = this.#parts.problem.outer;
    if (!(error instanceof DivergedError) || onDivergence !== "halve") throw error;
    const { step, tensor, value } = error;
    const noUpdate = isBeforeUpdate(tensor);
    if ((step === 1 && noUpdate) || this.#halvings.length >= mostHalvings) throw error;
    const earlier = this.#earlier.all[0]!;
    // A set that was spoiled long ago is no better for smaller steps: then the run begins anew.
    const spoiled = earlier.step === this.#halvings.at(-1)?.backTo || (noUpdate && earlier.step === step - 1);
    this.#earlier.wentBack(spoiled);
    if (spoiled) this.#start();
    else this.#write(earlier);
    this.#halvings = [...this.#halvings, { step, tensor, value: String(value), backTo: this.#step }];
    this.#refresh();
  }

  async #advance(): Promise<number> {
    await this.#parts.networks.run(this.#step, this.#add);
    this.#taking = this.#take();
    try {
      return await this.#taking;
    } finally {
      this.#taking = undefined;
    }
  }

  /** Takes the step, for which the gradients are there. */
  async #take(): Promise<number> {
    const { problem, run, backend } = this.#parts;
    const { ops } = backend;
    const { gradients, outcome, guard, clipMean } = this.#buffers;
    const { learned } = run;
    for (const [i, { through, value, floats }] of learned.entries()) {
      if (through) ops.activationBackward(gradients[i]!, value, gradients[i]!, floats, through.f);
      ops.dot(outcome + this.#layout.gradients + i, gradients[i]!, gradients[i]!, floats);
    }
    const { clip = 0 } = problem.outer;
    ops.guard(guard, clipMean, outcome + this.#layout.gradients, learned.length, outcome, clip);
    if (clip > 0) {
      for (const [i, { floats }] of learned.entries()) ops.scaleBy(gradients[i]!, 1, guard, gradients[i]!, floats);
    }
    this.#update();
    this.#refresh();
    backend.submit();
    this.#check(await backend.read(outcome, this.#layout.floats));
    average(this.#buffers.averages, learned, backend, problem.outer.average ?? 0, this.#step);
    this.#best?.passed(this.#step, this.#loss, this.#shown(), learned);
    await inParts(partsOf("after", run.after?.(this.#step)));
    backend.submit();
    this.#step++;
    return this.#loss;
  }

  /** Adds a network's share to the mean: in the order of k, because a sum's bits depend on it. */
  readonly #add = (k: number): void => {
    const { problem, run, networks, backend } = this.#parts;
    const { ops } = backend;
    const { loss, gradients } = networks.share;
    const mean = [this.#buffers.outcome, ...this.#buffers.gradients];
    const floats = [1, ...run.learned.map((tensor) => tensor.floats)];
    const weight = shareWeight(problem, this.#step, k);
    for (const [i, from] of [loss, ...gradients].entries()) {
      if (k === 0) ops.scale(mean[i]!, weight, from, floats[i]!);
      else ops.axpy(mean[i]!, mean[i]!, weight, from, floats[i]!);
    }
  };

  /** Updates what is learned, and keeps the old values in the place of the networks' shares. */
  #update(): void {
    const { problem, run, networks, backend } = this.#parts;
    const { gradients, optimizers, guard } = this.#buffers;
    const times = this.#halvings.length;
    const all = outerRate(problem.outer, this.#step, this.stepsPerEpoch);
    this.#learningRate = halved(all, times);
    for (const [i, { value, floats, learningRate = all }] of run.learned.entries()) {
      backend.ops.copy(networks.share.gradients[i]!, value, floats);
      optimizers[i]!.update(value, gradients[i]!, halved(learningRate, times), this.#step + 1, guard);
    }
  }

  /** Brings what follows from the learned tensors up to date, and the part of the outcome that is about the values. */
  #refresh(): void {
    const { run, backend } = this.#parts;
    const { outcome } = this.#buffers;
    bringUpToDate(run, backend);
    let at = outcome + this.#layout.through;
    for (const [i, { value, floats, through }] of watched(run).entries()) {
      backend.ops.dot(outcome + this.#layout.values + i, value, value, floats);
      if (!through) continue;
      backend.ops.copy(at, through.value, floats);
      at += floats;
    }
  }

  /** Throws DivergedError if the step left something that no set may hold; what is learned is then as it was before. */
  #check(outcome: Floats): void {
    const { run } = this.#parts;
    this.#loss = outcome[0]!;
    if (!Number.isFinite(this.#loss)) throw this.#diverged("loss", this.#loss, "is");
    for (const [i, { called }] of run.learned.entries()) {
      const square = outcome[this.#layout.gradients + i]!;
      if (!Number.isFinite(square)) throw this.#diverged(`gradient of the ${called}`, square, "is");
    }
    let at = this.#layout.through;
    for (const [i, tensor] of watched(run).entries()) {
      const fault = faultOf(tensor, outcome[this.#layout.values + i]!, outcome.subarray(at, at + tensor.floats));
      if (tensor.through) at += tensor.floats;
      if (fault === undefined) continue;
      this.#takeBack();
      throw this.#diverged(fault.name, fault.value, "would be");
    }
  }

  #takeBack(): void {
    const { run, networks, backend } = this.#parts;
    for (const [i, { value, floats }] of run.learned.entries()) {
      backend.ops.copy(value, networks.share.gradients[i]!, floats);
    }
    this.#refresh();
  }

  #diverged(tensor: string, value: number, verb: "is" | "would be"): DivergedError {
    const step = this.#step + 1;
    const { problem, run } = this.#parts;
    const halvings = this.#halvings.length;
    const advice = divergenceAdvice({ innerRate: run.innerRate, outer: problem.outer, halvings }, { step, tensor });
    return new DivergedError(`outer step ${step}: the ${tensor} ${verb} ${value}; ${advice}`, { step, tensor, value });
  }

  /** Reads the current set. `recipeOf` is called when it is known which step it comes after. */
  async read(recipeOf: () => Readonly<Record<string, unknown>>): Promise<DistilledSet> {
    const { problem, run, backend } = this.#parts;
    // Whoever takes a step hears of its error.
    while (this.#taking) await this.#taking.catch(() => {});
    const recipe = recipeOf();
    this.#exchangeSet();
    const tensors = watched(run);
    const rows = tensors.map((tensor) => {
      const { value } = tensor.through ?? tensor;
      return readTensor(backend, { ...tensor, value }, this.#buffers.staging);
    });
    this.#exchangeSet();
    const read = await Promise.all(rows);
    const set = run.set(new Map(tensors.map(({ name }, i) => [name, read[i]!])));
    const { mean, std, whitened } = problem.data;
    return { ...set, mean, std, ...(whitened && { whitening: whiteningOf(whitened) }), recipe };
  }

  /** Returns where the set is, if no earlier one is better: in the running means, if there are any, or in what is learned. */
  #shown(): readonly Buffer[] {
    const { averages } = this.#buffers;
    return averages.length > 0 ? averages : this.#parts.run.learned.map(({ value }) => value);
  }

  /** Puts what the set is in the place of what is learned, or back; the room of shares is free between steps. */
  #exchangeSet(): void {
    const { run, networks, backend } = this.#parts;
    const { averages, best } = this.#buffers;
    const set = best && this.#best?.kept ? best.values : averages;
    if (set.length === 0) return;
    exchange(set, run.learned, backend, networks.share.gradients);
    bringUpToDate(run, backend);
  }

  /** Reads all that the next steps depend on. */
  async state(): Promise<TensorState> {
    while (this.#taking) await this.#taking.catch(() => {});
    const earlier = this.#parts.problem.outer.onDivergence === "halve" ? this.#earlier.named() : [];
    const { halved } = this;
    const { step, tensors } = await this.#read();
    return { step, tensors: new Map([...tensors, ...earlier]), ...halved };
  }

  /** Does what `state` does after the last step, when no earlier state is needed but those that are in it. */
  async lastState(): Promise<TensorState> {
    if (this.#parts.problem.outer.onDivergence === "halve") return this.state();
    return { ...(await this.#read(this.#earlier.giveUp())), ...this.halved };
  }

  async #read(into?: TensorState["tensors"]): Promise<TensorState> {
    const { backend } = this.#parts;
    const step = this.#step;
    return { step, tensors: await readState(backend, this.#tensors(), this.#buffers.staging, into) };
  }

  #write({ step, tensors }: TensorState): void {
    writeState(this.#parts.backend, this.#tensors(), tensors, this.#buffers.staging);
    this.#best?.restore({ tensors });
    this.#step = step;
  }

  /** Throws RangeError for a state of another run: tensors that are missing, unknown or of another size. */
  #restore({ step, tensors, halvings = [] }: TensorState): void {
    const own = this.#earlier.take(tensors);
    // Those that may be needed later are written too, so that any fault is found now.
    for (const state of [...this.#earlier.all, { step, tensors: own }]) this.#write(state);
    this.#halvings = halvings;
  }

  #tensors(): StateTensor[] {
    return stateTensors(this.#parts.run, this.#buffers);
  }
}

/** Records the ops that compute what follows from the learned tensors: f(value) of those learned through an f, and derived ones. */
export function bringUpToDate({ learned, derived }: MethodRun, { ops }: Pick<Backend, "ops">): void {
  for (const { value, floats, through } of learned) {
    if (through) ops.activationForward(through.value, value, floats, through.f);
  }
  derived?.compute();
}

/** Returns what no set may hold of a tensor. Its values have this sum of squares and, if there is an f, f(value) is `values`. */
function faultOf(
  { called, through }: Learned,
  square: number,
  values: Floats,
): { readonly name: string; readonly value: number } | undefined {
  if (!through) return Number.isFinite(square) ? undefined : { name: `squares of the ${called}`, value: square };
  const value = values.find((entry) => !(entry > 0 && entry < Number.POSITIVE_INFINITY));
  return value === undefined ? undefined : { name: called, value };
}
