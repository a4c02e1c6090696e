// Labelled images in memory, as bytes. Normalising is part of the data set, because a distilled set is worth nothing
// to somebody who does not know mean and std.

import { checkDataset, checkPerChannel } from "./check-dataset.ts";

/** Labelled 8-bit images and how to normalise them: value = (byte / 255 − mean[c]) / std[c]. */
export interface Dataset {
  readonly name: string;
  /** [count, channels, height, width] */
  readonly pixels: Uint8Array;
  /** [count], each below `classes` */
  readonly labels: Uint8Array;
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  /** [classes], where the source names them. */
  readonly classNames?: readonly string[];
  /**
   * Classes that have no images on purpose, as `relabelled` leaves one. Where a set is learned from, any other class without
   * images is refused.
   */
  readonly absentClasses?: readonly number[];
  /** Per channel, of pixels / 255. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** A data set with its usual division. `test` is never looked at while distilling. */
export interface DatasetSplit {
  readonly train: Dataset;
  readonly test: Dataset;
}

/**
 * The images from `start` up to, not including, `end`. Pixels and labels are views of the same memory.
 *
 * @throws RangeError unless 0 <= start <= end <= count; TypeError or RangeError for a data set whose fields do not fit.
 */
export function subset(dataset: Dataset, start: number, end: number): Dataset {
  const { count } = checkDataset("dataset", dataset);
  if (!Number.isInteger(start) || start < 0) throw new RangeError(`"start" expected integer >= 0, got ${start}`);
  if (!Number.isInteger(end) || end < start || end > count) {
    throw new RangeError(`"end" expected integer in ${start}..${count}, got ${end}`);
  }
  const image = dataset.channels * dataset.height * dataset.width;
  return {
    ...dataset,
    pixels: dataset.pixels.subarray(start * image, end * image),
    labels: dataset.labels.subarray(start, end),
    count: end - start,
  };
}

/**
 * The same images, those of class `from` called `to`: what the outer loss of an attack sees, so that networks trained on
 * the distilled set mistake the one for the other. It is for studying how little poisoned data misleads a network that is
 * trained further (Wang et al. 2018, section on poisoning), and how to find that out.
 *
 * Pixels are those of `dataset`, not a copy. Its name says what was done.
 *
 * @throws RangeError unless both are classes, and not the same; TypeError or RangeError for a data set whose fields do not
 * fit.
 * @example
 * const run = distill({ data: relabelled(train, 0, 1), model, method, init: pretrained(pool) });
 */
export function relabelled(dataset: Dataset, from: number, to: number): Dataset {
  const { classes, labels, name, absentClasses = [] } = checkDataset("dataset", dataset);
  for (const [key, label] of [["from", from] as const, ["to", to] as const]) {
    if (Number.isInteger(label) && label >= 0 && label < classes) continue;
    throw new RangeError(`"${key}" expected a class from 0 to ${classes - 1}, got ${label}`);
  }
  if (from === to) throw new RangeError(`"to" expected another class than "from", got ${to}`);
  return {
    ...dataset,
    name: `${name}, ${from} as ${to}`,
    labels: labels.map((label) => (label === from ? to : label)),
    absentClasses: [...absentClasses.filter((label) => label !== from && label !== to), from],
  };
}

/**
 * Mean and standard deviation (of the population) of pixels / 255, per channel. The sums are whole numbers, so the
 * result does not depend on any order.
 *
 * @param pixels [n, channels, height, width]
 * @throws RangeError where `pixels` is not a whole number of images, or none.
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
    // n·Σv² − (Σv)² outgrows 2^53 from a few thousand images on, and cancels: whole numbers again.
    const spread = BigInt(perChannel) * BigInt(squares) - BigInt(sum) ** 2n;
    std.push(Math.sqrt(Number(spread)) / (255 * perChannel));
  }
  return { mean, std };
}

/** A `Dataset` before it is counted and normalised. */
export type LabelledPixels = Omit<Dataset, "count" | "mean" | "std">;

/** How to normalise, where it is not to be measured: per channel, of pixels / 255. */
export type Normalization = Partial<Pick<Dataset, "mean" | "std">>;

/**
 * Labelled images as a data set. What is not given of `mean` and `std` is measured; a channel without any spread is left
 * unscaled, because dividing by 0 would make it infinite.
 *
 * @throws TypeError or RangeError where `mean` or `std` do not fit the channels.
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

/** Two parts of one set, both normalised with the statistics of the training images. */
export function splitOf(train: LabelledPixels, test: LabelledPixels, given: Normalization = {}): DatasetSplit {
  const first = datasetOf(train, given);
  return { train: first, test: datasetOf(test, first) };
}

/** Per channel, what each byte is when normalised: (byte / 255 − mean) / std in float64, rounded once to float32. */
export function normalizedBytes({ mean, std }: Pick<Dataset, "mean" | "std">): Float32Array[] {
  return mean.map((m, c) => Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - m) / std[c]!));
}

/**
 * Gathers images by index and normalises them.
 *
 * @param indices n numbers below `dataset.count`, in any order, also repeated.
 * @param out [n, channels, height, width]
 * @param tables What `normalizedBytes` gives; for callers who gather often.
 * @throws RangeError where `out` has another length or an index is outside.
 */
export function batchInto(
  dataset: Dataset,
  indices: ArrayLike<number>,
  out: Float32Array | Float64Array,
  tables: readonly Float32Array[] = normalizedBytes(dataset),
): void {
  const { pixels, count, channels, height, width } = dataset;
  const plane = height * width;
  const image = channels * plane;
  if (out.length !== indices.length * image) {
    throw new RangeError(`"out" expected Float32Array of length ${indices.length * image}, got ${out.length}`);
  }
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!Number.isInteger(index) || index < 0 || index >= count) {
      throw new RangeError(`"indices[${i}]" expected integer in 0..${count - 1}, got ${index}`);
    }
    for (let c = 0; c < channels; c++) {
      const table = tables[c]!;
      const from = index * image + c * plane;
      const to = i * image + c * plane;
      // Four at a time: the loop is half of what it takes.
      let p = 0;
      for (; p + 4 <= plane; p += 4) {
        const a = table[pixels[from + p]!]!;
        const b = table[pixels[from + p + 1]!]!;
        const c = table[pixels[from + p + 2]!]!;
        const d = table[pixels[from + p + 3]!]!;
        out[to + p] = a;
        out[to + p + 1] = b;
        out[to + p + 2] = c;
        out[to + p + 3] = d;
      }
      for (; p < plane; p++) out[to + p] = table[pixels[from + p]!]!;
    }
  }
}

/** How many images there are of each class. */
export function classCounts({ labels, classes }: Pick<Dataset, "labels" | "classes">): Uint32Array {
  const counts = new Uint32Array(classes);
  for (const label of labels) counts[label]!++;
  return counts;
}

/** Per class, the indices of its images, ascending. */
export function classIndex(dataset: Dataset): Uint32Array[] {
  const counts = classCounts(dataset);
  const index = Array.from(counts, (n) => new Uint32Array(n));
  counts.fill(0);
  dataset.labels.forEach((label, i) => {
    index[label]![counts[label]!++] = i;
  });
  return index;
}
