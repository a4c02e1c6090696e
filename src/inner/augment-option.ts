// The options of methods that augment distilled images while these are learned (augment-strategies.ts): by which strategies.

import { type Kind, list, type Open, open, word } from "../checks/declare.ts";
import { type AugmentStrategy, strategyNames } from "./augment-strategies.ts";

/** The strategies of an augmentation of distilled images. A command line has a word for none of them. */
export const strategiesKind: Kind<readonly AugmentStrategy[]> = {
  ...list("a list of strategies", word(...strategyNames)),
  words: ["none"],
};

/** The strategies of siamese augmentation, which does the same to the real images of a class as to the set's. Default: none. */
export const siameseAugment: Open<readonly AugmentStrategy[]> = open(strategiesKind, {
  help: "which strategies augment real and distilled images of a class alike, one drawn for each class: none, or some of color,crop,cutout,flip,scale,rotate",
  flag: "--augment <list>",
});

/** The strategies of the distilled images in gradient steps through which the outer gradient goes back. Default: none. */
export const stepAugment: Open<readonly AugmentStrategy[]> = open(strategiesKind, {
  help: "which strategies augment distilled images, one drawn for each gradient step: none, or some of color,crop,cutout,flip,scale,rotate",
  flag: "--augment <list>",
});
