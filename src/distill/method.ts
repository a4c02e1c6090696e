// The method: how synthetic images are judged. Plain data, so that it can be saved with a set and sent to a worker.
import { wholeNumber } from "../nn/layer.ts";
import { checkTrajectoryMemory, type TrajectoryMemory } from "./segments.ts";

/** Settings of the back-gradient method (Wang et al. 2018). */
export interface BackGradientMethod {
  readonly name: "back-gradient";
  /** Gradient steps in one pass: blocks of images. */
  readonly steps: number;
  /** Passes over the blocks; every (epoch, step) has a learning rate of its own. */
  readonly epochs: number;
  /** Images per class in one block. */
  readonly imagesPerClass: number;
  /** Where all learning rates start. */
  readonly learningRate: number;
  /** How much of the inner loop is held for the reverse sweep; never changes a result. */
  readonly memory: TrajectoryMemory;
}

/**
 * Dataset distillation by differentiating through the training itself: steps × epochs gradient steps on the synthetic
 * images, whose pixels and learning rates follow the gradient of the loss on real images (paper.md §1.1, §1.2).
 *
 * @throws RangeError for counts below 1, a learning rate outside (0, 100] or a `memory` that is none.
 * @example backGradient({ steps: 10, epochs: 3, imagesPerClass: 1 }) // 100 images for ten classes
 */
export function backGradient({
  steps,
  epochs,
  imagesPerClass,
  learningRate = 0.02,
  memory = "store",
}: {
  steps: number;
  epochs: number;
  imagesPerClass: number;
  /** Default 0.02. */
  learningRate?: number;
  /** Default "store", the fastest. */
  memory?: TrajectoryMemory;
}): BackGradientMethod {
  wholeNumber("steps", steps, 1);
  wholeNumber("epochs", epochs, 1);
  wholeNumber("imagesPerClass", imagesPerClass, 1);
  if (!(learningRate > 0 && learningRate <= 100)) {
    throw new RangeError(`"learningRate" expected a number > 0 and <= 100, got ${learningRate}`);
  }
  checkTrajectoryMemory(memory);
  return { name: "back-gradient", steps, epochs, imagesPerClass, learningRate, memory };
}

/** Adam on pixels and raw learning rates, halved as epochs pass (paper.md §1.1, §1.3). */
export interface OuterOptions {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** Passes over the real data between two decays, and the factor of each. */
  readonly decayEvery: number;
  readonly decayFactor: number;
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
  wholeNumber("outer.decayEvery", outer.decayEvery, 1);
  if (!(outer.learningRate > 0)) throw new RangeError(`"outer.learningRate" expected > 0, got ${outer.learningRate}`);
  return outer;
}
