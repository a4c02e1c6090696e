// Reads labels from an array: whole numbers, or rows with a single 1.

import type { NumericArray } from "../../codecs/npy.ts";
import { FormatError } from "../../errors.ts";
import { quote } from "../../quote.ts";
import { classOf, labelFault, maximumClasses } from "../labels.ts";

/** Labels, and how many classes they have. */
export interface ArrayLabels {
  readonly labels: Uint8Array;
  /** The largest label + 1, or the length of a one-hot row. */
  readonly classes: number;
}

/**
 * Reads the labels of `count` images: whole numbers of any type, [count] or [count, 1], or one-hot rows, [count, classes].
 *
 * @param name The array's name in errors.
 * @param from The label of the first class; one-hot rows do not use it.
 * @throws FormatError for another shape, a label that is not one of the 256 whole numbers from `from` on, or a row that is not one-hot.
 */
export function arrayLabels({ shape, data }: NumericArray, count: number, name: string, from: number = 0): ArrayLabels {
  const [rows, width = 1] = shape;
  if (rows !== count || shape.length > 2 || width === 0) {
    const wanted = `one label for each of ${count} images, [${count}], or one-hot rows, [${count}, classes]`;
    throw new FormatError(`${name}: expected ${wanted}, got [${shape.join(", ")}]`);
  }
  if (width > maximumClasses) {
    throw new FormatError(`${name}: expected one-hot rows of at most ${maximumClasses} classes, got ${width}`);
  }
  const labels = new Uint8Array(count);
  if (width > 1) {
    for (let row = 0; row < count; row++) labels[row] = hotOne(data, row, width, name);
    return { labels, classes: width };
  }
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const value = Number(data[i]);
    const label = classOf(value, from);
    if (label === undefined) throw new FormatError(`${name}: expected ${labelFault(value, from, `at ${i}`)}`);
    labels[i] = label;
    largest = Math.max(largest, label);
  }
  return { labels, classes: largest + 1 };
}

/** Returns where the only 1 of a row is. */
function hotOne(data: NumericArray["data"], row: number, width: number, name: string): number {
  let [hot, others] = [-1, 0];
  for (let i = 0; i < width; i++) {
    const value = Number(data[row * width + i]);
    if (value === 1) {
      if (hot >= 0) others++;
      hot = i;
    } else if (value !== 0) others++;
  }
  if (hot >= 0 && others === 0) return hot;
  const found = Array.from(data.subarray(row * width, (row + 1) * width) as Float64Array, Number);
  throw new FormatError(`${name}: expected one-hot rows, a single 1 and else 0, got ${quote(found)} in row ${row}`);
}
