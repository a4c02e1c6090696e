// Everything that decides the result of a distillation.
import type { Augmentation } from "../data/augment.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import type { ImagesChoice } from "./image-options.ts";
import type { OuterOptions } from "./outer-options.ts";
import type { WeightSource } from "./weight-source.ts";

/** What is to be distilled, whatever the method. */
export interface Problem {
  readonly data: Dataset;
  readonly augment?: Augmentation | undefined;
  readonly model: Model;
  readonly init: WeightSource;
  /** The loss of the inner steps and of the real batch. */
  readonly loss: Loss;
  /** The number of networks in each outer step, whose gradients are averaged, in order. */
  readonly networksPerStep: number;
  readonly outer: OuterOptions;
  readonly seed: number;
}

/** The method of a run and its options. It is plain data, so that it can be saved with a set and sent to a worker. */
export interface MethodChoice {
  readonly name: string;
}

/** A problem and the method that is to solve it. */
export interface DistillConfig extends Problem {
  readonly method: MethodChoice;
  /** What stands behind the images; pixels if absent. */
  readonly images?: ImagesChoice | undefined;
  /** The method with the number of decoded images, where that is another one than of those whose storage they have. */
  readonly decoded?: MethodChoice | undefined;
  /** The module from which workers import a method that the library does not know. */
  readonly module?: string | undefined;
}
