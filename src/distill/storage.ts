// What a set stores: the numbers that were learned, whatever images are decoded of them. Sets of decoded images have more images than
// others of the same storage, so an accuracy says both.
import { checkDistilledSet } from "./check-set.ts";
import type { DistilledSet } from "./distilled-set.ts";
import { decoderArrays } from "./stored-decoder.ts";

/** What a set stores. */
export interface SetStorage {
  /** The images that networks train on; those of a decoder are decoded. */
  readonly images: number;
  /** All numbers that are stored: pixels or what they are decoded from, learned labels, learned learning rates. */
  readonly floats: number;
  /** Bytes of these, four for each: they are float32. */
  readonly bytes: number;
}

/**
 * Returns what a set stores, which is what sets of the same budget have in common. Labels count if they were learned: a label of one
 * class, as each image of its class has it, is no number that anybody stores.
 *
 * @throws TypeError or RangeError for an invalid set (see `distilledToSafetensors`).
 * @example
 * const { floats, bytes, images } = setStorage(set); // 7776 floats of 290 digits in memories
 */
export function setStorage(set: DistilledSet): SetStorage {
  const { steps, imagesPerStep, targets, learningRates } = checkDistilledSet("set", set);
  const floats = imageFloats(set) + (hasLearnedTargets(set) ? targets.length : 0) + learningRates.length;
  return { images: steps * imagesPerStep, floats, bytes: Float32Array.BYTES_PER_ELEMENT * floats };
}

/** Counts what the images of a set store. */
function imageFloats({ images, decoder }: DistilledSet): number {
  if (!decoder) return images.length;
  return Object.values(decoderArrays(decoder)).reduce((sum, { length }) => sum + length, 0);
}

/**
 * Returns the number of blocks, and of images in each, that the pixels of a set without a decoder would have for the same storage: as
 * many as real images that it is compared with. They are equally many of each class, and at least one.
 */
export function comparedImages(set: DistilledSet): Pick<DistilledSet, "steps" | "imagesPerStep"> {
  const { steps, imagesPerStep, channels, height, width, classes, decoder } = set;
  if (!decoder) return { steps, imagesPerStep };
  const perClass = Math.floor(imageFloats(set) / (steps * channels * height * width * classes));
  return { steps, imagesPerStep: Math.max(1, perClass) * classes };
}

/** Returns whether labels are other numbers than two: one at the image's class, and another elsewhere. */
function hasLearnedTargets({ targets, classes }: DistilledSet): boolean {
  const first = targets.subarray(0, classes);
  const high = first.reduce((a, b) => Math.max(a, b));
  const low = first.reduce((a, b) => Math.min(a, b));
  for (let i = 0; i < targets.length; i += classes) {
    const row = targets.subarray(i, i + classes);
    if (row.some((value) => value !== high && value !== low)) return true;
    if (row.reduce((count, value) => count + (value === high ? 1 : 0), 0) !== 1) return true;
  }
  return false;
}
