// The method: how synthetic images are judged. Plain data, so that it can be saved with a set and sent to a worker.
import { type Check, flag, number, oneOf, optional, whole, wholeNumber } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { outOfRange, wrongKind } from "../checks/refusal.ts";
import { type InnerOptimizer, innerOptimizer, innerOptimizerChecks } from "../inner/inner-optimizer.ts";
import { checkTrajectoryMemory, type TrajectoryMemory } from "../inner/segments.ts";
import { mostImagesPerStep, mostInnerSteps } from "./limits.ts";

/** Settings of the back-gradient method (Wang et al. 2018). */
export interface BackGradientMethod extends InnerOptimizer {
  readonly name: "back-gradient";
  /** Gradient steps in one pass: blocks of images. */
  readonly steps: number;
  /** Passes over the blocks; every (epoch, step) has a learning rate of its own. */
  readonly epochs: number;
  /** Images per class in one block; absent where `imagesPerStep` says how many there are. */
  readonly imagesPerClass?: number | undefined;
  /** Images in one block, whatever the classes. */
  readonly imagesPerStep?: number | undefined;
  /** Whether labels are learned with the pixels. */
  readonly labels: "fixed" | "learned";
  readonly initialLabels: InitialLabels;
  /** Whether each network sees the blocks in an order of its own. */
  readonly shuffle: boolean;
  /** Where all learning rates start. */
  readonly learningRate: number;
  /** Standard deviation of the noise that pixels start from, in normalised space. */
  readonly initialNoise: number;
  /** How much of the inner loop is held for the reverse sweep; never changes a result. */
  readonly memory: TrajectoryMemory;
}

/**
 * The classes that the images of a block begin with, one-hot. `"even"`: spread over the classes in their order, so that
 * `imagesPerClass` of them are of each. `"random"`: drawn for each image. A list: for the images of every block.
 */
export type InitialLabels = "even" | "random" | readonly number[];

/** Options of {@link backGradient}. */
export interface BackGradientOptions {
  readonly steps: number;
  readonly epochs: number;
  /** This or `imagesPerStep`. */
  readonly imagesPerClass?: number | undefined;
  readonly imagesPerStep?: number | undefined;
  /** Default "fixed". */
  readonly labels?: "fixed" | "learned" | undefined;
  /** Default "even". */
  readonly initialLabels?: InitialLabels | undefined;
  /** Default false: the blocks in their order, as in the paper. */
  readonly shuffle?: boolean | undefined;
  /** Default 0.02. */
  readonly learningRate?: number | undefined;
  /** Default 1, as in the paper; less noise leaves clearer pictures. */
  readonly initialNoise?: number | undefined;
  /** Of the inner steps, as in torch.optim.SGD. Default 0; anything else keeps a second trajectory, of velocities. */
  readonly momentum?: number | undefined;
  /** Of the inner steps, as in torch.optim.SGD. Default 0. */
  readonly weightDecay?: number | undefined;
  /** Default "store", the fastest. */
  readonly memory?: TrajectoryMemory | undefined;
}

const checkInitialLabels: Check = (name, value) => {
  const expected = '"even", "random" or an array of classes';
  if (value === "even" || value === "random") return;
  if (typeof value === "string") throw outOfRange(name, expected, value);
  if (!Array.isArray(value)) throw wrongKind(name, expected, value);
  for (const [i, label] of value.entries()) wholeNumber(`${name}[${i}]`, label, 0);
};

/** Throws RangeError for more inner steps than can be planned. */
function checkLength({ steps, epochs }: { readonly steps: number; readonly epochs: number }): void {
  if (steps * epochs <= mostInnerSteps) return;
  throw new RangeError(`"epochs" expected at most ${mostInnerSteps} inner steps in all, got ${steps} × ${epochs}`);
}

/** The name stands in a method that is given again, with something changed. */
const methodChecks: Checks<BackGradientOptions & Pick<BackGradientMethod, "name">> = {
  name: optional(oneOf("back-gradient")),
  steps: whole(1, mostInnerSteps),
  epochs: whole(1, mostInnerSteps),
  imagesPerClass: optional(whole(1, mostImagesPerStep)),
  imagesPerStep: optional(whole(1, mostImagesPerStep)),
  labels: optional(oneOf("fixed", "learned")),
  initialLabels: optional(checkInitialLabels),
  shuffle: optional(flag),
  learningRate: optional(number("a number > 0 and <= 100", (rate) => rate > 0 && rate <= 100)),
  initialNoise: optional(number("a number from 0 to 100", (noise) => noise >= 0 && noise <= 100)),
  ...innerOptimizerChecks,
  memory: optional(checkTrajectoryMemory),
};

/** What `backGradient` gives. */
export const checkMethod: Check = (name, value) => {
  if ((value as Partial<BackGradientMethod> | undefined)?.name !== "back-gradient") {
    throw wrongKind(name, "what backGradient() gives", value);
  }
  checkOptions(value, methodChecks, name, `${name}.`);
  const method = value as Readonly<Record<string, unknown>>;
  const lacking = filledIn.find((field) => method[field] === undefined);
  if (lacking !== undefined) throw wrongKind(`${name}.${lacking}`, "what backGradient() gives", undefined);
  blockSize(value as BackGradientOptions);
  checkLength(value as BackGradientOptions);
};

/** What `backGradient` fills in where its caller leaves it out. */
const filledIn = [
  ...(["labels", "initialLabels", "shuffle", "learningRate", "initialNoise"] as const),
  ...(["momentum", "weightDecay", "memory"] as const),
];

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
  checkOptions(options, methodChecks);
  checkLength(options);
  const { steps, epochs, labels = "fixed", initialLabels = "even", shuffle = false } = options;
  const { learningRate = 0.02, initialNoise = 1, memory = "store" } = options;
  const size = blockSize(options);
  const optimizer = innerOptimizer(options);
  return {
    name: "back-gradient",
    steps,
    epochs,
    ...size,
    labels,
    initialLabels,
    shuffle,
    learningRate,
    initialNoise,
    ...optimizer,
    memory,
  };
}

function blockSize(options: BackGradientOptions): { imagesPerClass: number } | { imagesPerStep: number } {
  const { imagesPerClass, imagesPerStep } = options;
  if (imagesPerStep === undefined) return { imagesPerClass: wholeNumber("imagesPerClass", imagesPerClass, 1) };
  if (imagesPerClass === undefined) return { imagesPerStep };
  throw outOfRange("imagesPerStep", 'nothing beside "imagesPerClass"', imagesPerStep);
}

/** Images in one block, for so many classes. */
export function imagesPerStep(
  method: Pick<BackGradientMethod, "imagesPerClass" | "imagesPerStep">,
  classes: number,
): number {
  return method.imagesPerStep ?? method.imagesPerClass! * classes;
}

/** Adam on pixels and raw learning rates, halved as epochs pass (docs/math.md §1). */
export interface OuterOptions {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** Passes over the real data between two decays, and the factor of each. */
  readonly decayEvery: number;
  readonly decayFactor: number;
  /** Shortens a gradient of more than so many times the running mean of their norms; absent where none is shortened. */
  readonly clip?: number | undefined;
  /** Real images in the outer batch. */
  readonly batch: number;
  /** Updates of the synthetic set. */
  readonly steps: number;
}

/** Outer settings as users give them; `epochs` instead of `steps` counts passes over the real images. */
export type GivenOuterOptions = {
  readonly [Name in keyof OuterOptions]?: OuterOptions[Name] | undefined;
} & { readonly epochs?: number | undefined };

/** Adam with a step size that decays. */
export type AdamSchedule = Omit<OuterOptions, "batch" | "clip" | "steps">;

const positive = optional(number("a number > 0", (value) => value > 0 && value < Number.POSITIVE_INFINITY));
const beta = optional(number("a number >= 0 and < 1", (value) => value >= 0 && value < 1));

export const adamChecks: Checks<AdamSchedule> = {
  learningRate: positive,
  beta1: beta,
  beta2: beta,
  eps: positive,
  decayEvery: optional(whole(1)),
  decayFactor: optional(number("a number > 0 and <= 1", (value) => value > 0 && value <= 1)),
};

const outerChecks: Checks<GivenOuterOptions> = {
  ...adamChecks,
  clip: positive,
  batch: optional(whole(1)),
  steps: optional(whole(0)),
  epochs: optional(whole(1)),
};

/** The check of outer settings. */
export const checkOuter: Check = (name, value) => checkOptions(value, outerChecks, name, `${name}.`);

/** The outer settings for `count` real images, defaults of the paper's reference code filled in. */
export function outerOptions(options: GivenOuterOptions, count: number): OuterOptions {
  checkOuter("outer", options);
  const { batch: wanted = 1024, epochs = 400, clip } = options;
  const batch = Math.min(wanted, count);
  return {
    learningRate: options.learningRate ?? 0.01,
    beta1: options.beta1 ?? 0.5,
    beta2: options.beta2 ?? 0.999,
    eps: options.eps ?? 1e-8,
    decayEvery: options.decayEvery ?? 40,
    decayFactor: options.decayFactor ?? 0.5,
    ...(clip !== undefined && { clip }),
    batch,
    steps: options.steps ?? epochs * Math.ceil(count / batch),
  };
}

/** Step size of a pass over the data, counted from 0: multiplied by the factor after every `decayEvery` of them. */
export function decayedRate(
  { learningRate, decayEvery, decayFactor }: Pick<OuterOptions, "learningRate" | "decayEvery" | "decayFactor">,
  epoch: number,
): number {
  let rate = learningRate;
  for (let i = 0; i < Math.floor(epoch / decayEvery); i++) rate *= decayFactor;
  return rate;
}
