// How good networks are: accuracies, and what they come to.
import type { Confusion } from "./confusion.ts";
import type { Summary } from "./summary.ts";

/** Test accuracies, each from 0 to 1: their mean ± standard deviation, and the 95 % interval of the mean. */
export interface Evaluation extends Summary {
  readonly networks: number;
  readonly accuracies: readonly number[];
  /** Of each network: how many test images of each class (row) it reads as each class (column). Where asked for. */
  readonly confusions?: readonly Confusion[];
  /** The accuracy in each class, over the networks; undefined where there are no such images. Where asked for. */
  readonly perClass?: readonly (Summary | undefined)[];
  /** Present where the networks were trained with relaxed SIMD: another machine may measure otherwise. */
  readonly simd?: "relaxed";
}
