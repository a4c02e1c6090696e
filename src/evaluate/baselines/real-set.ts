// Makes a set to train on of real images, with one learning rate for all steps, to compare with a distilled one.
import type { Dataset } from "../../data/dataset.ts";
import type { DistilledSet } from "../../distill/distilled-set.ts";
import { innerOptimizer } from "../../inner/inner-optimizer.ts";
import { type ClassImages, imageSize } from "./real-images.ts";

/** The number of images and gradient steps of a set, with its momentum and weight decay, or with its protocol of training. */
export type SetShape = Pick<
  DistilledSet,
  "steps" | "epochs" | "imagesPerStep" | "momentum" | "weightDecay" | "training"
> & {
  readonly recipe?: DistilledSet["recipe"] | undefined;
};

/** Returns the images of each class in a step. Throws RangeError unless that is a whole number. */
export function perClassOf({ imagesPerStep }: Pick<SetShape, "imagesPerStep">, { classes }: Dataset): number {
  if (imagesPerStep % classes !== 0 || imagesPerStep < classes) {
    throw new RangeError(`"like.imagesPerStep" expected a multiple of ${classes} classes, got ${imagesPerStep}`);
  }
  return imagesPerStep / classes;
}

/** The settings for training a network on real images. */
export interface Training {
  /** The learning rate of all steps. */
  readonly learningRate: number;
  readonly epochs: number;
}

/**
 * Makes a set of `images` [classes, steps × perClass, c, h, w] with their labels, or with `soft` targets [classes, steps × perClass,
 * classes]: the block of step s has images s·perClass … of each class. Networks train on it by the protocol of `like`, or else for `epochs` at one learning rate.
 */
export function realSet(
  images: ClassImages,
  like: SetShape,
  data: Dataset,
  { learningRate, epochs }: Training,
  kind: string,
  soft?: Float32Array,
): DistilledSet {
  const { steps, imagesPerStep } = like;
  const { classes, channels, height, width, mean, std } = data;
  const perClass = perClassOf(like, data);
  const size = imageSize(data);
  const blocks = new Float32Array(images.length);
  const targets = new Float32Array(steps * imagesPerStep * classes);
  for (let step = 0; step < steps; step++) {
    for (let label = 0; label < classes; label++) {
      const from = (label * steps + step) * perClass;
      const to = step * imagesPerStep + label * perClass;
      blocks.set(images.subarray(from * size, (from + perClass) * size), to * size);
      if (soft) targets.set(soft.subarray(from * classes, (from + perClass) * classes), to * classes);
      else for (let i = to; i < to + perClass; i++) targets[i * classes + label] = 1;
    }
  }
  const { training } = like;
  const learningRates = training ? new Float32Array(0) : new Float32Array(steps * epochs).fill(learningRate);
  const shape = { steps, epochs: training ? 0 : epochs, imagesPerStep, channels, height, width, classes };
  return {
    ...shape,
    images: blocks,
    targets,
    learningRates,
    ...(training ? { training } : innerOptimizer(like)),
    mean,
    std,
    recipe: { baseline: kind },
  };
}
