// The options of the back-gradient method (Wang et al. 2018), declared once.

import { oneOf, optional } from "../../../checks/checks.ts";
import {
  type Asked,
  asked,
  type Complete,
  checksOf,
  completed,
  either,
  type Filled,
  filled,
  flag,
  type Given,
  type Kind,
  list,
  number,
  type Open,
  open,
  whole,
  word,
} from "../../../checks/declare.ts";
import { checkOptions } from "../../../checks/options.ts";
import { outOfRange } from "../../../checks/refusal.ts";
import { innerOptimizerOptions } from "../../../inner/inner-optimizer.ts";
import { trajectoryMemory } from "../../../inner/memory-option.ts";
import type { TrajectoryMemory } from "../../../inner/segments.ts";
import { mostImagesPerStep, mostInnerSteps } from "../../limits.ts";

/**
 * The classes that the images of a block begin with, one-hot. `"even"`: spread over the classes in their order, so that
 * `imagesPerClass` of them are of each. `"random"`: drawn for each image. A list: for the images of every block.
 */
export type InitialLabels = "even" | "random" | readonly number[];

const initialLabels: Kind<InitialLabels> = either(
  ["even", "random"],
  list('"even", "random" or an array of classes', whole(0)),
);

/** The declaration. The types, the checks, the defaults, the flags and the docs of these options come from here. */
export const backGradientOptions = {
  /** Gradient steps in one pass: blocks of images. */
  steps: asked(whole(1, mostInnerSteps), {
    usual: 10,
    help: "how many gradient steps a pass takes, each on a block of images of its own",
    flag: "--steps <n>",
  }) as Asked<number>,
  /** Passes over the blocks; every (epoch, step) has a learning rate of its own. */
  epochs: asked(whole(1, mostInnerSteps), {
    usual: 3,
    help: "how many passes a network makes over the images that it is trained on, the distilled ones",
    flag: "--epochs <n>",
  }) as Asked<number>,
  /** Images per class in one block. Either this or `imagesPerStep` says how many images there are. */
  imagesPerClass: open(whole(1, mostImagesPerStep), {
    usual: 1,
    help: "how many images of each class a block has",
    flag: "--images-per-class <n>",
  }) as Open<number>,
  /** Images in one block, whatever the classes. Either this or `imagesPerClass` says how many images there are. */
  imagesPerStep: open(whole(1, mostImagesPerStep), {
    insteadOf: "imagesPerClass",
    help: "how many images a block has, whatever the classes",
    flag: "--images-per-step <n>",
  }) as Open<number>,
  /** Whether labels are learned with the pixels. Default "fixed". */
  labels: filled(word("fixed", "learned"), "fixed", {
    help: "whether the labels stay fixed or are learned with the images",
    flag: "--labels <how>",
  }) as Filled<"fixed" | "learned">,
  /** The classes that images begin with. Default "even". */
  initialLabels: filled(initialLabels, "even", {
    help: "which classes the images of a block begin with: even spreads them, random draws them, 0,1,2 lists them",
    flag: "--initial-labels <how>",
  }) as Filled<InitialLabels>,
  /** Whether each network sees the blocks in an order of its own. Default false: in their order, as in the paper. */
  shuffle: filled(flag, false, {
    help: "shows the blocks to each network in an order of its own",
    flag: "--shuffle",
  }) as Filled<boolean>,
  /** Where all learning rates start. Default 0.02. */
  learningRate: filled(number({ above: 0, most: 100 }), 0.02, {
    help: "where the learned learning rates start",
    flag: "--learning-rate <x>",
    oldFlag: "--lr",
  }) as Filled<number>,
  /**
   * Standard deviation of the noise that pixels start from, in normalised space. Default 1, as in the paper; less noise
   * leaves clearer pictures.
   */
  initialNoise: filled(number({ least: 0, most: 100 }), 1, {
    help: "how far the noise that pixels start from is spread; the paper takes 1",
    flag: "--initial-noise <x>",
  }) as Filled<number>,
  /** Momentum of the inner steps, as in torch.optim.SGD. Default 0; any other keeps a second trajectory, of velocities. */
  momentum: innerOptimizerOptions.momentum as Filled<number>,
  /** Weight decay of the inner steps, as in torch.optim.SGD. Default 0. */
  weightDecay: innerOptimizerOptions.weightDecay as Filled<number>,
  /** How much of the inner loop is held for the reverse sweep; never changes a result. Default "store", the fastest. */
  memory: trajectoryMemory as Filled<TrajectoryMemory>,
};

/** Options of {@link backGradient}. */
export interface BackGradientOptions extends Given<typeof backGradientOptions> {}

/** Settings of the back-gradient method (Wang et al. 2018). Plain data, so that it can be saved with a set and sent to a worker. */
export interface BackGradientMethod extends Complete<typeof backGradientOptions> {
  readonly name: "back-gradient";
}

/** The check of each option. The name stands in a method that is given again, with something changed. */
const checks = /* @__PURE__ */ (() => ({ name: optional(oneOf("back-gradient")), ...checksOf(backGradientOptions) }))();

/** Throws RangeError or TypeError for options that are each valid but do not go together. */
export function checkTogether({ steps, epochs, imagesPerClass, imagesPerStep }: BackGradientOptions): void {
  if (imagesPerStep === undefined) whole(1).check("imagesPerClass", imagesPerClass);
  else if (imagesPerClass !== undefined)
    throw outOfRange("imagesPerStep", 'nothing beside "imagesPerClass"', imagesPerStep);
  if (steps * epochs <= mostInnerSteps) return;
  throw new RangeError(`"epochs" expected at most ${mostInnerSteps} inner steps in all, got ${steps} × ${epochs}`);
}

/**
 * Dataset distillation by differentiating through the training itself: steps × epochs gradient steps on the synthetic
 * images, whose pixels and learning rates follow the gradient of the loss on real images (docs/math.md §1, §2).
 *
 * With `labels: "learned"` the labels follow that gradient too: soft targets, which need not sum to 1, of fewer images
 * than there are classes if wanted (Sucholutsky, Schonlau, *Soft-Label Dataset Distillation*, 2019; docs/math.md §1).
 *
 * With `shuffle` each network of an outer step sees the blocks of each epoch in an order of its own, so that the set does
 * not depend on one; a learning rate belongs to its (epoch, block) whenever that block's turn comes.
 *
 * @throws TypeError for an unknown option, or one of the wrong kind; RangeError for counts below 1, invalid labels, a
 * learning rate outside (0, 100], a momentum outside [0, 1), a negative weight decay or an invalid `memory`.
 * @example backGradient({ steps: 10, epochs: 3, imagesPerClass: 1 }) // 100 images for ten classes
 * @example backGradient({ steps: 1, epochs: 3, imagesPerStep: 5, labels: "learned" }) // 5 images for ten classes
 */
export function backGradient(options: BackGradientOptions): BackGradientMethod {
  checkOptions(options, checks);
  checkTogether(options);
  return { name: "back-gradient", ...completed(backGradientOptions, options) };
}

/** Returns the number of images in one block, for so many classes. */
export function imagesPerStep(
  method: Pick<BackGradientMethod, "imagesPerClass" | "imagesPerStep">,
  classes: number,
): number {
  return method.imagesPerStep ?? method.imagesPerClass! * classes;
}
