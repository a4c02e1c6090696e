// What is known of a method before anything runs: its options, and what follows from them.
import type { Group } from "../../checks/declare.ts";
import type { Loss } from "../../nn/loss.ts";
import type { Model } from "../../nn/model.ts";
import type { GivenOuterOptions } from "../outer-options.ts";
import type { FitTraining } from "../training.ts";
import type { WeightSource } from "../weight-source.ts";

/** Sizes of a set that a method learns. */
export interface LearnedShape {
  readonly steps: number;
  readonly epochs: number;
  readonly imagesPerStep: number;
  readonly momentum?: number | undefined;
  readonly weightDecay?: number | undefined;
  /** The protocol by which networks train on the set, if that is not learned; then there are 1 step and 0 epochs. */
  readonly training?: FitTraining | undefined;
}

/** A method's options, the function that fills them in, and what follows from them before anything is run. */
export interface MethodDeclaration<M extends { readonly name: string } = never> {
  readonly options: Group;
  /** The name of the option that is the learning rate of inner steps, which messages of a diverged run advise to lower. */
  readonly innerRate?: string;
  /** The loss of the networks, for a method that works with one alone. */
  readonly loss?: Loss;
  /** The outer settings that a run has unless it says otherwise. */
  readonly outer?: GivenOuterOptions;
  /** True if the method does not augment real images by the `augment` of a run, so that a recipe or a call with it is refused. */
  readonly augmentsNothing?: true;
  /** The public function, and what messages say is expected. */
  readonly make: (options: never) => M;
  readonly expected: string;
  /** Throws for options that are each valid but do not go together. */
  readonly checkTogether: (options: never) => void;
  /** Throws RangeError if the options do not fit the model, or the number of networks in an outer step. */
  readonly check?: (method: M, model: Model, networksPerStep: number) => void;
  /** Throws RangeError for initial weights that the method cannot begin with. Absent: it takes all but experts. */
  readonly checkInit?: (method: M, init: WeightSource) => void;
  /** The sizes of the set, for so many classes. */
  readonly shape: (method: M, classes: number) => LearnedShape;
  /** The classes, out of so many, of which real images are needed. */
  readonly classes: (method: M, classes: number) => ReadonlySet<number>;
  /** True if the outer loss is a mean over real images, so that slices of them may be computed apart. */
  readonly slices?: true;
  /** Real images that a network of an outer step looks at, for so many classes. Absent: the outer batch. */
  readonly real?: (method: M, classes: number) => number;
  /** Additions and multiplications of one network of one outer step, whose outer loss is on `real` images. */
  readonly flops: (method: M, model: Model, real: number) => number;
}
