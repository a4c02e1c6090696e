// What a distillation leaves behind: everything that is needed to train on it, and nothing else.
import { checkLoss, type Loss } from "../nn/loss.ts";

/** A distilled set. Plain data: it can be cloned, transferred and saved. */
export interface DistilledSet {
  /** Gradient steps in one pass over the set: blocks of images. */
  readonly steps: number;
  /** Passes over the blocks; T = steps × epochs inner steps in all. */
  readonly epochs: number;
  /** Images in one block (images per class × classes for class-balanced sets). */
  readonly imagesPerStep: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  /** [steps, imagesPerStep, channels, height, width], normalised as below. */
  readonly images: Float32Array;
  /** [steps, imagesPerStep, classes]: one-hot or soft targets. */
  readonly targets: Float32Array;
  /** [epochs × steps] in the order of use: entry t belongs to block t mod steps. */
  readonly learningRates: Float32Array;
  /** Of the inner steps, as in torch.optim.SGD; 0 where absent. */
  readonly momentum?: number | undefined;
  readonly weightDecay?: number | undefined;
  /** pixel / 255 = image·std + mean, per channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** How it was made, as JSON: enough to make it again. */
  readonly recipe: Readonly<Record<string, unknown>>;
}

/**
 * The loss that a set was distilled for, and so the one to train on it with: what its recipe says, else cross-entropy.
 * Throws RangeError where the recipe names another.
 */
export function lossOf({ recipe = {} }: { readonly recipe?: DistilledSet["recipe"] | undefined }): Loss {
  return recipe.loss === undefined ? "cross-entropy" : checkLoss("recipe.loss", recipe.loss);
}
