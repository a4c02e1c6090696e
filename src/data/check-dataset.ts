// Checks the data sets that users hand in, once, where they enter a public function; the code behind it trusts them. A check
// looks at every label and at no pixel, so it costs little beside a run.
// A page's worker has a stand-in for this module (scripts/build-page.mjs), because the page has checked already. So code here
// may neither change nor fill in what it is given.

import { wholeNumber } from "../checks/checks.ts";
import { shown } from "../checks/refusal.ts";
import { isBytes, isObject } from "../kinds.ts";
import { quote } from "../quote.ts";
import type { Dataset, DatasetSplit, LabelledPixels } from "./dataset.ts";
import { maximumClasses, shiftAdvice } from "./labels.ts";
import { checkWhitenedImages } from "./whitening.ts";

/** The functions that make a data set of other arrays. */
const makers = "digits(), datasetFromArrays() and the readers make one";

/**
 * Throws a TypeError or RangeError that names the field after `name`, unless `value` is a data set whose fields fit each
 * other: as many pixels and labels as its sizes say, every label below `classes`, and for each channel a finite mean and a
 * std above 0. Returns it.
 */
export function checkDataset(name: string, value: unknown): Dataset {
  const data = checkFields(name, value) as Dataset;
  wholeNumber(`${name}.count`, data.count, 0);
  checkArrays(name, data, data.count);
  checkMoments(name, data);
  if (data.whitened !== undefined) checkWhitenedImages(`${name}.whitened`, data.whitened, data.count, data);
  return data;
}

/** Like `checkDataset`, for a set that may be neither counted nor normalised yet. */
export function checkLabelled(name: string, value: unknown): LabelledPixels {
  if (isObject(value) && ("count" in value || "mean" in value)) return checkDataset(name, value);
  const images = checkFields(name, value) as LabelledPixels;
  checkArrays(name, images, images.labels.length);
  return images;
}

/** Like `checkDataset`, for a set or for both parts of a split. */
export function checkSetOrSplit<T extends Dataset | DatasetSplit>(name: string, value: T): T {
  if (isObject(value) && "train" in value) {
    checkDataset(`${name}.train`, value.train);
    checkDataset(`${name}.test`, value.test);
  } else checkDataset(name, value);
  return value;
}

/** Throws unless `value` holds a finite number for each of `channels`; with `above`, each must be larger. */
export function checkPerChannel(name: string, value: unknown, channels: number, above: number = -Infinity): void {
  const expected = `${channels} finite numbers${above === -Infinity ? "" : ` > ${above}`}`;
  if (!Array.isArray(value)) throw new TypeError(`"${name}" expected an array of ${expected}, got ${shown(value)}`);
  if (value.length === channels && value.every((v) => Number.isFinite(v) && v > above)) return;
  const got = `${value.slice(0, 8).map(quote)}${value.length > 8 ? ",…" : ""}`;
  throw new RangeError(`"${name}" expected ${expected}, got [${got}]`);
}

/** Checks the sizes, the types of the arrays, and the fields that may be left out. */
function checkFields(name: string, value: unknown): Partial<Dataset> {
  if (!isObject(value)) throw new TypeError(`"${name}" expected a data set (${makers}), got ${shown(value)}`);
  const data: Partial<Dataset> = value;
  for (const side of ["channels", "height", "width"] as const) wholeNumber(`${name}.${side}`, data[side], 1);
  const { classes, classNames, absentClasses } = data;
  wholeNumber(`${name}.classes`, classes, 1, maximumClasses);
  for (const field of ["pixels", "labels"] as const) {
    if (isBytes(data[field])) continue;
    const got = shown(data[field]);
    throw new TypeError(`"${name}.${field}" expected Uint8Array, got ${got} (${makers} of other arrays)`);
  }
  if (data.name !== undefined && typeof data.name !== "string") {
    throw new TypeError(`"${name}.name" expected a string, got ${shown(data.name)}`);
  }
  if (classNames !== undefined) checkNames(`${name}.classNames`, classNames, classes!);
  if (absentClasses !== undefined) checkAbsent(`${name}.absentClasses`, absentClasses, classes!);
  return data;
}

/** Throws unless `value` is a name for each of `classes`. */
export function checkNames(name: string, value: unknown, classes: number): void {
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw new TypeError(`"${name}" expected an array of ${classes} strings, got ${shown(value)}`);
  }
  if (value.length === classes) return;
  throw new RangeError(`"${name}" expected ${classes} strings, one for each class, got ${value.length}`);
}

/** Throws unless `value` is a list of classes. */
export function checkAbsent(name: string, value: unknown, classes: number): void {
  if (!Array.isArray(value)) throw new TypeError(`"${name}" expected an array of classes, got ${shown(value)}`);
  for (const [i, label] of value.entries()) wholeNumber(`${name}[${i}]`, label, 0, classes - 1);
}

function checkArrays(name: string, data: LabelledPixels, count: number): void {
  const { pixels, labels, channels, height, width, classes } = data;
  if (labels.length !== count) {
    throw new RangeError(`"${name}.labels" expected ${count} labels, one for each image, got ${labels.length}`);
  }
  const bytes = count * channels * height * width;
  if (pixels.length !== bytes) {
    const sizes = [count, channels, height, width].join(" × ");
    throw new RangeError(`"${name}.pixels" expected ${sizes} = ${bytes} bytes, got ${pixels.length}`);
  }
  checkLabels(`${name}.labels`, labels, classes);
}

/** Throws RangeError unless every label is below `classes`; the message says so if the labels do not start at 0. */
export function checkLabels(name: string, labels: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < labels.length; i++) {
    if (labels[i]! < classes) continue;
    const expected = `expected labels from 0 to ${classes - 1}, got ${labels[i]} at ${i}`;
    throw new RangeError(`"${name}" ${expected}${shiftAdvice(labels, classes)}`);
  }
}

function checkMoments(name: string, { mean, std, channels }: Dataset): void {
  checkPerChannel(`${name}.mean`, mean, channels);
  checkPerChannel(`${name}.std`, std, channels, 0);
}
