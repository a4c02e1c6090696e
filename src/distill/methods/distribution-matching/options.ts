// The options of distribution matching (Zhao, Bilen, WACV 2023), declared once, and what follows from them.

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
  type Open,
  whole,
  word,
} from "../../../checks/declare.ts";
import { checkOptions } from "../../../checks/options.ts";
import { siameseAugment } from "../../../inner/augment-option.ts";
import type { AugmentStrategy } from "../../../inner/augment-strategies.ts";
import { forwardFlops } from "../../../nn/flops.ts";
import { featureLayer, modelUpTo } from "../../../nn/model-up-to.ts";
import { mostImagesPerStep } from "../../limits.ts";
import { type FitOptions, type FitTraining, fitKind, fitTraining } from "../../training.ts";
import type { MethodDeclaration } from "../declaration.ts";

/** The declaration. The types, the checks, the defaults, the flags and the docs of these options come from here. */
export const distributionMatchingOptions = {
  /** Images of each class. */
  imagesPerClass: asked(whole(1, mostImagesPerStep), {
    usual: 1,
    help: "how many images of each class the set has",
    flag: "--images-per-class <n>",
  }) as Asked<number>,
  /** Real images of each class whose mean features an outer step matches; or all if a class has fewer. Default 256. */
  realPerClass: filled(whole(1), 256, {
    help: "how many real images of each class an outer step compares with",
    flag: "--real-per-class <n>",
  }) as Filled<number>,
  /** What images begin as: real images that are drawn for each class, or noise ~ N(0, 1). Default "real". */
  init: filled(word("real", "noise"), "real", {
    help: "whether the images begin as real ones or as noise",
    flag: "--initial-images <how>",
  }) as Filled<"real" | "noise">,
  /**
   * The strategies of siamese augmentation: in each outer step one of them is drawn for each class, and done alike to its real
   * images and to those of the set. Default: none.
   */
  augment: siameseAugment as Open<readonly AugmentStrategy[]>,
  /**
   * How networks train on the set. Default: 300 epochs of SGD at 0.01, and at 0.001 from half of them on; with `augment` 1,000
   * epochs, augmented by the same strategies.
   */
  training: filled(fitKind, {}, { help: "how networks train on the images" }) as Filled<FitOptions>,
};

/** Options of {@link distributionMatching}. */
export interface DistributionMatchingOptions extends Given<typeof distributionMatchingOptions> {}

/** Settings of distribution matching. Plain data, so that it can be saved with a set and sent to a worker. */
export interface DistributionMatchingMethod extends Complete<typeof distributionMatchingOptions> {
  readonly name: "distribution-matching";
  readonly training: FitTraining;
}

/** The check of each option. The name stands in a method that is given again, with something changed. */
const checks = { name: optional(oneOf("distribution-matching")), ...checksOf(distributionMatchingOptions) };

/**
 * Distribution matching (Zhao, Bilen, *Dataset Condensation with Distribution Matching*, WACV 2023): images whose mean
 * features in random networks are those of real images, class by class (docs/math.md §7). No network is trained while the
 * set is made, so a step costs little; networks train on the set by `training`. With `augment` the images of a class, real ones and
 * the set's, are augmented alike (siamese), as in the paper; the `augment` of a run, which is for real images alone, is refused.
 *
 * Outer steps are SGD at 1 with a momentum of 0.5 unless `outer` says otherwise; `outer.batch` only decides
 * how many steps a pass has.
 *
 * @throws TypeError for an unknown option, or one of the wrong kind; RangeError for counts below 1.
 * @example distributionMatching({ imagesPerClass: 10 })
 * @example distributionMatching({ imagesPerClass: 10, augment: ["color", "crop", "cutout", "flip", "scale", "rotate"] })
 * @example distributionMatching({ imagesPerClass: 1, realPerClass: 64, training: { epochs: 1000 } })
 */
export function distributionMatching(options: DistributionMatchingOptions): DistributionMatchingMethod {
  checkOptions(options, checks);
  const { training, ...rest } = completed(distributionMatchingOptions, options);
  const { augment } = rest;
  const augmented = augment?.length ? { epochs: 1000, augment } : {};
  return { name: "distribution-matching", ...rest, training: fitTraining({ ...augmented, ...training }) };
}

export const distributionMatchingDeclaration: MethodDeclaration<DistributionMatchingMethod> = {
  options: distributionMatchingOptions,
  outer: { optimizer: "sgd", learningRate: 1, momentum: 0.5, decayFactor: 1 },
  augmentsNothing: true,
  make: distributionMatching,
  expected: "what distributionMatching() gives",
  checkTogether: () => {},
  check: (_, model) => {
    if (featureLayer(model) >= 0) return;
    const expected = "a layer before its last linear one, whose output are the features";
    throw new RangeError(`"model" expected ${expected}, got none`);
  },
  shape: ({ imagesPerClass, training }, classes) => ({
    ...{ steps: 1, epochs: 0, imagesPerStep: imagesPerClass * classes, training },
  }),
  classes: (_, classes) => new Set(Array.from({ length: classes }, (_, k) => k)),
  real: ({ realPerClass }, classes) => realPerClass * classes,
  // Real images go forward to the features, the set's go there and back.
  flops: ({ imagesPerClass }, model, real) =>
    (real + 2 * imagesPerClass * model.classes) * forwardFlops(modelUpTo(model, featureLayer(model))).all,
};
