// Declares the options of augmentations, apart from the code that augments.
// A page's worker has a stand-in for this module (scripts/build-page.mjs), because the page has checked already. So code here
// may neither change nor fill in what it is given.

import type { Check } from "../checks/checks.ts";
import { checksOf, flag, type Given, type Kind, type Open, open, whole } from "../checks/declare.ts";
import { checkOptions } from "../checks/options.ts";
import { outOfRange, wrongKind } from "../checks/refusal.ts";

type Range = readonly [least: number, most: number];

/** The kind of [least, most], above 0 and up to `limit`. */
/* @__NO_SIDE_EFFECTS__ */
function range(limit: number): Kind<Range> {
  const expected = `0 < least <= most <= ${limit} as [least, most]`;
  const check: Check = (name, value) => {
    if (!Array.isArray(value) || value.some((end) => typeof end !== "number")) throw wrongKind(name, expected, value);
    const [least, most] = value as [number, number];
    if (!(value.length === 2 && least > 0 && least <= most && most <= limit)) throw outOfRange(name, expected, value);
  };
  return { type: "other", expected, check };
}

const rangeOptions = {
  /** The range of the part's share of the area. Default [0.08, 1]. */
  scale: open(range(1), { help: "how much of the image's area the part has; [0.08, 1] by default" }) as Open<Range>,
  /** The range of the part's width / height. Default [3/4, 4/3]. */
  ratio: open(range(100), { help: "how wide the part is for its height; [3/4, 4/3] by default" }) as Open<Range>,
};

/** The ranges of torchvision's RandomResizedCrop. */
export interface ResizedCropRanges extends Given<typeof rangeOptions> {}

const rangeChecks = checksOf(rangeOptions);

const resizedCrop: Kind<boolean | ResizedCropRanges> = {
  type: "other",
  expected: "true, false or an object of scale and ratio, each [least, most]",
  check(name, value) {
    if (typeof value !== "boolean") checkOptions(value, rangeChecks, name, `${name}.`);
  },
  options: rangeOptions,
};

/** Declares the augmentation of training images. */
export const augmentOptions = {
  /** Pads by so many reflected pixels, then crops at random: RandomCrop(size, padding, padding_mode="reflect"). */
  crop: open(whole(0), {
    inRecipe: whole(1, 4096),
    help: "how many reflected pixels are added on each side before a crop at random",
  }) as Open<number>,
  /** Crops a random part and resizes it to the whole, bicubic: RandomResizedCrop. */
  resizedCrop: open(resizedCrop, { help: "crops a part at random and resizes it to the whole" }) as Open<
    boolean | ResizedCropRanges
  >,
  /** Mirrors left to right, at the end, with probability 1/2: RandomHorizontalFlip. */
  flip: open(flag, { help: "mirrors every second image, at random" }) as Open<boolean>,
};

/**
 * The augmentation of training images, as plain data, so that a recipe can hold it. Parts that are left out are not done.
 *
 * @example
 * const cifar: Augmentation = { crop: 4, flip: true };
 * const photographs: Augmentation = { resizedCrop: true, flip: true };
 */
export interface Augmentation extends Given<typeof augmentOptions> {}

const augmentChecks = checksOf(augmentOptions);

/** Checks what can be checked of an augmentation before the images are known. */
export const augmentCheck: Check = (name, value) => checkOptions(value, augmentChecks, name, `${name}.`);
