// The shapes of the named recipes' data sets, to estimate memory and time before the data are loaded.
import type { DataShape } from "../distill/fit.ts";
import type { RecipeData } from "./recipe.ts";

const shape = (count: number, channels: number, size: number, classes: number): DataShape => ({
  count,
  channels,
  height: size,
  width: size,
  classes,
});

/** The shapes of the training images. Photographs have the size that a recipe says. */
const shapes: Readonly<Record<string, DataShape>> = {
  digits: shape(9000, 1, 28, 10),
  mnist: shape(60_000, 1, 28, 10),
  "fashion-mnist": shape(60_000, 1, 28, 10),
  usps: shape(7291, 1, 16, 10),
  svhn: shape(73_257, 3, 32, 10),
  cifar10: shape(50_000, 3, 32, 10),
  voc2007: shape(15_662, 3, 224, 20),
  cub200: shape(5994, 3, 224, 200),
  hymenoptera: shape(244, 3, 224, 2),
  // Four of five images of each class are training images.
  flowers5: shape(3454, 3, 128, 5),
};

/** Returns the shape of a recipe's data, if a named recipe uses data of that name. */
export function knownShape({ name, size, padding = 0, channels }: RecipeData): DataShape | undefined {
  if (!Object.hasOwn(shapes, name)) return undefined;
  const known = shapes[name]!;
  const [height, width] = [known.height, known.width].map((side) => size ?? side + 2 * padding) as [number, number];
  return { ...known, name, channels: channels ?? known.channels, height, width };
}
