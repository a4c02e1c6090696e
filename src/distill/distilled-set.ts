// The result of a distillation: everything that is needed to train on it, and nothing else.
import type { Whitening } from "../data/whitening.ts";
import { checkLoss, type Loss } from "../nn/loss.ts";
import type { FitTraining } from "./training.ts";

/** Tiles of stored images, which are enlarged to images (`formation`). */
export interface StoredFormation {
  readonly name: "formation";
  /** A stored image is factor × factor tiles, of ⌈height / factor⌉ by ⌈width / factor⌉ pixels. */
  readonly factor: number;
  /** One for each image, [steps, imagesPerStep, channels, ⌈height / factor⌉, ⌈width / factor⌉], normalised as images are. */
  readonly tiles: Float32Array;
}

/** Bases, and the weights of each image, whose weighted sums of the bases are enlarged to images (`memories`). */
export interface StoredMemories {
  readonly name: "memories";
  /** A base has ⌈height / scale⌉ by ⌈width / scale⌉ pixels. */
  readonly scale: number;
  /** [bases, channels, ⌈height / scale⌉, ⌈width / scale⌉] */
  readonly bases: Float32Array;
  /** [steps, imagesPerStep, bases] */
  readonly coefficients: Float32Array;
}

/** What the images of a set were decoded from. */
export type StoredDecoder = StoredFormation | StoredMemories;

/** A distilled set. Plain data: it can be cloned, transferred and saved. */
export interface DistilledSet {
  /** Gradient steps in one pass over the set: blocks of images. With `training`: 1. */
  readonly steps: number;
  /** Passes over the blocks; T = steps × epochs inner steps in all. With `training`: 0, because no schedule was learned. */
  readonly epochs: number;
  /** Images in one block (images per class × classes for class-balanced sets). */
  readonly imagesPerStep: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  /** [steps, imagesPerStep, channels, height, width], normalised as below, and whitened if there is a whitening. */
  readonly images: Float32Array;
  /** What the images are made of, if fewer numbers than pixels were learned. They are decoded in `images`. */
  readonly decoder?: StoredDecoder | undefined;
  /** [steps, imagesPerStep, classes]: one-hot or soft targets. */
  readonly targets: Float32Array;
  /** [epochs × steps] in the order of use: entry t belongs to block t mod steps. With `training` it is empty. */
  readonly learningRates: Float32Array;
  /** The momentum of the inner steps, as in torch.optim.SGD; 0 if absent. */
  readonly momentum?: number | undefined;
  readonly weightDecay?: number | undefined;
  /** How networks train on the set, if that was not learned. Absent: they replay `learningRates`, block by block. */
  readonly training?: FitTraining | undefined;
  /** pixel / 255 = image·std + mean, per channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** How the images were whitened after that, as all real images must be on which networks are tested. Absent: they were not. */
  readonly whitening?: Whitening | undefined;
  /** The record of how the set was made, as JSON: enough to make it again. */
  readonly recipe: Readonly<Record<string, unknown>>;
}

/**
 * Returns the loss to train on a set with, the one that it was distilled for: its recipe's, or else cross-entropy. Throws
 * RangeError for an unknown one.
 */
export function lossOf({ recipe = {} }: { readonly recipe?: DistilledSet["recipe"] | undefined }): Loss {
  return recipe.loss === undefined ? "cross-entropy" : checkLoss("recipe.loss", recipe.loss);
}
