// A set of one block of images, class by class, on which networks train by a protocol, as most methods learn it.
import type { Floats } from "../backend/buffer.ts";
import type { Model } from "../nn/model.ts";
import type { LearnedSet } from "./method.ts";
import { rowsOfSet } from "./tensor-rows.ts";
import type { FitTraining } from "./training.ts";

/** Returns the class of each image: `perClass` of class 0, then of class 1, and so on. */
export function classByClass(perClass: number, classes: number): number[] {
  return Array.from({ length: perClass * classes }, (_, i) => Math.floor(i / perClass));
}

/** Makes the set of these images, which it keeps, as rows [n, c, h, w], and of targets, [n, classes]. */
export function blockSet(
  { classes, inputShape }: Model,
  images: Floats,
  targets: Floats,
  training: FitTraining,
): LearnedSet {
  const [channels, height, width] = inputShape;
  return {
    ...{ steps: 1, epochs: 0, imagesPerStep: targets.length / classes, channels, height, width, classes },
    images: rowsOfSet(images),
    targets: new Float32Array(targets),
    learningRates: new Float32Array(0),
    training,
  };
}
