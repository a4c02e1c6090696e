// Checks the options of readers at run time: one table for all readers of files, each of which uses what
// concerns it.
import {
  byteSource,
  type Check,
  callback,
  listOf,
  number,
  oneOf,
  optional,
  signal,
  text,
  whole,
  wholeNumber,
} from "../checks/checks.ts";
import { type Checks, thing } from "../checks/options.ts";
import { outOfRange, wrongKind } from "../checks/refusal.ts";
import { seedCheck } from "../numeric/random.ts";
import type { Normalization } from "./dataset.ts";
import { farthestStart, type LabelOptions } from "./labels.ts";
import type { ClassSplitOptions, LoadDatasetOptions } from "./load-options.ts";

const maximumSide = 4096;

/** Checks for the content of a file, or a function that reads it. */
const content: Check = (name, value) => {
  if (typeof value !== "function") byteSource(name, value);
};

/** Checks for the files of a data set. */
export const checkFiles: Check = listOf(
  "an array of files { path, bytes }",
  thing("a file { path, bytes }", { path: text, bytes: content, name: optional(text) }),
);

/** Checks for the shape of images, which may be known before any is read. */
export const shapeCheck: Check = thing("a data set or its shape", {
  count: whole(0),
  channels: whole(1),
  height: whole(1),
  width: whole(1),
  classes: whole(1),
});

/** Checks for a side, or [height, width]. */
export const checkSize: Check = (name, value) => {
  const expected = `integers from 1 to ${maximumSide}`;
  if (typeof value !== "number" && !Array.isArray(value)) throw wrongKind(name, "an integer or [height, width]", value);
  const sides: readonly unknown[] = typeof value === "number" ? [value, value] : value;
  const wrong = sides.find((side) => typeof side !== "number");
  if (wrong !== undefined) throw wrongKind(name, expected, wrong);
  if (sides.length !== 2) throw outOfRange(name, "an integer or [height, width]", value);
  for (const side of sides as readonly number[]) {
    if (!Number.isInteger(side) || side < 1 || side > maximumSide) throw outOfRange(name, expected, side);
  }
};

/** Returns height and width of a size that `checkSize` has accepted. */
export function bothSides(size: number | readonly [height: number, width: number]): readonly [number, number] {
  return typeof size === "number" ? [size, size] : size;
}

export const fitCheck: Check = oneOf("cover", "squash");
const channels: Check = (name, value) => {
  wholeNumber(name, value, 1);
  if (value !== 1 && value !== 3) throw outOfRange(name, "1 or 3", value);
};

export const splitChecks: Checks<ClassSplitOptions> = {
  testShare: optional(number("a number between 0 and 1", (share) => share > 0 && share < 1)),
  seed: optional(seedCheck),
};

const perChannel: Check = optional(listOf("an array of numbers", number("a finite number", Number.isFinite)));
export const normalizationChecks: Checks<Normalization> = { mean: perChannel, std: perChannel };

export const labelChecks: Checks<LabelOptions> = {
  labelsFrom: optional(
    number(
      `integer from ${-farthestStart} to ${farthestStart}`,
      (start) => Number.isInteger(start) && Math.abs(start) <= farthestStart,
    ),
  ),
};

export const loadChecks: Checks<LoadDatasetOptions> = /* @__PURE__ */ (() => ({
  name: optional(text),
  source: optional(text),
  size: optional(checkSize),
  fit: optional(fitCheck),
  channels: optional(channels),
  decode: optional(callback),
  signal: optional(signal),
  onProgress: optional(callback),
  ...splitChecks,
  ...normalizationChecks,
  cifar100Labels: optional(oneOf("fine", "coarse")),
  ...labelChecks,
  onNotice: optional(callback),
}))();
