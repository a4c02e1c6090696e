// What stands behind the images of a set: their pixels, or fewer numbers that a linear decoder makes images of (docs/math.md §14).
// Declared once; every method takes it.

import type { Check } from "../checks/checks.ts";
import {
  type Asked,
  asked,
  type Complete,
  checksOf,
  completed,
  type Filled,
  filled,
  type Given,
  type Group,
  type Open,
  open,
  whole,
  word,
} from "../checks/declare.ts";
import { checkOptions } from "../checks/options.ts";
import { wrongKind } from "../checks/refusal.ts";
import { isObject } from "../kinds.ts";
import { mostImagesPerStep } from "./limits.ts";

const formationOptions = {
  /** f: a stored image is f × f small ones. Default 2. */
  factor: filled(whole(2, 64), 2, {
    help: "into how many small images, across and down, a stored one is cut",
    flag: "--factor <n>",
  }) as Filled<number>,
};

const memoriesOptions = {
  /** J: how many bases there are. */
  bases: asked(whole(1, 65_536), {
    usual: 16,
    help: "how many bases all images are weighted sums of",
    flag: "--bases <n>",
  }) as Asked<number>,
  /** d: a base is so many times smaller than an image, in both directions. Default 2. */
  scale: filled(whole(1, 64), 2, {
    help: "how many times a base is smaller than an image, in both directions",
    flag: "--base-scale <n>",
  }) as Filled<number>,
  /**
   * What bases and weights begin as. "images": bases are small copies of the images that the method begins with, and each image
   * begins near one of its class. "noise": all are drawn by Xavier's uniform scheme, as in the paper. Default "images".
   */
  start: filled(word("images", "noise"), "images", {
    help: "what the bases begin as: small copies of images that the method begins with, or noise",
    flag: "--initial-bases <how>",
  }) as Filled<"images" | "noise">,
  /** R: decoded images of each class in a block. Default: as many as take the room of the images that the method counts. */
  decodedPerClass: open(whole(1, mostImagesPerStep), {
    help: "how many images of each class a block has when decoded; by default as many as have the storage of --images-per-class",
    flag: "--decoded-per-class <n>",
  }) as Open<number>,
};

/** The options of each choice, by its name. */
export const imagesGroups: Readonly<Record<ImagesChoice["name"], Group>> = {
  pixels: {},
  formation: formationOptions,
  memories: memoriesOptions,
};

/** Options of {@link formation}. */
export interface FormationOptions extends Given<typeof formationOptions> {}

/** Options of {@link memories}. */
export interface MemoriesOptions extends Given<typeof memoriesOptions> {}

/** Images that are learned pixel by pixel. */
export interface PixelImages {
  readonly name: "pixels";
}

/** Images that are enlarged tiles of stored ones. */
export interface FormationImages extends Complete<typeof formationOptions> {
  readonly name: "formation";
}

/** Images that are weighted sums of bases, enlarged. */
export interface MemoryImages extends Complete<typeof memoriesOptions> {
  readonly name: "memories";
}

/** What stands behind the images of a set. Plain data, so that it can be saved with a set and sent to a worker. */
export type ImagesChoice = PixelImages | FormationImages | MemoryImages;

/** Images whose pixels are learned themselves: what a run has unless it says otherwise. */
export function pixels(): PixelImages {
  return { name: "pixels" };
}

/**
 * Multi-formation (Kim et al., *Dataset Condensation via Efficient Synthetic-Data Parameterization*, ICML 2022, §4.1;
 * docs/math.md §14): each image that a method counts is stored as `factor` × `factor` tiles of ⌈height / factor⌉ by
 * ⌈width / factor⌉ pixels. Each tile, enlarged bilinearly, is an image of the set, with a label of its own. So one image's
 * storage gives `factor`² images.
 *
 * @throws TypeError for an unknown option, or one of the wrong kind; RangeError for a factor below 2 or above 64.
 * @example
 * distill({ data, model, method: windows({ imagesPerClass: 1 }), images: formation({ factor: 2 }) }); // 4 images a class
 */
export function formation(options: FormationOptions = {}): FormationImages {
  checkOptions(options, checksOf(formationOptions));
  return { name: "formation", ...completed(formationOptions, options) };
}

/**
 * Addressable memories (Deng, Russakovsky, *Remember the Past: Distilling Datasets into Addressable Memories for Neural
 * Networks*, NeurIPS 2022; docs/math.md §14): all images are weighted sums of the same `bases`, small images of
 * ⌈height / scale⌉ by ⌈width / scale⌉ pixels, enlarged bilinearly. What is learned is the bases and each image's weights.
 *
 * Unless `decodedPerClass` says how many images of each class there are, they are as many as fit into the storage of those
 * that the method counts: ⌊(n·c·h·w − bases·c·h·w/scale²) / (bases·classes)⌋ for n images of all classes in one block.
 *
 * @throws TypeError for an unknown option, or one of the wrong kind; RangeError for counts below 1.
 * @example
 * distill({ data, model, method: windows({ imagesPerClass: 1 }), images: memories({ bases: 16 }) }); // 29 digits a class
 */
export function memories(options: MemoriesOptions): MemoryImages {
  checkOptions(options, checksOf(memoriesOptions));
  return { name: "memories", ...completed(memoriesOptions, options) };
}

const makers = { pixels, formation, memories };

/** Checks what `distill` takes as `images`. */
export const checkImagesChoice: Check = (argument, value) => {
  const { name, ...given } = isObject(value) ? value : {};
  if (!Object.hasOwn(imagesGroups, name as string)) {
    throw wrongKind(argument, "what pixels(), formation() or memories() gives", value);
  }
  const options: Group = imagesGroups[name as ImagesChoice["name"]];
  checkOptions(given, checksOf(options), argument, `${argument}.`);
};

/** Makes the choice from options that include its name. */
export function makeImages({ name, ...options }: ImagesChoice): ImagesChoice {
  return makers[name](options as never);
}

/** Returns the choice as a recipe has it: undefined for pixels, which need not be said. */
export function decoderChoice(images: ImagesChoice | undefined): FormationImages | MemoryImages | undefined {
  return images === undefined || images.name === "pixels" ? undefined : images;
}
