// The options of gradient matching (Zhao, Mopuri, Bilen, ICLR 2021), declared once, and what follows from them.

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
import { siameseAugment } from "../../../inner/augment-option.ts";
import type { AugmentStrategy } from "../../../inner/augment-strategies.ts";
import { forwardFlops } from "../../../nn/flops.ts";
import { mostImagesPerStep } from "../../limits.ts";
import { type FitOptions, type FitTraining, fitTraining, partialFit } from "../../training.ts";
import type { MethodDeclaration } from "../declaration.ts";

/** The declaration. The types, the checks, the defaults, the flags and the docs of these options come from here. */
export const gradientMatchingOptions = {
  /** Images of each class. */
  imagesPerClass: asked(whole(1, mostImagesPerStep), {
    usual: 1,
    help: "how many images of each class the set has",
    flag: "--images-per-class <n>",
  }) as Asked<number>,
  /** Real images of each class whose gradient an outer step matches; or all if a class has fewer. Default 256. */
  realPerClass: filled(whole(1), 256, {
    help: "how many real images of each class an outer step compares with",
    flag: "--real-per-class <n>",
  }) as Filled<number>,
  /** What images begin as: real images that are drawn for each class, or noise ~ N(0, 1). Default "real". */
  init: filled(word("real", "noise"), "real", {
    help: "whether the images begin as real ones or as noise",
    flag: "--initial-images <how>",
  }) as Filled<"real" | "noise">,
  /** Outer steps that use the same network, which is trained between them. Default: 1, 10 or 50, by the images of a class. */
  stepsPerNetwork: open(whole(1), {
    help: "how many outer steps use the same network; by default 1 with one image of a class, 10 with up to ten, and else 50",
    flag: "--steps-per-network <n>",
  }) as Open<number>,
  /** Gradient steps on the whole set with which a network is trained between two of them. Default 50, and 10 above 10 images of a class. */
  networkSteps: open(whole(0), {
    help: "how many gradient steps a network takes on the set between two of them; by default 50, or 10 with more than ten images of a class",
    flag: "--network-steps <n>",
  }) as Open<number>,
  /** The learning rate of these gradient steps, which are plain SGD. Default 0.01. */
  networkRate: filled(number({ above: 0, most: 100 }), 0.01, {
    help: "at which learning rate networks train between outer steps",
    flag: "--network-rate <x>",
  }) as Filled<number>,
  /**
   * The strategies of siamese augmentation: in each outer step one of them is drawn for each class, and done alike to its real
   * images and to those of the set; and one for each step of a network's training. Default: none.
   */
  augment: siameseAugment as Open<readonly AugmentStrategy[]>,
  /** How networks train on the set. Default: 300 epochs of SGD; with `augment` 1,000 epochs, augmented by the same strategies. */
  training: filled(
    partialFit,
    {},
    {
      help: "how networks train on the images; by default as the authors train them",
    },
  ) as Filled<FitOptions>,
};

/** Options of {@link gradientMatching}. */
export interface GradientMatchingOptions extends Given<typeof gradientMatchingOptions> {}

/** Settings of gradient matching. Plain data, so that it can be saved with a set and sent to a worker. */
export interface GradientMatchingMethod extends Complete<typeof gradientMatchingOptions> {
  readonly name: "gradient-matching";
}

/** The check of each option. The name stands in a method that is given again, with something changed. */
const checks = { name: optional(oneOf("gradient-matching")), ...checksOf(gradientMatchingOptions) };

/**
 * Gradient matching (Zhao, Mopuri, Bilen, *Dataset Condensation with Gradient Matching*, ICLR 2021; docs/math.md §11): images that give
 * a network, class by class, the direction of the gradient that real images give it. With `augment` it is DSA (Zhao, Bilen, *Dataset
 * Condensation with Differentiable Siamese Augmentation*, ICML 2021). Networks train on the set by `training`.
 *
 * Outer steps are SGD at 0.1 with a momentum of 0.5 unless `outer` says otherwise; `outer.batch` only decides how many steps a
 * pass has.
 *
 * @throws TypeError for an unknown option, or one of the wrong kind; RangeError for counts below 1.
 * @example gradientMatching({ imagesPerClass: 1 })
 * @example gradientMatching({ imagesPerClass: 10, augment: ["color", "crop", "cutout", "scale", "rotate"] })
 */
export function gradientMatching(options: GradientMatchingOptions): GradientMatchingMethod {
  checkOptions(options, checks);
  return { name: "gradient-matching", ...completed(gradientMatchingOptions, options) };
}

/** How long a network is used. */
export interface NetworkSchedule {
  /** Outer steps. */
  readonly perNetwork: number;
  /** Gradient steps between two of them. */
  readonly gradientSteps: number;
}

/** Returns the schedule of the networks: the authors' own, with what the options say instead. */
export function scheduleOf(method: GradientMatchingMethod): NetworkSchedule {
  const { imagesPerClass, stepsPerNetwork, networkSteps } = method;
  const usual = imagesPerClass === 1 ? 1 : imagesPerClass <= 10 ? 10 : 50;
  return { perNetwork: stepsPerNetwork ?? usual, gradientSteps: networkSteps ?? (imagesPerClass <= 10 ? 50 : 10) };
}

/** Returns the protocol by which networks train on a set: the authors' own, with what the options say instead. */
export function trainingOf({ augment, training }: GradientMatchingMethod): FitTraining {
  return fitTraining({ ...(augment?.length && { epochs: 1000, augment }), ...training });
}

export const gradientMatchingDeclaration: MethodDeclaration<GradientMatchingMethod> = {
  options: gradientMatchingOptions,
  outer: { optimizer: "sgd", learningRate: 0.1, momentum: 0.5, decayFactor: 1 },
  augmentsNothing: true,
  make: gradientMatching,
  expected: "what gradientMatching() gives",
  checkTogether: () => {},
  shape: (method, classes) => {
    const imagesPerStep = method.imagesPerClass * classes;
    return { steps: 1, epochs: 0, imagesPerStep, training: trainingOf(method) };
  },
  classes: (_, classes) => new Set(Array.from({ length: classes }, (_, k) => k)),
  real: ({ realPerClass }, classes) => realPerClass * classes,
  // Real images go there and back; the set's too, with two tangent passes; and for each step of a network there and back.
  flops: (method, model, real) => {
    const { perNetwork, gradientSteps } = scheduleOf(method);
    const trained = (gradientSteps * (perNetwork - 1)) / perNetwork;
    return (3 * real + (9 + 3 * trained) * method.imagesPerClass * model.classes) * forwardFlops(model).all;
  },
};
