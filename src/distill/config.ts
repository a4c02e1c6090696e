// Everything that decides the result of a distillation.
import type { Augmentation } from "../data/augment.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import type { BackGradientMethod, OuterOptions } from "./method.ts";
import type { WeightSource } from "./weight-source.ts";

export interface OuterLoopConfig {
  readonly data: Dataset;
  readonly augment?: Augmentation | undefined;
  readonly model: Model;
  readonly method: BackGradientMethod;
  readonly init: WeightSource;
  /** The loss of the inner steps and of the real batch. */
  readonly loss: Loss;
  /** Networks sampled for each outer step; their gradients are averaged, in order. */
  readonly networksPerStep: number;
  readonly outer: OuterOptions;
  readonly seed: number;
}
