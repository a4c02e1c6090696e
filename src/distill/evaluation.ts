// How good networks are: accuracies, and what they come to.
import type { Summary } from "./summary.ts";

/** Test accuracies, each from 0 to 1: their mean ± standard deviation, and the 95 % interval of the mean. */
export interface Evaluation extends Summary {
  readonly networks: number;
  readonly accuracies: readonly number[];
  /** Present where the networks were trained with relaxed SIMD: another machine may measure otherwise. */
  readonly simd?: "relaxed";
}
