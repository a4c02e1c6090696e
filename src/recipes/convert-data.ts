// Images as a recipe wants them.
import { resized, toGrey, toRgb } from "../data/convert.ts";
import type { DatasetSplit } from "../data/dataset.ts";
import type { RecipeData } from "./recipe.ts";

/** The images in the size and with the channels that the recipe says, if it does. */
export function convertData(data: DatasetSplit, { size, channels }: RecipeData): DatasetSplit {
  const { height, width } = data.train;
  const sized = size === undefined || (height === size && width === size) ? data : resized(data, size);
  if (channels === undefined || channels === data.train.channels) return sized;
  return channels === 3 ? toRgb(sized) : toGrey(sized);
}
