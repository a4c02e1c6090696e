// What the data sets of the named recipes are like, known before they are at hand: for estimates of memory and time.
import type { DataShape } from "../distill/fit.ts";
import type { RecipeData } from "./recipe.ts";

const shape = (count: number, channels: number, size: number, classes: number): DataShape => ({
  count,
  channels,
  height: size,
  width: size,
  classes,
});

/** Training images. */
const shapes: Readonly<Record<string, DataShape>> = {
  digits: shape(9000, 1, 28, 10),
  mnist: shape(60_000, 1, 28, 10),
};

/** The shape of a recipe's data, if its name is one of a named recipe's. */
export function knownShape({ name }: RecipeData): DataShape | undefined {
  return Object.hasOwn(shapes, name) ? { ...shapes[name]!, name } : undefined;
}
