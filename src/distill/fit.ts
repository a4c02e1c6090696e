// Do images, sets and models fit together? Asked once, before anything runs.
import type { Dataset } from "../data/dataset.ts";
import { ShapeError } from "../errors.ts";
import { elements } from "../nn/layer.ts";
import type { Model } from "../nn/model.ts";
import type { DistilledSet } from "./distilled-set.ts";

/** What a model needs to know of a data set: one that is there, or one that is going to be. */
export type DataShape = Pick<Dataset, "count" | "channels" | "height" | "width" | "classes"> & {
  readonly name?: string | undefined;
};

/** Throws ShapeError unless the model takes the data set's images and tells its classes; RangeError if it is empty. */
export function checkImages(name: "data" | "test", data: DataShape, model: Model): void {
  const [channels, height, width] = model.inputShape;
  if (data.channels !== channels || data.height !== height || data.width !== width) {
    throw new ShapeError(
      `the model expects images [${model.inputShape}], "${data.name ?? name}" has [${data.channels},${data.height},${data.width}]`,
    );
  }
  if (data.classes > model.classes) {
    throw new ShapeError(`the model has ${model.classes} classes, "${data.name ?? name}" has ${data.classes}`);
  }
  if (data.count === 0) throw new RangeError(`"${name}" expected at least one image, got none`);
}

/** Throws ShapeError unless the model can be trained on the set; RangeError where the set contradicts itself. */
export function checkSet(set: DistilledSet, model: Model): void {
  const [channels, height, width] = model.inputShape;
  if (set.channels !== channels || set.height !== height || set.width !== width || set.classes !== model.classes) {
    throw new ShapeError(
      `the model expects images [${model.inputShape}] of ${model.classes} classes, ` +
        `the set has [${set.channels},${set.height},${set.width}] of ${set.classes}`,
    );
  }
  const rows = set.steps * set.imagesPerStep;
  const lengths = {
    images: rows * elements(model.inputShape),
    targets: rows * set.classes,
    learningRates: set.steps * set.epochs,
  };
  for (const [name, length] of Object.entries(lengths) as [keyof typeof lengths, number][]) {
    if (set[name].length !== length)
      throw new RangeError(`"set.${name}" expected ${length} floats, got ${set[name].length}`);
  }
}
