import type { WhitenedImages } from "./whitening.ts";

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
  /** [classes]; undefined when the source does not name them. */
  readonly classNames?: readonly string[] | undefined;
  /**
   * Classes that have no images on purpose; `relabelled` leaves one. A set is not distilled when any other class has no
   * images.
   */
  readonly absentClasses?: readonly number[] | undefined;
  /** The mean of pixels / 255, per channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Whitened images, as `whiten` makes them: networks see these in the place of the normalised pixels. */
  readonly whitened?: WhitenedImages | undefined;
}

/** A data set with its usual division. `test` is never looked at while distilling. */
export interface DatasetSplit {
  readonly train: Dataset;
  readonly test: Dataset;
}

/** A `Dataset` before it is counted and normalised. */
export type LabelledPixels = Omit<Dataset, "count" | "mean" | "std" | "whitened">;

/** How to normalise, instead of measuring: per channel, mean and std of pixels / 255. */
export type Normalization = { readonly [Name in "mean" | "std"]?: Dataset[Name] | undefined };

/** Returns, per channel, the normalised value of each byte: (byte / 255 − mean) / std in float64, rounded once to float32. */
export function normalizedBytes({ mean, std }: Pick<Dataset, "mean" | "std">): Float32Array[] {
  return mean.map((m, c) => Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - m) / std[c]!));
}

/**
 * Gathers images by index, normalised, or whitened if the data set is.
 *
 * @param indices n numbers below `dataset.count`, in any order, also repeated.
 * @param out [n, channels, height, width]
 * @param tables The result of `normalizedBytes`, for callers who gather often.
 * @throws RangeError when `out` has another length or an index is out of range.
 */
export function batchInto(
  dataset: Dataset,
  indices: ArrayLike<number>,
  out: Float32Array | Float64Array,
  tables: readonly Float32Array[] = normalizedBytes(dataset),
): void {
  const { pixels, count, channels, height, width, whitened } = dataset;
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
    if (whitened) {
      out.set(whitened.images.subarray(index * image, (index + 1) * image), i * image);
      continue;
    }
    for (let c = 0; c < channels; c++) {
      const table = tables[c]!;
      const from = index * image + c * plane;
      const to = i * image + c * plane;
      // Four at a time, because the loop itself takes half of the time.
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

/** Counts the images of each class. */
export function classCounts({ labels, classes }: Pick<Dataset, "labels" | "classes">): Uint32Array {
  const counts = new Uint32Array(classes);
  for (const label of labels) counts[label]!++;
  return counts;
}

/** Returns, per class, the indices of its images, ascending. */
export function classIndex(dataset: Dataset): Uint32Array[] {
  const counts = classCounts(dataset);
  const index = Array.from(counts, (n) => new Uint32Array(n));
  counts.fill(0);
  dataset.labels.forEach((label, i) => {
    index[label]![counts[label]!++] = i;
  });
  return index;
}
