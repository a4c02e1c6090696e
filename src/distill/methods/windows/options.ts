// The options of windows (Feng, Vedantam, Kempe, *Embarrassingly Simple Dataset Distillation*, ICLR 2024), declared once.

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
import type { AdamConstants } from "../../../inner/adam-rule.ts";
import { stepAugment } from "../../../inner/augment-option.ts";
import type { AugmentStrategy } from "../../../inner/augment-strategies.ts";
import { type InnerOptimizer, innerOptimizerOptions } from "../../../inner/inner-optimizer.ts";
import { trajectoryMemory } from "../../../inner/memory-option.ts";
import type { TrajectoryMemory } from "../../../inner/segments.ts";
import { mostImagesPerStep, mostInnerSteps } from "../../limits.ts";
import { type FitOptions, partialFit } from "../../training.ts";

const beta = number({ least: 0, below: 1 });

/** The declaration. The types, the checks, the defaults, the flags and the docs of these options come from here. */
export const windowsOptions = {
  /** Images of each class. */
  imagesPerClass: asked(whole(1, mostImagesPerStep), {
    usual: 1,
    help: "how many images of each class the set has",
    flag: "--images-per-class <n>",
  }) as Asked<number>,
  /** W, the last steps of a training, through which the gradient goes. Default 20. */
  window: filled(whole(1, mostInnerSteps), 20, {
    help: "through how many steps, the last ones of a training, the gradient goes",
    flag: "--window <n>",
  }) as Filled<number>,
  /** The most steps of a training, with its window. Default 60. */
  totalSteps: filled(whole(1, mostInnerSteps), 60, {
    help: "how many steps a training has at most, with its window",
    flag: "--total-steps <n>",
  }) as Filled<number>,
  /** The fewest steps before a window. The first ones of Adam cost the gradient digits (docs/math.md §10). Default 5. */
  leastSteps: filled(whole(0, mostInnerSteps), 5, {
    help: "how many steps come before a window at least",
    flag: "--least-steps <n>",
  }) as Filled<number>,
  /** Images of each class in an inner step, drawn for each step. Default: all, or 10 if there are more. */
  batchPerClass: open(whole(1, mostImagesPerStep), {
    help: "how many images of each class a step takes, drawn anew for each; by default all, or 10 if there are more",
    flag: "--batch-per-class <n>",
  }) as Open<number>,
  /** The strategies by which images are augmented: one is drawn for each inner step, and how for each image. Default: none. */
  augment: stepAugment as Open<readonly AugmentStrategy[]>,
  /** The rule of inner steps: torch.optim.Adam or torch.optim.SGD. Default "adam". */
  optimizer: filled(word("adam", "sgd"), "adam", {
    help: "which rule trains the networks: adam or sgd",
    flag: "--inner-optimizer <name>",
  }) as Filled<"adam" | "sgd">,
  /** The learning rate of inner steps, or where it starts. Default 0.001 for Adam and 0.01 for SGD. */
  learningRate: open(number({ above: 0, most: 100 }), {
    help: "at which learning rate the networks are trained; by default 0.001 for adam and 0.01 for sgd",
    flag: "--learning-rate <x>",
    oldFlag: "--lr",
  }) as Open<number>,
  /** Decay of Adam's mean of gradients. Default 0.9; only for "adam". */
  beta1: open(beta, { help: "how much of Adam's mean of gradients an inner step keeps" }) as Open<number>,
  /** Decay of Adam's mean of squared gradients. Default 0.999; only for "adam". */
  beta2: open(beta, { help: "how much of Adam's mean of squared gradients an inner step keeps" }) as Open<number>,
  /** What Adam adds to the root that it divides by. Default 1e-8; only for "adam". */
  eps: open(number({ above: 0 }), { help: "what Adam adds to the root that it divides by" }) as Open<number>,
  /** Momentum, as in torch.optim.SGD. Default 0.9; only for "sgd". */
  momentum: open(innerOptimizerOptions.momentum.kind, {
    help: "how much momentum the gradient steps of sgd have",
    flag: "--momentum <x>",
  }) as Open<number>,
  /** Weight decay, as in torch.optim.SGD. Default 5e-4; only for "sgd". */
  weightDecay: open(innerOptimizerOptions.weightDecay.kind, {
    help: "how much weight decay the gradient steps of sgd have",
    flag: "--weight-decay <x>",
  }) as Open<number>,
  /** Whether labels are learned with the pixels: soft targets ≥ 0, which need not sum to 1. Default "fixed". */
  labels: filled(word("fixed", "learned"), "fixed", {
    help: "whether the labels stay fixed or are learned with the images",
    flag: "--labels <how>",
  }) as Filled<"fixed" | "learned">,
  /** The outer step size of the labels. Default: that of the pixels. */
  labelRate: open(number({ above: 0 }), {
    help: "which step size an update of the labels has, if not that of the images",
    flag: "--label-rate <x>",
  }) as Open<number>,
  /** Whether the learning rate of inner steps is learned, one for all of them. Default "fixed". */
  rate: filled(word("fixed", "learned"), "fixed", {
    help: "whether the learning rate stays fixed or is learned with the images",
    flag: "--rate <how>",
  }) as Filled<"fixed" | "learned">,
  /** What images begin as: real images that are drawn for each class, or noise ~ N(0, 1). Default "real". */
  init: filled(word("real", "noise"), "real", {
    help: "whether the images begin as real ones or as noise",
    flag: "--initial-images <how>",
  }) as Filled<"real" | "noise">,
  /** How much of a window is held for the reverse sweep; never changes a result. Default "store", the fastest. */
  memory: trajectoryMemory as Filled<TrajectoryMemory>,
  /** How networks train on the set. Default: 300 epochs on batches as in inner steps, augmented alike, by their rule and rate. */
  training: filled(partialFit, {}, { help: "how networks train on the images" }) as Filled<FitOptions>,
};

/** The constants of the rule of inner steps: each rule has some of them. */
type InnerConstants = Pick<WindowsOptions, "learningRate" | "beta1" | "beta2" | "eps" | "momentum" | "weightDecay">;

/** The constants that a rule has unless others are given. */
const usual = {
  adam: { learningRate: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8 },
  sgd: { learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 },
} as const satisfies Record<string, InnerConstants>;

/** Options of {@link windows}. */
export interface WindowsOptions extends Given<typeof windowsOptions> {}

/** Settings of windows. Plain data, so that it can be saved with a set and sent to a worker. */
export interface WindowsMethod extends Complete<typeof windowsOptions> {
  readonly name: "windows";
}

/** The check of each option. The name stands in a method that is given again, with something changed. */
const checks = /* @__PURE__ */ (() => ({ name: optional(oneOf("windows")), ...checksOf(windowsOptions) }))();

/** Throws RangeError for options that are each valid but do not go together. */
export function checkTogether(options: WindowsOptions): void {
  const { labels, labelRate } = options;
  const { window, totalSteps, leastSteps } = completed(windowsOptions, options);
  if (window + leastSteps > totalSteps) {
    const least = `"window" and "leastSteps" together, ${window} + ${leastSteps}`;
    throw outOfRange("totalSteps", `at least ${least}`, totalSteps);
  }
  if (labelRate !== undefined && labels !== "learned") {
    throw outOfRange("labelRate", 'nothing unless "labels" is "learned"', labelRate);
  }
  const other = options.optimizer === "sgd" ? "adam" : "sgd";
  const { learningRate: _, ...ofOther } = usual[other];
  for (const name of Object.keys(ofOther) as (keyof InnerConstants)[]) {
    if (options[name] === undefined) continue;
    throw outOfRange(name, `nothing unless "optimizer" is "${other}"`, options[name]);
  }
}

/** Throws RangeError if a step takes more images of a class than there are, once those that a decoder makes are counted. */
export function checkBatch({ imagesPerClass, batchPerClass = 1 }: WindowsMethod): void {
  if (batchPerClass <= imagesPerClass) return;
  throw outOfRange("batchPerClass", `at most the images of a class, ${imagesPerClass}`, batchPerClass);
}

/**
 * Dataset distillation by truncated back-propagation through windows of a training that begin at random (RaT-BPTT: Feng, Vedantam,
 * Kempe, *Embarrassingly Simple Dataset Distillation*, ICLR 2024; docs/math.md §10). In each outer step a network trains on the set
 * for N + `window` steps, N drawn from `leastSteps` to `totalSteps` − `window`, and pixels and, if wanted, labels and learning rate
 * follow the gradient of its loss on real images through the window alone. Each step takes `batchPerClass` images of each class at
 * random, so the set has no order, and any of its images may be left out. Networks train on it by `training`.
 *
 * With `augment` the images of each inner step are augmented, in the paper by "flip" and "rotate", and the gradient goes back
 * through that (docs/math.md §8). The `augment` of a run is for the real images.
 *
 * Outer steps are Adam at 0.001 with β 0.9 and 0.999, and gradients are clipped at 2 times the mean of their norms, unless `outer`
 * says otherwise.
 *
 * @throws TypeError for an unknown option, or one of the wrong kind; RangeError for values that are out of range or do not go
 * together.
 * @example windows({ imagesPerClass: 1 })
 * @example windows({ imagesPerClass: 10, window: 40, totalSteps: 200, labels: "learned" })
 * @example windows({ imagesPerClass: 10, augment: ["flip", "rotate"] })
 * @example windows({ imagesPerClass: 50, batchPerClass: 5, optimizer: "sgd", rate: "learned" })
 */
export function windows(options: WindowsOptions): WindowsMethod {
  checkOptions(options, checks);
  checkTogether(options);
  const method = completed(windowsOptions, options);
  return { name: "windows", ...usual[method.optimizer], ...method };
}

/** Returns the constants of Adam. */
export function adamOf(method: WindowsMethod): AdamConstants {
  const { beta1 = usual.adam.beta1, beta2 = usual.adam.beta2, eps = usual.adam.eps } = method;
  return { beta1, beta2, eps };
}

/** Returns the constants of SGD. */
export function sgdOf(method: WindowsMethod): InnerOptimizer {
  const { momentum = usual.sgd.momentum, weightDecay = usual.sgd.weightDecay } = method;
  return { momentum, weightDecay };
}

/** Returns the learning rate of inner steps, or where it starts. */
export function innerRate({ optimizer, learningRate = usual[optimizer].learningRate }: WindowsMethod): number {
  return learningRate;
}

/** Returns the number of images of each class in an inner step. */
export function batchPerClass(method: Pick<WindowsMethod, "imagesPerClass" | "batchPerClass">): number {
  return method.batchPerClass ?? Math.min(method.imagesPerClass, 10);
}
