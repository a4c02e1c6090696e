import { checkPerChannel } from "./check-dataset.ts";
import type { Dataset, DatasetSplit, LabelledPixels, Normalization } from "./dataset.ts";

/**
 * Measures mean and standard deviation (of the population) of pixels / 255, per channel. The sums are whole numbers, so the
 * result does not depend on any order.
 *
 * @param pixels [n, channels, height, width]
 * @throws RangeError unless `pixels` is one or more whole images.
 */
export function statistics(
  pixels: Uint8Array,
  channels: number,
  height: number,
  width: number,
): { readonly mean: number[]; readonly std: number[] } {
  const plane = height * width;
  const image = channels * plane;
  if (!(image > 0) || pixels.length === 0 || pixels.length % image !== 0) {
    throw new RangeError(`"pixels" expected a positive multiple of ${image} bytes, got ${pixels.length}`);
  }
  const perChannel = pixels.length / channels;
  const mean: number[] = [];
  const std: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    let sum = 0;
    let squares = 0;
    for (let first = channel * plane; first < pixels.length; first += image) {
      for (let at = first; at < first + plane; at++) {
        const value = pixels[at]!;
        sum += value;
        squares += value * value;
      }
    }
    mean.push(sum / (255 * perChannel));
    // n·Σv² − (Σv)² exceeds 2^53 from a few thousand images on, and cancels, so it is computed in whole numbers.
    const spread = BigInt(perChannel) * BigInt(squares) - BigInt(sum) ** 2n;
    std.push(Math.sqrt(Number(spread)) / (255 * perChannel));
  }
  return { mean, std };
}

/**
 * Makes a data set of labelled images. `mean` and `std` are measured unless they are given; a channel without any spread is
 * left unscaled, because dividing by 0 would make it infinite.
 *
 * @throws TypeError or RangeError when `mean` or `std` do not fit the channels.
 */
export function datasetOf(images: LabelledPixels, given: Normalization = {}): Dataset {
  const { pixels, labels, channels, height, width } = images;
  const measured = given.mean && given.std ? undefined : statistics(pixels, channels, height, width);
  const mean = given.mean ?? measured!.mean;
  const std = given.std ?? measured!.std.map((value) => value || 1);
  checkPerChannel("mean", mean, channels);
  checkPerChannel("std", std, channels, 0);
  return { ...images, count: labels.length, mean, std };
}

/** Makes a split of two parts, both normalised with the statistics of the training images. */
export function splitOf(train: LabelledPixels, test: LabelledPixels, given: Normalization = {}): DatasetSplit {
  const first = datasetOf(train, given);
  return { train: first, test: datasetOf(test, first) };
}
