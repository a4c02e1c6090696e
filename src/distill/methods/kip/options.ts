// The options of KIP and of label solve (Nguyen, Chen, Lee, ICLR 2021), declared once, and what follows from them.

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
  together,
  whole,
  word,
} from "../../../checks/declare.ts";
import { checkOptions } from "../../../checks/options.ts";
import { mostImagesPerStep } from "../../limits.ts";
import { type FitOptions, type FitTraining, partialFit } from "../../training.ts";
import type { LearnedShape, MethodDeclaration } from "../declaration.ts";
import { regressionTraining } from "../regression-training.ts";
import { checkOneNetwork, kernelOptions, pairFlops } from "./kernel.ts";

const countOptions = {
  /** Images of each class. */
  imagesPerClass: asked(whole(1, mostImagesPerStep), {
    usual: 1,
    help: "how many images of each class the set has",
    flag: "--images-per-class <n>",
  }) as Asked<number>,
};

const trainingOptions = {
  /** How networks train on the set. Default: as on sets of FRePo, but with images that are not augmented. */
  training: filled(
    partialFit,
    {},
    {
      help: "how networks train on the images; by default with Adam, a warm-up and a cosine, and images as they are",
    },
  ) as Filled<FitOptions>,
};

const learnedOptions = {
  /** What images begin as: real images that are drawn for each class, or noise ~ N(0, 1). Default "real". */
  init: filled(word("real", "noise"), "real", {
    help: "whether the images begin as real ones or as noise",
    flag: "--initial-images <how>",
  }) as Filled<"real" | "noise">,
  /** Whether labels are learned too. Default true. */
  learnLabels: filled(flag, true, { help: "whether labels are learned too" }) as Filled<boolean>,
};

/** The declaration of label solve. The types, the checks, the defaults, the flags and the docs of these options come from here. */
export const labelSolveOptions: typeof countOptions & typeof kernelOptions & typeof trainingOptions = together(
  together(countOptions, kernelOptions),
  trainingOptions,
);

/** The declaration of KIP. */
export const kipOptions: typeof countOptions & typeof learnedOptions & typeof kernelOptions & typeof trainingOptions =
  together(together(countOptions, learnedOptions), together(kernelOptions, trainingOptions));

/** Options of {@link kip}. */
export interface KipOptions extends Given<typeof kipOptions> {}

/** Settings of KIP. Plain data, so that it can be saved with a set and sent to a worker. */
export interface KipMethod extends Complete<typeof kipOptions> {
  readonly name: "kip";
}

/** Options of {@link labelSolve}. */
export interface LabelSolveOptions extends Given<typeof labelSolveOptions> {}

/** Settings of label solve. Plain data, so that it can be saved with a set and sent to a worker. */
export interface LabelSolveMethod extends Complete<typeof labelSolveOptions> {
  readonly name: "label-solve";
}

/** The check of each option. The name stands in a method that is given again, with something changed. */
const kipChecks = { name: optional(oneOf("kip")), ...checksOf(kipOptions) };
const labelSolveChecks = { name: optional(oneOf("label-solve")), ...checksOf(labelSolveOptions) };

/**
 * KIP (Nguyen, Chen, Lee, *Dataset Meta-Learning from Kernel Ridge-Regression*, ICLR 2021; docs/math.md §12): images and labels with which
 * kernel ridge regression predicts the labels of real images. The kernel is that of an infinitely wide, fully connected ReLU
 * network, in closed form, so no network is trained and none is drawn: the `init` of a run changes nothing, and its `networksPerStep` is 1.
 *
 * Labels are centred, so only which of them is largest means anything, and networks train on the set with the loss "mse". Outer
 * steps are Adam with a step size of 0.04, on 2000 real images, unless `outer` says otherwise.
 *
 * @throws TypeError for an unknown option, or one of the wrong kind; RangeError for counts below 1.
 * @example kip({ imagesPerClass: 10 })
 * @example kip({ imagesPerClass: 1, kernel: "nngp", depth: 1, learnLabels: false })
 */
export function kip(options: KipOptions): KipMethod {
  checkOptions(options, kipChecks);
  return { name: "kip", ...completed(kipOptions, options) };
}

/**
 * Label solve (Nguyen, Chen, Lee, *Dataset Meta-Learning from Kernel Ridge-Regression*, ICLR 2021; docs/math.md §12): real images that are
 * drawn for each class, with the labels with which kernel ridge regression, as in {@link kip}, is best about all real images. They
 * come in closed form, so one outer step is all, and more change nothing; it looks at all real images, whatever `outer.batch` is.
 *
 * @throws TypeError for an unknown option, or one of the wrong kind; RangeError for counts below 1.
 * @example labelSolve({ imagesPerClass: 10 })
 */
export function labelSolve(options: LabelSolveOptions): LabelSolveMethod {
  checkOptions(options, labelSolveChecks);
  return { name: "label-solve", ...completed(labelSolveOptions, options) };
}

/**
 * Returns the protocol by which networks train on a set: as on sets of FRePo, but without augmentation, because the kernel saw the images as
 * they are.
 */
export function trainingOf(method: KipMethod | LabelSolveMethod): FitTraining {
  return regressionTraining(method, []);
}

function shapeOf(method: KipMethod | LabelSolveMethod, classes: number): LearnedShape {
  const imagesPerStep = method.imagesPerClass * classes;
  return { steps: 1, epochs: 0, imagesPerStep, training: trainingOf(method) };
}

const allClasses = (_: object, classes: number): ReadonlySet<number> =>
  new Set(Array.from({ length: classes }, (__, k) => k));

export const kipDeclaration: MethodDeclaration<KipMethod> = {
  options: kipOptions,
  loss: "mse",
  outer: { optimizer: "adam", learningRate: 0.04, beta1: 0.9, decayFactor: 1, batch: 2000 },
  make: kip,
  expected: "what kip() gives",
  checkTogether: () => {},
  check: (_, __, networksPerStep) => checkOneNetwork("kip", networksPerStep),
  shape: shapeOf,
  classes: allClasses,
  flops: ({ imagesPerClass }, model, real) => {
    const images = imagesPerClass * model.classes;
    return pairFlops(model, images * (images + real));
  },
};

export const labelSolveDeclaration: MethodDeclaration<LabelSolveMethod> = {
  options: labelSolveOptions,
  loss: "mse",
  outer: { steps: 1 },
  augmentsNothing: true,
  make: labelSolve,
  expected: "what labelSolve() gives",
  checkTogether: () => {},
  check: (_, __, networksPerStep) => checkOneNetwork("label-solve", networksPerStep),
  shape: shapeOf,
  classes: allClasses,
  flops: ({ imagesPerClass }, model, real) => {
    const images = imagesPerClass * model.classes;
    return pairFlops(model, images * (images + real));
  },
};
