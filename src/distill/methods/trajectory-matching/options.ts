// The options of trajectory matching (MTT: Cazenavette, Wang, Torralba, Efros, Zhu, *Dataset Distillation by Matching Training
// Trajectories*, CVPR 2022), declared once, and what follows from them before anything runs.

import { oneOf, optional } from "../../../checks/checks.ts";
import {
  type Asked,
  asked,
  type Complete,
  checksOf,
  completed,
  type Filled,
  filled,
  type Given,
  number,
  type Open,
  open,
  whole,
  word,
} from "../../../checks/declare.ts";
import { checkOptions } from "../../../checks/options.ts";
import { outOfRange } from "../../../checks/refusal.ts";
import { stepAugment } from "../../../inner/augment-option.ts";
import type { AugmentStrategy } from "../../../inner/augment-strategies.ts";
import { trajectoryMemory } from "../../../inner/memory-option.ts";
import type { TrajectoryMemory } from "../../../inner/segments.ts";
import type { Model } from "../../../nn/model.ts";
import { mostImagesPerStep, mostInnerSteps } from "../../limits.ts";
import { type FitOptions, type FitTraining, fitTraining, partialFit } from "../../training.ts";

const positive = number({ above: 0 });

/** The declaration. The types, the checks, the defaults, the flags and the docs of these options come from here. */
export const trajectoryMatchingOptions = {
  /** Images of each class. */
  imagesPerClass: asked(whole(1, mostImagesPerStep), {
    usual: 1,
    help: "how many images of each class the set has",
    flag: "--images-per-class <n>",
  }) as Asked<number>,
  /** N, the steps that a network takes on distilled images. Default 30. */
  steps: filled(whole(1, mostInnerSteps), 30, {
    help: "how many gradient steps a network takes on the distilled images, to come where the expert came",
    flag: "--steps <n>",
  }) as Filled<number>,
  /** M, the epochs of an expert that these steps shall be worth. Default 2. */
  expertEpochs: filled(whole(1), 2, {
    help: "how many epochs of an expert the steps on distilled images shall be worth",
    flag: "--expert-epochs <n>",
  }) as Filled<number>,
  /** An outer step begins with the weights of an expert after an epoch below this one, counted from 0. Default 20. */
  maxStartEpoch: filled(whole(1), 20, {
    help: "below which epoch of an expert, counted from 0, the steps on distilled images begin",
    flag: "--max-start-epoch <n>",
  }) as Filled<number>,
  /** Images of a step, out of all in a random order, which changes when too few are left of it. Default: all images. */
  subBatch: open(whole(1, mostImagesPerStep), {
    help: "how many distilled images a gradient step takes, in a random order; by default all",
    flag: "--sub-batch <n>",
  }) as Open<number>,
  /** The strategies by which images are augmented: one is drawn for each step, and how for each image. Default: none. */
  augment: stepAugment as Open<readonly AugmentStrategy[]>,
  /** α, the learning rate of all steps, or where it starts. Default 0.01. */
  learningRate: filled(number({ above: 0, most: 100 }), 0.01, {
    help: "where the learning rate starts, or what it is if it is not learned",
    flag: "--learning-rate <x>",
    oldFlag: "--lr",
  }) as Filled<number>,
  /** Whether α is learned. Default "learned". */
  rate: filled(word("fixed", "learned"), "learned", {
    help: "whether the learning rate stays fixed or is learned with the images",
    flag: "--rate <how>",
  }) as Filled<"fixed" | "learned">,
  /** The outer step size of r, where α = softplus(r) is learned. Default 0.001. */
  rateStep: open(positive, {
    help: "which step size an update of the learned learning rate has, through softplus; 0.001 by default",
    flag: "--rate-step <x>",
  }) as Open<number>,
  /** Whether labels are learned with the pixels: soft targets ≥ 0, which need not sum to 1. Default "fixed". */
  labels: filled(word("fixed", "learned"), "fixed", {
    help: "whether the labels stay fixed or are learned with the images",
    flag: "--labels <how>",
  }) as Filled<"fixed" | "learned">,
  /** The outer step size of the labels. Default: that of the pixels. */
  labelRate: open(positive, {
    help: "which step size an update of the labels has, if not that of the images",
    flag: "--label-rate <x>",
  }) as Open<number>,
  /** What images begin as: real images that are drawn for each class, or noise ~ N(0, 1). Default "real". */
  init: filled(word("real", "noise"), "real", {
    help: "whether the images begin as real ones or as noise",
    flag: "--initial-images <how>",
  }) as Filled<"real" | "noise">,
  /** How much of the steps is held for the reverse sweep; never changes a result. Default "store", the fastest. */
  memory: trajectoryMemory as Filled<TrajectoryMemory>,
  /** How networks train on the set. Default: 300 epochs of SGD on batches as in a step, augmented alike, at the learned rate. */
  training: filled(partialFit, {}, { help: "how networks train on the images" }) as Filled<FitOptions>,
};

/** Options of {@link trajectoryMatching}. */
export interface TrajectoryMatchingOptions extends Given<typeof trajectoryMatchingOptions> {}

/** Settings of trajectory matching. Plain data, so that it can be saved with a set and sent to a worker. */
export interface TrajectoryMatchingMethod extends Complete<typeof trajectoryMatchingOptions> {
  readonly name: "trajectory-matching";
}

/** The check of each option. The name stands in a method that is given again, with something changed. */
const checks = /* @__PURE__ */ (() => ({
  name: optional(oneOf("trajectory-matching")),
  ...checksOf(trajectoryMatchingOptions),
}))();

/** Throws RangeError for options that are each valid but do not go together. */
export function checkTogether({ labels, labelRate, rate, rateStep }: TrajectoryMatchingOptions): void {
  if (labelRate !== undefined && labels !== "learned") {
    throw outOfRange("labelRate", 'nothing unless "labels" is "learned"', labelRate);
  }
  if (rateStep !== undefined && rate === "fixed") {
    throw outOfRange("rateStep", 'nothing unless "rate" is "learned"', rateStep);
  }
}

/** Throws RangeError for a step that would take more images than there are. */
export function checkForModel({ imagesPerClass, subBatch = 1 }: TrajectoryMatchingMethod, { classes }: Model): void {
  const images = imagesPerClass * classes;
  if (subBatch > images) throw outOfRange("subBatch", `at most the ${images} images of the set`, subBatch);
}

/**
 * Trajectory matching (MTT: Cazenavette, Wang, Torralba, Efros, Zhu, *Dataset Distillation by Matching Training Trajectories*, CVPR
 * 2022; docs/math.md §13). Experts are networks that were trained on the real images, and of which the weights θ* after each epoch
 * were kept: `init` is what {@link experts} gives. In each outer step one of them and an epoch t < `maxStartEpoch` are drawn. A
 * network that begins with θ*_t takes `steps` steps of SGD on the set, all at one learning rate α, and pixels, α and, if wanted,
 * labels follow the exact gradient of
 *
 *   ‖θ_N − θ*_{t+M}‖² / ‖θ*_t − θ*_{t+M}‖²,
 *
 * where M is `expertEpochs`. No real image is looked at but those that the set begins with. Networks train on the set by
 * `training`. α = softplus(r) stays above 0, and r is learned. For a small α a step of SGD of size s for r moves α as one of size
 * s·α² for α itself, which is what the paper's settings name.
 *
 * With `augment` the images of each step are augmented, in the paper by all six strategies, and the gradient goes back through
 * that (docs/math.md §8). The `augment` of a run is refused, as no real image is looked at.
 *
 * Outer steps are SGD at 100 with momentum 0.5, as the paper's for CIFAR-10, unless `outer` says otherwise.
 *
 * @throws TypeError for an unknown option, or one of the wrong kind; RangeError for values that are out of range or do not go
 * together.
 * @example
 * const pool = await trainPool({ data, model, networks: 10, epochs: 20, optimizer: "sgd", keepEpochs: true });
 * const method = trajectoryMatching({ imagesPerClass: 1, maxStartEpoch: 10 });
 * const run = distill({ data, model, method, init: experts(pool), outer: { steps: 1000 } });
 */
export function trajectoryMatching(options: TrajectoryMatchingOptions): TrajectoryMatchingMethod {
  checkOptions(options, checks);
  checkTogether(options);
  return { name: "trajectory-matching", ...completed(trajectoryMatchingOptions, options) };
}

/** Returns the number of images in a step, for so many classes. */
export function subBatchOf(
  { imagesPerClass, subBatch }: Pick<TrajectoryMatchingMethod, "imagesPerClass" | "subBatch">,
  classes: number,
): number {
  return subBatch ?? imagesPerClass * classes;
}

/**
 * Returns how networks train on the set, for so many classes: by the steps of a run, augmented alike, at the learning rate
 * `rate`, unless told.
 */
export function trainingOf(
  method: TrajectoryMatchingMethod,
  classes: number,
  rate: number = method.learningRate,
): FitTraining {
  const asInner = { batch: subBatchOf(method, classes), learningRate: rate, momentum: 0, weightDecay: 0 };
  const { augment, training } = method;
  const { schedule, optimizer } = training;
  const { momentum: _, ...ofAdam } = asInner;
  const steps = optimizer === "adam" ? ofAdam : asInner;
  const augmented = augment?.length && { augment };
  return fitTraining({ ...steps, ...augmented, ...(schedule !== "cosine" && { decayAt: [] }), ...training });
}
