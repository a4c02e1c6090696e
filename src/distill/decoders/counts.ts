// How many images a decoder makes of the storage of those that a method counts.
import { outOfRange } from "../../checks/refusal.ts";
import type { Model } from "../../nn/model.ts";
import { smallSide } from "../decoder-sizes.ts";
import type { FormationImages, MemoryImages } from "../image-options.ts";
import { mostImagesPerStep } from "../limits.ts";

/** Images that are stored: blocks, and images in each. */
export interface StoredCounts {
  readonly steps: number;
  readonly imagesPerStep: number;
}

/**
 * Returns the number of decoded images in a block, for the storage of `stored`; equally many of each class if `even`.
 *
 * @throws RangeError if an image has no room for so many tiles, or the storage has no room for bases and an image of each class.
 */
export function decodedImages(
  choice: FormationImages | MemoryImages,
  stored: StoredCounts,
  model: Pick<Model, "inputShape" | "classes">,
  even: boolean,
): number {
  const count = choice.name === "formation" ? tiles(choice, stored, model) : sums(choice, stored, model, even);
  if (count <= mostImagesPerStep) return count;
  throw new RangeError(`"images" expected to make at most ${mostImagesPerStep} images of a block, got ${count}`);
}

function tiles(
  { factor }: FormationImages,
  { imagesPerStep }: StoredCounts,
  { inputShape }: Pick<Model, "inputShape">,
): number {
  const [, height, width] = inputShape;
  if (factor > Math.min(height, width)) {
    throw outOfRange("images.factor", `at most the smaller side of an image, ${Math.min(height, width)}`, factor);
  }
  return imagesPerStep * factor * factor;
}

/** ⌊(n·c·h·w − J·c·h·w/d²) / J⌋ of all blocks, or J·classes in the place of J (Deng and Russakovsky). */
function sums(
  { bases, scale, decodedPerClass }: MemoryImages,
  { steps, imagesPerStep }: StoredCounts,
  { inputShape, classes }: Pick<Model, "inputShape" | "classes">,
  even: boolean,
): number {
  const [channels, height, width] = inputShape;
  if (scale > Math.min(height, width)) {
    throw outOfRange("images.scale", `at most the smaller side of an image, ${Math.min(height, width)}`, scale);
  }
  if (decodedPerClass !== undefined) return decodedPerClass * classes;
  const [rows, columns] = smallSide(inputShape, scale);
  const room = steps * imagesPerStep * channels * height * width;
  const taken = bases * channels * rows * columns;
  const together = even ? classes : 1;
  const count = together * Math.floor((room - taken) / (bases * steps * together));
  if (count > 0) return count;
  throw new RangeError(
    `"images.bases" expected fewer than ${bases}: the storage of ${steps * imagesPerStep} images, ${room} floats, has no room ` +
      `for as many bases, ${taken} floats, and for weights of images beside them`,
  );
}
