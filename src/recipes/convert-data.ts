// Converts images to the form that a recipe wants.
import { padded, resized, toGrey, toRgb } from "../data/convert.ts";
import type { DatasetSplit } from "../data/dataset.ts";
import type { RecipeData } from "./recipe.ts";

/** Resizes the images, frames them and converts their channels, if the recipe says so. */
export function convertData(data: DatasetSplit, recipe: RecipeData): DatasetSplit {
  const { padding = 0, channels } = recipe;
  const { height, width } = data.train;
  const size = sizeInside(recipe);
  const sized = size === undefined || (height === size && width === size) ? data : resized(data, size);
  const framed = padding === 0 ? sized : padded(sized, padding);
  if (channels === undefined || channels === framed.train.channels) return framed;
  return channels === 3 ? toRgb(framed) : toGrey(framed);
}

/**
 * Returns the side of the square to which images are resized before they are framed; undefined if they keep their size.
 *
 * @throws RangeError when the padding leaves nothing of the size.
 */
export function sizeInside({ size, padding = 0 }: Pick<RecipeData, "size" | "padding">): number | undefined {
  if (size === undefined) return undefined;
  if (size <= 2 * padding) {
    throw new RangeError(`"size" expected more than twice the padding of ${padding}, got ${size}`);
  }
  return size - 2 * padding;
}
