// The data of a recipe.
import {
  type Asked,
  asked,
  type Complete,
  flag,
  type Kind,
  number,
  type Open,
  open,
  whole,
} from "../../checks/declare.ts";
import { Misfit, nested, object } from "../../checks/read.ts";
import { type Augmentation, augmentOptions } from "../../data/augment-options.ts";
import { farthestStart } from "../../data/labels.ts";
import { epsilonRange } from "../../data/whitening.ts";
import { line, path } from "./kinds.ts";

const channels: Kind<1 | 3> = nested("other", "1 or 3", (value, at) => {
  if (value !== 1 && value !== 3) throw new Misfit(at, "1 or 3", value, typeof value === "number" ? "range" : "kind");
  return value;
});

/** Declares the data of a recipe. */
export const dataOptions = {
  /** The name of a known data set, or a name for any other. */
  name: asked(line("the name of a data set"), {
    help: "which data set it is: the name of a known one, or a name for any other",
  }) as Asked<string>,
  /** The folder or file that holds it. */
  path: open(path, { help: "where it is: a folder, an archive or a file" }) as Open<string>,
  /** Side of the square that images are made into, padding included. */
  size: open(whole(1, 4096), {
    help: "how many pixels high and wide images are made, padding included",
    flag: "--size <n>",
  }) as Open<number>,
  /** Black pixels on each side. */
  padding: open(whole(0, 2047), {
    help: "how many black pixels are added on each side of the images",
    flag: "--padding <n>",
  }) as Open<number>,
  /** The label of the first class in the files; 0 by default. */
  labelsFrom: open(whole(-farthestStart, farthestStart), {
    help: "which label the first class has in the files, such as 1 in EMNIST's letters; 0 by default",
    flag: "--labels-from <n>",
  }) as Open<number>,
  /** 1 makes images grey, 3 makes three channels of grey ones. */
  channels: open(channels, { help: "how many channels images are made to have: 1 for grey, 3 for colours" }) as Open<
    1 | 3
  >,
  /** Whitens the images (ZCA), with this added to the variances. */
  zca: open(number({ least: epsilonRange.least, most: epsilonRange.most }), {
    help: "whiten the images (ZCA) with this added to their variances, such as 0.1; networks see and learn whitened images",
    flag: "--zca <epsilon>",
  }) as Open<number>,
  /** Tests on training images that are held back, a tenth of each class and about 2,000 at most, and never reads the test images. */
  validation: open(flag, {
    help: "test on a tenth of the training images, held back, and not on the test images: to choose options by",
    flag: "--validation",
  }) as Open<boolean>,
  /** The augmentation of training images, drawn anew for each batch. */
  augment: open(object(augmentOptions), {
    help: "how training images are augmented, drawn anew for each batch",
  }) as Open<Augmentation>,
};

/** The data of a recipe. */
export interface RecipeData extends Complete<typeof dataOptions> {}

export const dataKind: Kind<RecipeData> = object(dataOptions, ({ size = Infinity, padding = 0, zca, augment }, at) => {
  if (zca !== undefined && augment) throw new Misfit([...at, "augment"], "nothing beside zca", augment, "range");
  if (size <= 2 * padding) throw new Misfit([...at, "size"], "integer above twice the padding", size, "range");
});
