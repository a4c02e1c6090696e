// Small distilled sets for the tests of this folder.

import type { DistilledSet } from "../../src/distill/distilled-set.ts";
import { fitTraining } from "../../src/distill/training.ts";
import { randomIntegers } from "./hostile.ts";

/** Makes a set, by default with one image per class and step; no rounding leaves its values unchanged. */
export function makeSet(sizes: Partial<DistilledSet> = {}): DistilledSet {
  const { steps = 2, epochs = 3, classes = 3, channels = 1, height = 4, width = 5 } = sizes;
  const { imagesPerStep = classes } = sizes;
  const below = randomIntegers(7);
  const random = () => (below(2 ** 24) / 2 ** 24 - 0.5) * 6;
  const total = steps * imagesPerStep;
  const targets = new Float32Array(total * classes);
  for (let i = 0; i < total; i++) targets[i * classes + (i % classes)] = 1;
  return {
    steps,
    epochs,
    imagesPerStep,
    channels,
    height,
    width,
    classes,
    images: Float32Array.from({ length: total * channels * height * width }, random),
    targets,
    learningRates: Float32Array.from({ length: steps * epochs }, (_, i) => 0.02 + i / 1000),
    mean: new Array<number>(channels).fill(0.1307),
    std: new Array<number>(channels).fill(0.3081),
    recipe: { name: "test", seed: 1, nested: { list: [1, 2.5, "ü"], none: null } },
    ...sizes,
  };
}

/** The same sizes with what the images are decoded from: four tiles of two stored images, or sums of two bases. */
export function makeDecodedSet(name: "formation" | "memories"): DistilledSet {
  const set = makeSet({ steps: 2, imagesPerStep: 4, height: 5, width: 4 });
  const floats = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => i / 8 - 1);
  // Tiles and bases of 3 × 2 pixels.
  const decoder =
    name === "formation"
      ? ({ name, factor: 2, tiles: floats(8 * 6) } as const)
      : ({ name, scale: 2, bases: floats(2 * 6), coefficients: floats(8 * 2) } as const);
  return { ...set, decoder };
}

/** Six images that networks train on by a protocol. */
export function makeFitSet(changes: Partial<DistilledSet> = {}): DistilledSet {
  const training = fitTraining({ epochs: 20, batch: 4 });
  return makeSet({ steps: 1, epochs: 0, imagesPerStep: 6, training, ...changes });
}
