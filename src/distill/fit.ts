// Checks that images, sets and models fit together, once, before anything runs.
import { wholeNumber } from "../checks/checks.ts";
import { checkDataset } from "../data/check-dataset.ts";
import { classCounts, type Dataset } from "../data/dataset.ts";
import { shiftAdvice, startAdvice } from "../data/labels.ts";
import type { WhitenedImages } from "../data/whitening.ts";
import { ShapeError } from "../errors.ts";
import type { Model } from "../nn/model.ts";
import type { DistilledSet } from "./distilled-set.ts";

/** What a model needs to know of a data set, whether it is loaded or not yet. */
export type DataShape = Pick<Dataset, "count" | "channels" | "height" | "width" | "classes"> & {
  readonly name?: string | undefined;
  /** Set if the images are, or will be, whitened. */
  readonly whitened?: boolean | WhitenedImages | undefined;
};

/** Throws ShapeError unless the model takes the data set's images and has its classes; RangeError if the set is empty. */
export function checkImages(name: string, data: DataShape & Partial<Pick<Dataset, "labels">>, model: Model): void {
  const sizes = { channels: data.channels, height: data.height, width: data.width, classes: data.classes };
  for (const [size, value] of Object.entries(sizes)) wholeNumber(`${name}.${size}`, value, 1);
  wholeNumber(`${name}.count`, data.count, 0);
  const [channels, height, width] = model.inputShape;
  if (data.channels !== channels || data.height !== height || data.width !== width) {
    throw new ShapeError(
      `the model expects images [${model.inputShape}], "${data.name ?? name}" has [${data.channels},${data.height},${data.width}]`,
    );
  }
  if (data.classes > model.classes) {
    const advice = data.labels ? shiftAdvice(data.labels, model.classes) : "";
    throw new ShapeError(`the model has ${model.classes} classes, "${data.name ?? name}" has ${data.classes}${advice}`);
  }
  if (data.count === 0) throw new RangeError(`"${name}" expected at least one image, got none`);
}

/** Throws as `checkDataset` and `checkImages` do unless networks of the model can be tested on the images. */
export function checkTest(test: Dataset, model: Model): void {
  checkDataset("test", test);
  checkImages("test", test, model);
  if (model.classes === 1) {
    throw new RangeError('"model" expected at least 2 classes, got 1: it would be right about any image');
  }
}

/** Throws as `checkDataset`, `checkImages` and `checkClasses` do unless networks of the model can be trained on the images. */
export function checkTraining(name: string, data: Dataset, model: Model): void {
  checkDataset(name, data);
  checkImages(name, data, model);
  checkClasses(name, data);
}

/**
 * Throws RangeError for a single class, and for a class of `needed` without images, unless the set says that it is absent
 * on purpose.
 *
 * @param needed The classes that must have images, when the model may have more. Default: every class of the data.
 */
export function checkClasses(name: string, data: Dataset, needed?: Iterable<number>): void {
  if (data.classes === 1) {
    throw new RangeError(`"${name}" expected images of at least 2 classes, got 1: there is nothing to tell apart`);
  }
  const counts = classCounts(data);
  const { classes, absentClasses = [] } = data;
  const wanted = [...(needed ?? counts.keys())];
  const missing = wanted.filter((k) => !counts[k] && !absentClasses.includes(k));
  if (missing.length === 0) return;
  const some = `${missing.slice(0, 5).join(", ")}${missing.length > 5 ? ` and ${missing.length - 5} more` : ""}`;
  const first = counts.findIndex((count) => count > 0);
  const advice = missing.every((k) => k >= classes)
    ? `: the data have ${classes} classes, the model more`
    : startAdvice(first) || ": give some, or number the classes that have images from 0 without a gap";
  throw new RangeError(`"${name}" expected images of each of ${wanted.length} classes, got none of ${some}${advice}`);
}

/** Throws ShapeError unless the model can be trained on the set, whose arrays are known to fit its sizes. */
export function checkSet(set: DistilledSet, model: Model): void {
  const [channels, height, width] = model.inputShape;
  if (set.channels !== channels || set.height !== height || set.width !== width || set.classes !== model.classes) {
    throw new ShapeError(
      `the model expects images [${model.inputShape}] of ${model.classes} classes, ` +
        `the set has [${set.channels},${set.height},${set.width}] of ${set.classes}`,
    );
  }
}
