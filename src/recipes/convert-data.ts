// Images as a recipe wants them.
import type { Dataset, DatasetSplit } from "../data/dataset.ts";
import { ShapeError } from "../errors.ts";
import type { RecipeData } from "./recipe.ts";

/** The images with as many channels as wanted: grey ones three times the same. Throws ShapeError where that cannot be. */
export function convertData(
  { train, test }: DatasetSplit,
  { channels, size }: Pick<RecipeData, "channels" | "size">,
): DatasetSplit {
  const convert = (dataset: Dataset): Dataset => {
    const { name, height, width } = dataset;
    if (size !== undefined && (height !== size || width !== size)) {
      throw new ShapeError(`${name}: expected images of ${size}×${size}, got ${height}×${width}`);
    }
    return channels === undefined || channels === dataset.channels ? dataset : inThreeChannels(dataset, channels);
  };
  return { train: convert(train), test: convert(test) };
}

function inThreeChannels(dataset: Dataset, channels: number): Dataset {
  if (dataset.channels !== 1 || channels !== 3) {
    throw new ShapeError(`${dataset.name}: expected images of ${channels} channels or 1, got ${dataset.channels}`);
  }
  const { pixels, count, height, width, mean, std } = dataset;
  const plane = height * width;
  const three = new Uint8Array(3 * pixels.length);
  for (let i = 0; i < count; i++) {
    const image = pixels.subarray(i * plane, (i + 1) * plane);
    for (let c = 0; c < 3; c++) three.set(image, (3 * i + c) * plane);
  }
  const repeated = (values: readonly number[]): number[] => [values[0]!, values[0]!, values[0]!];
  return { ...dataset, pixels: three, channels: 3, mean: repeated(mean), std: repeated(std) };
}
