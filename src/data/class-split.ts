// Divides a set that comes without a test part.

import { checkOptions, checkValues } from "../checks/options.ts";
import { philox4x32 } from "../numeric/philox.ts";
import { placesDrawn, randomKey } from "../numeric/random.ts";
import { checkLabelled } from "./check-dataset.ts";
import type { Dataset, DatasetSplit, LabelledPixels } from "./dataset.ts";
import type { ClassSplitOptions } from "./load-options.ts";
import { splitOf } from "./normalize.ts";
import { splitChecks } from "./options.ts";
import { checkUnwhitened } from "./whitening.ts";

/** The positions of the two parts, each ascending. */
export interface SplitIndices {
  readonly train: number[];
  readonly test: number[];
}

/**
 * Divides positions by their labels: of a class with n images, round(testShare·n) chosen at random are test images, but at
 * least one and not all if n ≥ 2. The same labels, share and seed give the same choice.
 *
 * @throws RangeError for a share outside 0..1 or an invalid seed.
 */
export function classSplit(labels: ArrayLike<number>, classes: number, options: ClassSplitOptions = {}): SplitIndices {
  checkValues(options, splitChecks);
  const { testShare = 0.2, seed = 1 } = options;
  const byClass = Array.from({ length: classes }, (): number[] => []);
  for (let i = 0; i < labels.length; i++) byClass[labels[i]!]!.push(i);
  const [train, test]: [number[], number[]] = [[], []];
  byClass.forEach((members, label) => {
    const n = members.length;
    const wanted = n < 2 ? 0 : Math.min(n - 1, Math.max(1, Math.round(testShare * n)));
    const key = randomKey(seed, "split", label);
    // The first word of block i of the generator draws place i.
    const words = Array.from({ length: wanted }, (_, i) => philox4x32([i, 0, 0, 0], key.seed)[0]);
    const held = new Set(placesDrawn(n, words));
    members.forEach((member, place) => {
      (held.has(place) ? test : train).push(member);
    });
  });
  const ascending = (a: number, b: number): number => a - b;
  return { train: train.sort(ascending), test: test.sort(ascending) };
}

/** Copies the images at `indices`. */
export function chosen(images: LabelledPixels, indices: readonly number[]): LabelledPixels {
  const size = images.channels * images.height * images.width;
  const pixels = new Uint8Array(indices.length * size);
  indices.forEach((index, i) => {
    pixels.set(images.pixels.subarray(index * size, (index + 1) * size), i * size);
  });
  return { ...images, pixels, labels: Uint8Array.from(indices, (index) => images.labels[index]!) };
}

/**
 * Divides a set that comes without a test part, class by class (`classSplit`). Both parts are copies, normalised with the
 * statistics of the new training part.
 *
 * @throws RangeError for a share outside 0..1, for whitened images, and when no class has two images; TypeError or RangeError for a data set
 * whose fields do not fit.
 * @example
 * const { train, test } = splitByClass(await loadCifar({ files }), { testShare: 0.1, seed: 7 });
 */
export function splitByClass(dataset: Dataset | LabelledPixels, options: ClassSplitOptions = {}): DatasetSplit {
  checkOptions(options, splitChecks);
  return splitParts(dataset, options);
}

/** Does what `splitByClass` does, for readers, which have more options. */
export function splitParts(dataset: Dataset | LabelledPixels, options: ClassSplitOptions): DatasetSplit {
  const { name, pixels, labels, channels, height, width, classes, classNames, absentClasses } = checkLabelled(
    "dataset",
    dataset,
  );
  checkUnwhitened("dataset", dataset as Partial<Dataset>);
  const { train, test } = classSplit(labels, classes, options);
  if (test.length === 0) throw new RangeError(`"dataset" expected two images of some class, got none in ${name}`);
  const images: LabelledPixels = {
    ...{ name, pixels, labels, channels, height, width, classes },
    ...(classNames && { classNames }),
    ...(absentClasses && { absentClasses }),
  };
  return splitOf(chosen(images, train), chosen(images, test));
}
