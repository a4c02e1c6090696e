// The method: how synthetic images are judged. Plain data, so that it can be saved with a set and sent to a worker.
import { wholeNumber } from "../nn/layer.ts";
import { type InnerOptimizer, innerOptimizer } from "./inner-optimizer.ts";
import { checkTrajectoryMemory, type TrajectoryMemory } from "./segments.ts";

/** Settings of the back-gradient method (Wang et al. 2018). */
export interface BackGradientMethod extends InnerOptimizer {
  readonly name: "back-gradient";
  /** Gradient steps in one pass: blocks of images. */
  readonly steps: number;
  /** Passes over the blocks; every (epoch, step) has a learning rate of its own. */
  readonly epochs: number;
  /** Images per class in one block; absent where `imagesPerStep` says how many there are. */
  readonly imagesPerClass?: number;
  /** Images in one block, whatever the classes. */
  readonly imagesPerStep?: number;
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
 * @throws RangeError for counts below 1, labels that are none, a learning rate outside (0, 100], a momentum outside [0, 1), a negative
 * weight decay or a `memory` that is none.
 * @example backGradient({ steps: 10, epochs: 3, imagesPerClass: 1 }) // 100 images for ten classes
 * @example backGradient({ steps: 1, epochs: 3, imagesPerStep: 5, labels: "learned" }) // 5 images for ten classes
 */
export function backGradient({
  steps,
  epochs,
  imagesPerClass,
  imagesPerStep,
  labels = "fixed",
  initialLabels = "even",
  shuffle = false,
  learningRate = 0.02,
  initialNoise = 1,
  momentum = 0,
  weightDecay = 0,
  memory = "store",
}: {
  steps: number;
  epochs: number;
  /** This or `imagesPerStep`. */
  imagesPerClass?: number;
  imagesPerStep?: number;
  /** Default "fixed". */
  labels?: "fixed" | "learned";
  /** Default "even". */
  initialLabels?: InitialLabels;
  /** Default false: the blocks in their order, as in the paper. */
  shuffle?: boolean;
  /** Default 0.02. */
  learningRate?: number;
  /** Default 1, as in the paper; less noise leaves clearer pictures. */
  initialNoise?: number;
  /** Of the inner steps, as in torch.optim.SGD. Default 0; anything else keeps a second trajectory, of velocities. */
  momentum?: number;
  /** Of the inner steps, as in torch.optim.SGD. Default 0. */
  weightDecay?: number;
  /** Default "store", the fastest. */
  memory?: TrajectoryMemory;
}): BackGradientMethod {
  wholeNumber("steps", steps, 1);
  wholeNumber("epochs", epochs, 1);
  const size = blockSize(imagesPerClass, imagesPerStep);
  if (labels !== "fixed" && labels !== "learned") {
    throw new RangeError(`"labels" expected "fixed" or "learned", got ${JSON.stringify(labels)}`);
  }
  checkInitialLabels(initialLabels);
  if (typeof shuffle !== "boolean") throw new TypeError(`"shuffle" expected true or false, got ${shuffle}`);
  if (!(learningRate > 0 && learningRate <= 100)) {
    throw new RangeError(`"learningRate" expected a number > 0 and <= 100, got ${learningRate}`);
  }
  if (!(initialNoise >= 0 && initialNoise <= 100)) {
    throw new RangeError(`"initialNoise" expected a number from 0 to 100, got ${initialNoise}`);
  }
  checkTrajectoryMemory(memory);
  const optimizer = innerOptimizer({ momentum, weightDecay });
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

function blockSize(
  imagesPerClass?: number,
  imagesPerStep?: number,
): { imagesPerClass: number } | { imagesPerStep: number } {
  if (imagesPerStep === undefined) return { imagesPerClass: wholeNumber("imagesPerClass", imagesPerClass!, 1) };
  if (imagesPerClass === undefined) return { imagesPerStep: wholeNumber("imagesPerStep", imagesPerStep, 1) };
  throw new RangeError(`"imagesPerStep" expected nothing beside "imagesPerClass", got ${imagesPerStep}`);
}

function checkInitialLabels(labels: InitialLabels): void {
  if (labels === "even" || labels === "random") return;
  if (!Array.isArray(labels)) {
    throw new RangeError(
      `"initialLabels" expected "even", "random" or an array of classes, got ${JSON.stringify(labels)}`,
    );
  }
  labels.forEach((label, i) => {
    wholeNumber(`initialLabels[${i}]`, label, 0);
  });
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
  readonly clip?: number;
  /** Real images in the outer batch. */
  readonly batch: number;
  /** Updates of the synthetic set. */
  readonly steps: number;
}

/** The reference's outer settings; `epochs` instead of `steps` counts passes over the `count` real images. */
export function outerOptions(options: Partial<OuterOptions> & { epochs?: number }, count: number): OuterOptions {
  const { epochs, steps, ...rest } = options;
  const batch = Math.min(wholeNumber("outer.batch", rest.batch ?? 1024, 1), count);
  const perEpoch = Math.ceil(count / batch);
  const outer = {
    learningRate: 0.01,
    beta1: 0.5,
    beta2: 0.999,
    eps: 1e-8,
    decayEvery: 40,
    decayFactor: 0.5,
    ...rest,
    batch,
    steps: steps ?? wholeNumber("outer.epochs", epochs ?? 400, 1) * perEpoch,
  };
  wholeNumber("outer.steps", outer.steps, 0);
  const { clip } = outer;
  if (clip !== undefined && !(clip > 0 && clip < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`"outer.clip" expected a number > 0, got ${clip}`);
  }
  checkAdam("outer.", outer);
  return outer;
}

/** Adam with a step size that decays. */
export type AdamSchedule = Omit<OuterOptions, "batch" | "clip" | "steps">;

/** Throws RangeError, naming the option after `prefix`, for one out of range. */
export function checkAdam(prefix: string, options: AdamSchedule): void {
  const { learningRate, beta1, beta2, eps, decayEvery, decayFactor } = options;
  wholeNumber(`${prefix}decayEvery`, decayEvery, 1);
  const checks: readonly (readonly [keyof AdamSchedule, boolean, string])[] = [
    ["learningRate", learningRate > 0 && learningRate < Number.POSITIVE_INFINITY, "a number > 0"],
    ["beta1", beta1 >= 0 && beta1 < 1, "a number >= 0 and < 1"],
    ["beta2", beta2 >= 0 && beta2 < 1, "a number >= 0 and < 1"],
    ["eps", eps > 0 && eps < Number.POSITIVE_INFINITY, "a number > 0"],
    ["decayFactor", decayFactor > 0 && decayFactor <= 1, "a number > 0 and <= 1"],
  ];
  for (const [name, good, expected] of checks) {
    if (!good) throw new RangeError(`"${prefix}${name}" expected ${expected}, got ${options[name]}`);
  }
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
