// Checks an augmentation once the size of the images is known, apart from the code that augments.
import { outOfRange } from "../checks/refusal.ts";
import { type Augmentation, augmentCheck } from "./augment-options.ts";

/** The shape of one image. */
export interface AugmentShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** There if the images are whitened. */
  readonly whitened?: unknown;
}

/** Throws TypeError or RangeError unless `augmentation` is possible for images of `shape`. Returns it. */
export function checkAugmentation(augmentation: Augmentation, shape: AugmentShape): Augmentation {
  augmentCheck("augment", augmentation);
  if (shape.whitened !== undefined) {
    throw new RangeError(
      '"augment" expected nothing with whitened images, which are made once: leave out one of the two',
    );
  }
  const { crop = 0, resizedCrop = false } = augmentation;
  const most = Math.min(shape.height, shape.width) - 1;
  if (crop > most) throw outOfRange("augment.crop", `integer in 0..${most}, below the side`, crop);
  if (crop > 0 && resizedCrop) throw new RangeError(`"augment" expected crop or resizedCrop, got both`);
  return augmentation;
}
