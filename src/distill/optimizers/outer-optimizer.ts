// What every outer optimiser is: its memory beside the value as named tensors, and one update of the value.
import type { Buffer } from "../../backend/backend.ts";

/** An optimiser of one learned tensor, its state in a backend's memory. */
export interface OuterOptimizer {
  /** What it remembers from step to step, in this order: with the value and the number of steps, all that the next step needs. */
  readonly state: readonly { readonly name: string; readonly value: Buffer; readonly floats: number }[];
  /** Sets the state to zeros, as it is before the first update. */
  start(): void;
  /**
   * Updates value [floats] and the state from gradient [floats]; nothing where guard[0] is 0. It only records ops.
   *
   * @param step counts updates, from 1
   */
  update(value: Buffer, gradient: Buffer, learningRate: number, step: number, guard: Buffer): void;
}
