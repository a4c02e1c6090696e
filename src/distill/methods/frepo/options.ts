// The options of FRePo (Zhou, Nezhadarya, Ba, NeurIPS 2022), declared once, and what follows from them.

import { oneOf, optional } from "../../../checks/checks.ts";
import {
  type Asked,
  asked,
  type Complete,
  checksOf,
  completed,
  type Filled,
  filled,
  flag,
  type Given,
  number,
  whole,
  word,
} from "../../../checks/declare.ts";
import { checkOptions } from "../../../checks/options.ts";
import { forwardFlops } from "../../../nn/flops.ts";
import { featureLayer, modelUpTo } from "../../../nn/model-up-to.ts";
import { mostImagesPerStep } from "../../limits.ts";
import { type FitOptions, type FitTraining, partialFit } from "../../training.ts";
import type { MethodDeclaration } from "../declaration.ts";
import { regressionTraining } from "../regression-training.ts";

/** The declaration. The types, the checks, the defaults, the flags and the docs of these options come from here. */
export const frepoOptions = {
  /** Images of each class. */
  imagesPerClass: asked(whole(1, mostImagesPerStep), {
    usual: 1,
    help: "how many images of each class the set has",
    flag: "--images-per-class <n>",
  }) as Asked<number>,
  /** What images begin as: real images that are drawn for each class, or noise ~ N(0, 1). Default "real". */
  init: filled(word("real", "noise"), "real", {
    help: "whether the images begin as real ones or as noise",
    flag: "--initial-images <how>",
  }) as Filled<"real" | "noise">,
  /** Whether labels are learned too. Default true. */
  learnLabels: filled(flag, true, { help: "whether labels are learned too" }) as Filled<boolean>,
  /** Networks in the pool. Default 10. */
  poolSize: filled(whole(1, 1000), 10, {
    help: "how many networks are trained side by side with the images",
    flag: "--pool-size <n>",
  }) as Filled<number>,
  /** A network of the pool that has taken more gradient steps begins anew. Default 100. */
  maxAge: filled(whole(0), 100, {
    help: "after how many gradient steps a network of those begins anew",
    flag: "--max-age <n>",
  }) as Filled<number>,
  /** The learning rate of Adam with which networks of the pool train on the set. Default 3e-4. */
  networkRate: filled(number({ above: 0, most: 100 }), 3e-4, {
    help: "at which learning rate of Adam those networks train on the images",
    flag: "--network-rate <x>",
  }) as Filled<number>,
  /**
   * What is added to the diagonal of the Gram matrix, in shares of its mean. Default 1e-6. With more images than a network has
   * features, 1e-4 or more: the solution is then so large that float32 would lose its digits.
   */
  ridge: filled(number({ above: 0, most: 1 }), 1e-6, {
    help: "how strongly the regression is regularised, in shares of the mean square of the features",
    flag: "--ridge <x>",
  }) as Filled<number>,
  /**
   * How networks train on the set. Default: Adam at 3e-4 in batches of 500, with a rate that rises in 500 steps and then falls by a
   * cosine to 1 %, for 1,000 epochs with one image of a class, 2,000 with up to ten, and else 5,000; and images that are augmented.
   */
  training: filled(
    partialFit,
    {},
    {
      help: "how networks train on the images; by default with Adam, a warm-up, a cosine and augmented images",
    },
  ) as Filled<FitOptions>,
};

/** Options of {@link frepo}. */
export interface FrepoOptions extends Given<typeof frepoOptions> {}

/** Settings of FRePo. Plain data, so that it can be saved with a set and sent to a worker. */
export interface FrepoMethod extends Complete<typeof frepoOptions> {
  readonly name: "frepo";
}

/**
 * Returns the protocol by which networks train on a set: FRePo's own, with what the options say instead. Its code draws a
 * translation where this draws a crop, which is one, and mirrors photographs too; digits and letters must not be.
 */
export function trainingOf(method: FrepoMethod): FitTraining {
  return regressionTraining(method, ["color", "crop", "cutout", "scale", "rotate"]);
}

/** The check of each option. The name stands in a method that is given again, with something changed. */
const checks = { name: optional(oneOf("frepo")), ...checksOf(frepoOptions) };

/**
 * FRePo (Zhou, Nezhadarya, Ba, *Dataset Distillation using Neural Feature Regression*, NeurIPS 2022; docs/math.md §9): images and
 * labels with which kernel ridge regression, on the features of networks of some age, predicts the labels of real images. No
 * inner loop is differentiated, so a step costs little. A pool of networks is trained on the set while it is learned.
 *
 * Labels are centred, so only which of them is largest means anything, and the loss is "mse". Outer steps are LAMB with a step
 * size of 0.001, which falls by half a cosine to a tenth, on 512 real images, unless `outer` says otherwise. `networksPerStep` networks of the
 * pool are used in each.
 *
 * @throws TypeError for an unknown option, or one of the wrong kind; RangeError for counts below 1.
 * @example frepo({ imagesPerClass: 10 })
 * @example frepo({ imagesPerClass: 1, learnLabels: false, poolSize: 5, training: { epochs: 1000 } })
 */
export function frepo(options: FrepoOptions): FrepoMethod {
  checkOptions(options, checks);
  return { name: "frepo", ...completed(frepoOptions, options) };
}

export const frepoDeclaration: MethodDeclaration<FrepoMethod> = {
  options: frepoOptions,
  loss: "mse",
  outer: { optimizer: "lamb", learningRate: 0.001, beta1: 0.9, eps: 1e-6, cosineTo: 0.1, batch: 512 },
  make: frepo,
  expected: "what frepo() gives",
  checkTogether: () => {},
  check: ({ poolSize }, model, networksPerStep) => {
    if (featureLayer(model) < 0) {
      throw new RangeError(
        '"model" expected a layer before its last linear one, whose output are the features, got none',
      );
    }
    if (networksPerStep > poolSize) {
      throw new RangeError(
        `"networksPerStep" expected at most the ${poolSize} networks of the pool ("method.poolSize"), got ${networksPerStep}`,
      );
    }
  },
  shape: (method, classes) => {
    const imagesPerStep = method.imagesPerClass * classes;
    return { steps: 1, epochs: 0, imagesPerStep, training: trainingOf(method) };
  },
  classes: (_, classes) => new Set(Array.from({ length: classes }, (_, k) => k)),
  // Real images go forward to the features, the set's there and back, and once more there and back to train a network.
  flops: ({ imagesPerClass }, model, real) =>
    (real + 5 * imagesPerClass * model.classes) * forwardFlops(modelUpTo(model, featureLayer(model))).all,
};
