// Data sets as users hand them in: whether each field is of its kind.
import { bytes, type Check, isObject, listOf, number, optional, text, whole } from "../checks/checks.ts";
import { thing } from "../checks/options.ts";
import type { Dataset, DatasetSplit, LabelledPixels } from "./dataset.ts";

const what = "a data set, as digits() and the readers give it";
const anyNumber = number("a number", () => true);
const labelled = {
  pixels: bytes,
  labels: bytes,
  channels: whole(1),
  height: whole(1),
  width: whole(1),
  classes: whole(1),
  classNames: optional(listOf("an array of strings", text)),
};
const labelledCheck: Check = thing(what, labelled);
const datasetCheck: Check = thing(what, {
  ...labelled,
  count: whole(0),
  mean: listOf("an array of numbers", anyNumber),
  std: listOf("an array of numbers", anyNumber),
});

/** Throws TypeError or RangeError, naming the field after `name`, unless `value` is a data set. Returns it. */
export function checkDataset(name: string, value: unknown): Dataset {
  datasetCheck(name, value);
  return value as Dataset;
}

/** As `checkDataset` of a set that may be neither counted nor normalised yet. */
export function checkLabelled(name: string, value: unknown): LabelledPixels {
  labelledCheck(name, value);
  return value as LabelledPixels;
}

/** As `checkDataset`, of a set or of both parts of a split. */
export function checkSetOrSplit<T extends Dataset | DatasetSplit>(name: string, value: T): T {
  if (isObject(value) && "train" in value) {
    checkDataset(`${name}.train`, value.train);
    checkDataset(`${name}.test`, value.test);
  } else checkDataset(name, value);
  return value;
}
