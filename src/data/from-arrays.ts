// Makes a data set of arrays that are in memory already: those that a program decoded, drew or generated itself.
import { type Check, optional, text, wholeNumber } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { shown } from "../checks/refusal.ts";
import { arrayKind, isBytes, isFloats } from "../kinds.ts";
import { quote } from "../quote.ts";
import { checkAbsent, checkLabels, checkNames } from "./check-dataset.ts";
import type { Dataset, Normalization } from "./dataset.ts";
import { classOf, type LabelOptions, maximumClasses, shiftAdvice } from "./labels.ts";
import { datasetOf } from "./normalize.ts";
import { labelChecks, normalizationChecks } from "./options.ts";

/** The arguments of `datasetFromArrays`. */
export interface DatasetArrays extends Normalization, LabelOptions {
  /**
   * [n, channels, height, width], one image after the other: bytes, which are not copied, or floats from 0 to 1, which
   * become the nearest of 256 levels.
   */
  readonly pixels: Uint8Array | Uint8ClampedArray | Float32Array | Float64Array;
  /** [n], a whole number for each image. */
  readonly labels: ArrayLike<number | bigint>;
  /** [channels, height, width] of one image, or [n, channels, height, width] of all. */
  readonly shape:
    | readonly [channels: number, height: number, width: number]
    | readonly [n: number, channels: number, height: number, width: number];
  /** Default: the number of `classNames`, or else what the largest label needs. Give a test part that of its training part. */
  readonly classes?: number | undefined;
  /** [classes] */
  readonly classNames?: readonly string[] | undefined;
  /** Classes that have no images on purpose; a training set may lack images of no other class. */
  readonly absentClasses?: readonly number[] | undefined;
  /** The set's name in results and messages. Default "arrays". */
  readonly name?: string | undefined;
}

/** These are checked below, because they depend on one another. */
const later: Check = () => {};
const arraysChecks: Checks<DatasetArrays> = {
  pixels: later,
  labels: later,
  shape: later,
  classes: later,
  classNames: later,
  absentClasses: later,
  name: optional(text),
  ...normalizationChecks,
  ...labelChecks,
};

/**
 * Makes a data set of arrays in memory. Labels are counted from 0 unless `labelsFrom` says otherwise. `mean` and `std` are
 * measured unless they are given; give a test part those of its training part, and `classes` too.
 *
 * @throws TypeError and RangeError that name the argument for arrays of another type, lengths that do not fit `shape` and
 * each other, values and labels outside their range, a mean that is not finite, a std that is not above 0.
 * @example
 * const train = datasetFromArrays({ pixels, labels, shape: [1, 28, 28], name: "shapes" }); // pixels: 784 bytes an image
 * const { classes, mean, std } = train;
 * const test = datasetFromArrays({ ...held, shape: [1, 28, 28], classes, mean, std });
 */
export function datasetFromArrays(arrays: DatasetArrays): Dataset {
  checkOptions(arrays, arraysChecks, "arrays");
  const { shape, name = "arrays", classNames, absentClasses, mean, std } = arrays;
  const labels = labelsOf(arrays);
  const [channels, height, width] = imageShape(shape, labels.length);
  const pixels = bytesOf(arrays.pixels);
  const bytes = labels.length * channels * height * width;
  if (pixels.length !== bytes) {
    const sizes = [labels.length, channels, height, width].join(" × ");
    throw new RangeError(
      `"pixels" expected ${sizes} = ${bytes} values, as "labels" and "shape" say, got ${pixels.length}`,
    );
  }
  const { classes = classNames?.length ?? labels.reduce((most, label) => Math.max(most, label), 0) + 1 } = arrays;
  wholeNumber("classes", classes, 1, maximumClasses);
  if (classNames !== undefined) checkNames("classNames", classNames, classes);
  if (absentClasses !== undefined) checkAbsent("absentClasses", absentClasses, classes);
  checkLabels("labels", labels, classes);
  const images = {
    ...{ name, pixels, labels, channels, height, width, classes },
    ...(classNames && { classNames }),
    ...(absentClasses && { absentClasses }),
  };
  return datasetOf(images, { ...(mean !== undefined && { mean }), ...(std !== undefined && { std }) });
}

/** Returns [channels, height, width]. */
function imageShape(shape: readonly number[], count: number): [number, number, number] {
  const expected = "[channels, height, width] or [n, channels, height, width]";
  if (!Array.isArray(shape)) throw new TypeError(`"shape" expected ${expected}, got ${shown(shape)}`);
  if (shape.length !== 3 && shape.length !== 4)
    throw new RangeError(`"shape" expected ${expected}, got ${quote(shape)}`);
  for (const [i, side] of shape.entries()) wholeNumber(`shape[${i}]`, side, 1);
  if (shape.length === 4 && shape[0] !== count) {
    throw new RangeError(`"shape" expected ${count} images, as there are labels, got [${shape.join(", ")}]`);
  }
  return shape.slice(-3) as [number, number, number];
}

/** Turns labels into classes. */
function labelsOf({ labels, labelsFrom: from = 0 }: DatasetArrays): Uint8Array {
  const list = Array.isArray(labels) || (ArrayBuffer.isView(labels) && "length" in labels);
  if (!list) throw new TypeError(`"labels" expected an array of whole numbers, got ${shown(labels)}`);
  if (labels.length === 0) throw new RangeError('"labels" expected a label for each image, got none');
  return Uint8Array.from({ length: labels.length }, (_, i) => {
    const label = typeof labels[i] === "bigint" ? Number(labels[i]) : labels[i]!;
    const found = classOf(label, from);
    if (found !== undefined) return found;
    const expected = `expected whole numbers from ${from} to ${from + maximumClasses - 1}, got ${quote(label)} at ${i}`;
    const numbers = Number.isInteger(label) ? Array.from(labels, Number) : [];
    throw new RangeError(`"labels" ${expected}${shiftAdvice(numbers, maximumClasses)}`);
  });
}

function bytesOf(pixels: DatasetArrays["pixels"]): Uint8Array {
  if (isBytes(pixels)) return pixels;
  if (arrayKind(pixels) === "Uint8ClampedArray") return new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length);
  if (!isFloats(pixels)) {
    const expected = "Uint8Array, Uint8ClampedArray, or Float32Array of values from 0 to 1";
    throw new TypeError(`"pixels" expected ${expected}, got ${shown(pixels)}`);
  }
  const bytes = new Uint8Array(pixels.length);
  for (let i = 0; i < bytes.length; i++) {
    const value = pixels[i]!;
    if (!(value >= 0 && value <= 1)) throw new RangeError(`"pixels" expected floats from 0 to 1, got ${value} at ${i}`);
    bytes[i] = Math.round(value * 255);
  }
  return bytes;
}
