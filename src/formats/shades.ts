// Turns the values of a distilled set into bytes to look at. Images that are whitened come unwhitened (unwhitened.ts).

import { checkDistilledSet } from "../distill/check-set.ts";
import type { DistilledSet } from "../distill/distilled-set.ts";
import { unwhitened } from "./unwhitened.ts";

/** The denormalised values that are drawn black and white. */
export type Range = readonly [black: number, white: number];

/** The most values that are sorted to find the range; fewer for a picture that changes while it is watched. */
const sampled = { still: 1_000_000, live: 20_000 };
/** The share of the values left out on either side. */
const outermost = 0.005;
/** The largest share of the values, or number where they are few, that is drawn as outliers, black or white. */
const outliers = { share: 0.02, few: 4, ofFew: 1 / 8 };
/** Outliers lie farther outside of the other values than this many times the range of those. */
const farOut = 3;

/**
 * Returns nearly the smallest and the largest denormalised value of the set; 0 and 1 if all are alike. A few values far
 * outside of all others do not count: they would leave the others one shade.
 */
export function rangeOf(set: DistilledSet, most: number = sampled.still): Range {
  const { images, channels, height, width, mean, std } = set;
  const plane = height * width;
  const stride = Math.ceil(images.length / most);
  const values = Float32Array.from({ length: Math.floor(images.length / stride) }, (_, i) => {
    const channel = Math.floor((i * stride) / plane) % channels;
    return images[i * stride]! * std[channel]! + mean[channel]!;
  }).sort();
  const [black, white] = without(values, Math.floor(values.length * outermost));
  const [darkest, brightest] = without(values, mostOutliers(values.length));
  const far = farOut * (brightest - darkest);
  const range = [
    far > 0 && darkest - black > far ? darkest : black,
    far > 0 && white - brightest > far ? brightest : white,
  ] as const;
  return range[1] > range[0] ? range : [0, 1];
}

/** Returns the ends of `sorted` without so many values at each. */
function without(sorted: Float32Array, skip: number): Range {
  return [sorted[skip] ?? 0, sorted[sorted.length - 1 - skip] ?? 0];
}

/** Returns how many of `n` values may be outliers on either side. */
function mostOutliers(n: number): number {
  return Math.min(Math.floor(n * outliers.ofFew), Math.max(outliers.few, Math.ceil(n * outliers.share)));
}

/** Returns image `image` as bytes [h, w, c]: 255 (x·std + mean − black) / (white − black), rounded and clipped. */
export function shadesOf(set: DistilledSet, image: number, [black, white]: Range): Uint8Array {
  const { channels, height, width, images, mean, std } = set;
  const plane = height * width;
  const out = new Uint8Array(channels * plane);
  for (let c = 0; c < channels; c++) {
    for (let p = 0; p < plane; p++) {
      const value = images[(image * channels + c) * plane + p]!;
      const share = (value * std[c]! + mean[c]! - black) / (white - black);
      out[p * channels + c] = Math.min(255, Math.max(0, Math.round(255 * share)));
    }
  }
  return out;
}

/** Returns whether any target is softer than one-hot. */
export function hasSoftTargets({ targets, classes }: DistilledSet): boolean {
  for (let i = 0; i < targets.length; i += classes) {
    const row = targets.subarray(i, i + classes);
    if (row.some((value) => value !== 0 && value !== 1) || row.reduce((a, b) => a + b) !== 1) return true;
  }
  return false;
}

/**
 * Returns all images as bytes to look at, [steps, imagesPerStep, height, width, channels], as a canvas takes them:
 * denormalised (and first unwhitened), and shown in the range of the set's own values, as in `contactSheet`. It is quick enough for several times a
 * second, because at most 20,000 values decide the range.
 *
 * @throws TypeError or RangeError for an invalid set (see `distilledToSafetensors`).
 * @example
 * const levels = displayLevels(await run.snapshot()); // of grey images: red, green and blue of a pixel are levels[i]
 */
export function displayLevels(set: DistilledSet): Uint8Array {
  const shown = unwhitened(checkDistilledSet("set", set));
  const size = set.channels * set.height * set.width;
  const range = rangeOf(shown, sampled.live);
  const levels = new Uint8Array(set.images.length);
  for (let image = 0; image * size < levels.length; image++) levels.set(shadesOf(shown, image, range), image * size);
  return levels;
}
