// The states that a run goes back to when it diverges. The one before the step that failed will not do: if a loss is not finite,
// the set was spoiled by steps before. So a run keeps its states after every 50th step, and goes back to the last but one: at
// least 50 steps, at most 99, or to its first. If it diverges again before that state has given way to a later one, it begins
// anew. Which state it is depends on steps alone, never on time.
import type { Floats } from "../backend/buffer.ts";
import type { OuterOptions } from "./outer-options.ts";
import type { TensorState } from "./run-state.ts";

/** The outer steps between two states that are kept. */
const stepsBetween = 50;
/** States that are kept at once. */
const statesKept = 2;

/** States that a run of `steps` steps has at once: those that it keeps, and that of its end (`giveUp`). */
export function statesAtOnce({ steps, onDivergence }: Pick<OuterOptions, "steps" | "onDivergence">): number {
  return onDivergence === "halve" && steps > stepsBetween ? statesKept + 1 : statesKept;
}

export class EarlierStates {
  #kept: readonly TensorState[] = [];
  /** Those whose arrays nobody else has. */
  readonly #own = new WeakSet<TensorState>();

  /** At most two, and after `passed` at least one. The first is the older, to which a run goes back. */
  get all(): readonly TensorState[] {
    return this.#kept;
  }

  /** Called before each outer step: keeps what `read` gives, in arrays that it may be handed, if it is time. */
  async passed(step: number, read: (into?: TensorState["tensors"]) => Promise<TensorState>): Promise<void> {
    const newest = this.#kept.at(-1);
    if (newest && (step % stepsBetween > 0 || newest.step === step)) return;
    const state = await read(this.giveUp());
    this.#own.add(state);
    this.#kept = [...this.#kept, state];
  }

  /** Gives up the older of two states. Returns its arrays, for a newer one, unless somebody else has them. */
  giveUp(): TensorState["tensors"] | undefined {
    if (this.#kept.length < statesKept) return undefined;
    const [older, ...others] = this.#kept as [TensorState, ...TensorState[]];
    this.#kept = others;
    return this.#own.has(older) ? older.tensors : undefined;
  }

  /** Keeps only the state that the run has gone back to; none if it begins anew. */
  wentBack(anew: boolean): void {
    this.#kept = anew ? [] : this.#kept.slice(0, 1);
  }

  /** Returns the tensors of all kept states, by names that hold their steps. They are whoever asks's to keep. */
  named(): [string, Floats][] {
    for (const state of this.#kept) this.#own.delete(state);
    return this.#kept.flatMap(({ step, tensors }) =>
      Array.from(tensors, ([name, floats]): [string, Floats] => [`at/${step}/${name}`, floats]),
    );
  }

  /** Takes the kept states out of the tensors of a run's state. Returns the others. */
  take(tensors: TensorState["tensors"]): ReadonlyMap<string, Floats> {
    const others = new Map<string, Floats>();
    const kept = new Map<number, Map<string, Floats>>();
    for (const [name, floats] of tensors) {
      const [at, step, ...rest] = name.split("/");
      let group = others;
      if (at === "at") {
        group = kept.get(Number(step)) ?? new Map();
        kept.set(Number(step), group);
      }
      group.set(group === others ? name : rest.join("/"), floats);
    }
    this.#kept = Array.from(kept, ([step, tensors]) => ({ step, tensors }));
    return others;
  }
}
