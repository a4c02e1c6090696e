// The set with the lowest outer loss: it is what the set was after those steps in a row, of all such steps, whose mean loss was the lowest
// (docs/math.md §1). The loss is that of real training images, which decide nothing else here.
import type { Allocator } from "../backend/arena.ts";
import { type Backend, write } from "../backend/backend.ts";
import type { Buffer, Floats } from "../backend/buffer.ts";
import type { Learned } from "./method.ts";
import type { TensorState } from "./run-state.ts";
import type { Tensor } from "./tensor.ts";

/** The floats that decide: the sum of the losses since the last comparison, the lowest mean so far, and 1 if there is one. */
const LOSSES = 3;
/** Their name in a state. */
const lossesName = "outer/best/losses";

/** The place of the set, a buffer for each learned tensor, and of the losses that decide. */
export interface BestBuffers {
  readonly values: readonly Buffer[];
  readonly losses: Buffer;
}

/** Allocates it. */
export function allocateBest(learned: readonly Learned[], allocator: Allocator): BestBuffers {
  return { values: learned.map(({ floats }) => allocator.allocate(floats)), losses: allocator.allocate(LOSSES) };
}

/** Returns its tensors in the state of a run. */
export function bestTensors({ values, losses }: BestBuffers, learned: readonly Learned[]): readonly Tensor[] {
  return [
    ...values.map((value, i) => {
      const { name, floats, packing } = learned[i]!;
      return { name: `outer/${name}/best`, value, floats, packing };
    }),
    { name: lossesName, value: losses, floats: LOSSES },
  ];
}

/** What the outer loop has of it. */
export interface BestSetParts {
  /** How many steps are compared together. */
  readonly steps: number;
  readonly buffers: BestBuffers;
  readonly backend: Backend;
}

export class BestSet {
  readonly #parts: BestSetParts;
  /** The same floats as in the backend, so that nothing has to be read there. */
  readonly #losses: Floats;

  constructor(parts: BestSetParts) {
    this.#parts = parts;
    this.#losses = new parts.backend.Floats(LOSSES);
  }

  /** Whether a set is kept. */
  get kept(): boolean {
    return this.#losses[2] === 1;
  }

  /** Begins without one. */
  start(): void {
    this.#losses.fill(0);
    this.#bring();
  }

  /** Goes on from a state, which the backend has already. */
  restore({ tensors }: Pick<TensorState, "tensors">): void {
    this.#losses.set(tensors.get(lossesName)!);
  }

  /** Takes in the loss of outer step `step` (counted from 0), after which the set is `values`, and keeps these if they are the best. */
  passed(step: number, loss: number, values: readonly Buffer[], learned: readonly Learned[]): void {
    const { steps, buffers, backend } = this.#parts;
    const losses = this.#losses;
    losses[0]! += loss;
    if ((step + 1) % steps === 0) {
      const mean = losses[0]! / steps;
      losses[0] = 0;
      if (!this.kept || mean < losses[1]!) {
        losses.set([mean, 1], 1);
        for (const [i, { floats }] of learned.entries()) backend.ops.copy(buffers.values[i]!, values[i]!, floats);
      }
    }
    this.#bring();
  }

  #bring(): void {
    write(this.#parts.backend, this.#parts.buffers.losses, this.#losses);
  }
}
