// The split of a training set that choices are made on, so that the test set has no say in any.
import { classIndex, type Dataset } from "../../data/dataset.ts";

const VALIDATION_SHARE = 0.1;
const VALIDATION_MOST = 2000;

/** What baselines take images from, and what they are chosen by; no image is in both. */
export interface ValidationSplit {
  readonly pool: Dataset;
  readonly validation: Dataset;
}

/**
 * Holds back the last tenth of each class, at most about 2,000 images in all: data sets are often sorted by class, so the
 * end of the whole would not do. A class of one image is in the pool alone.
 */
export function splitValidation(train: Dataset): ValidationSplit {
  const share = Math.min(VALIDATION_SHARE, VALIDATION_MOST / train.count);
  const held = new Uint8Array(train.count);
  for (const images of classIndex(train)) {
    const count = Math.min(Math.ceil(images.length * share), images.length - 1);
    for (let i = images.length - count; i < images.length; i++) held[images[i]!] = 1;
  }
  const split = { pool: gather(train, held, 0), validation: gather(train, held, 1) };
  if (split.validation.count === 0) {
    throw new RangeError(`"train" expected a class with at least two images, to hold one back for validation`);
  }
  return split;
}

/** The images whose mark in `marks` is `mark`. */
function gather(data: Dataset, marks: Uint8Array, mark: number): Dataset {
  const image = data.channels * data.height * data.width;
  const chosen = Uint32Array.from(marks.keys()).filter((i) => marks[i] === mark);
  const pixels = new Uint8Array(chosen.length * image);
  const labels = new Uint8Array(chosen.length);
  chosen.forEach((from, to) => {
    pixels.set(data.pixels.subarray(from * image, (from + 1) * image), to * image);
    labels[to] = data.labels[from]!;
  });
  return { ...data, pixels, labels, count: chosen.length };
}
