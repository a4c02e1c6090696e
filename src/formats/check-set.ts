// Distilled sets as users hand them in: whether each field is of its kind.
import { type Check, float32, isObject, kind, listOf, number, whole } from "../checks/checks.ts";
import { thing } from "../checks/options.ts";
import type { DistilledSet } from "../distill/distilled-set.ts";

const numbers = listOf(
  "an array of numbers",
  number("a number", () => true),
);
const setCheck: Check = thing("a distilled set, as distill() and loadDistilled() give it", {
  steps: whole(1),
  epochs: whole(1),
  imagesPerStep: whole(1),
  channels: whole(1),
  height: whole(1),
  width: whole(1),
  classes: whole(1),
  images: float32,
  targets: float32,
  learningRates: float32,
  mean: numbers,
  std: numbers,
  recipe: kind("an object", isObject),
});

/** Throws TypeError or RangeError, naming the field after `name`, unless `value` is a distilled set. Returns it. */
export function checkDistilledSet(name: string, value: unknown): DistilledSet {
  setCheck(name, value);
  return value as DistilledSet;
}
