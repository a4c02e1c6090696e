// The interface of outer optimisers: a state of named tensors beside the value, and one update of the value.
import type { Buffer } from "../../backend/buffer.ts";

/** An optimiser of one learned tensor, its state in a backend's memory. */
export interface OuterOptimizer {
  /** What is kept from step to step, in this order. The next step needs only this, the value and the number of steps. */
  readonly state: readonly { readonly name: string; readonly value: Buffer; readonly floats: number }[];
  /** Sets the state to zeros, as it is before the first update. */
  start(): void;
  /**
   * Updates value [floats] and the state from gradient [floats], and nothing if guard[0] is 0. It only records ops.
   *
   * @param step counts updates, from 1
   */
  update(value: Buffer, gradient: Buffer, learningRate: number, step: number, guard: Buffer): void;
}
