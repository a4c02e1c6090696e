// What a method computes with, made for its problem and its backend. A method of a user's own is given these tools, so that its
// module need not import the library, which a page's worker could not find.

import { type Backend, write } from "../backend/backend.ts";
import { type Buffer, type Floats, none, type OptionalBuffer } from "../backend/buffer.ts";
import type { Allocators } from "../inner/allocators.ts";
import type { AugmentStrategy } from "../inner/augment-strategies.ts";
import { AugmentedImages } from "../inner/augmented-images.ts";
import type { DataBatch } from "../inner/data-batch.ts";
import { RealBatch } from "../inner/real-batch.ts";
import { elements, type Passes } from "../nn/layer.ts";
import type { Model } from "../nn/model.ts";
import { featureLayer, modelUpTo } from "../nn/model-up-to.ts";
import { laneCount, Network } from "../nn/network.ts";
import type { RandomKey } from "../numeric/philox.ts";
import { randomKey } from "../numeric/random.ts";
import { atOnce, type Parts } from "../platform/parts.ts";
import { ClassGradients } from "./class-gradients.ts";
import { ClassImages, ClassMeans } from "./class-images.ts";
import type { Computing } from "./computing.ts";
import type { Problem } from "./config.ts";
import { RealKernel, type RealKernelOptions } from "./real-kernel.ts";
import { RealRegression } from "./real-regression.ts";
import { sliceOf } from "./slice-of.ts";
import { type BlockCounts, SyntheticImages } from "./synthetic.ts";

export class MethodTools {
  readonly #problem: Problem;
  readonly #backend: Backend;
  readonly #memory: Allocators;
  readonly #computing: Computing;
  /** Which slice of the real images is looked at (`slices.ts`). */
  slice = 0;

  constructor(problem: Problem, backend: Backend, memory: Allocators, computing: Computing) {
    this.#problem = problem;
    this.#backend = backend;
    this.#memory = memory;
    this.#computing = computing;
  }

  /** Allocates room for θ, or for a gradient with respect to it. */
  parameters(): Buffer {
    return this.#memory.parameters.allocate(this.#problem.model.parameterCount);
  }

  /** Allocates blocks of images that are learned, with their labels. */
  synthetic(counts: BlockCounts): SyntheticImages {
    return new SyntheticImages(counts, this.#problem.model, this.#backend, this.#memory);
  }

  /** Binds the model to so many images: its four passes, with the loss of the run. */
  network(images: number): Network {
    const { model, loss } = this.#problem;
    const { plan } = this.#backend;
    return new Network(model, this.#backend, laneCount(model, images, plan), this.#memory.scratch, { loss });
  }

  /** The real images of each outer step, as the run batches them. */
  realImages(): RealImages {
    return new RealImages(this.#problem, this.#backend, this.#memory, this.#computing, () => this.slice);
  }

  /** The model up to the layer before its last linear one. Its `classes` is the number of floats of a feature. */
  get features(): Model {
    const { model } = this.#problem;
    return modelUpTo(model, featureLayer(model));
  }

  /**
   * The layers of `features` on so many images, in the lanes of `synthetic`: `forward` up to there, `backward` from there. With
   * `passes` "forward" or "to images" it has no room for the others, or only for those and the way back to the images.
   */
  featureNetwork(images: number, passes: Passes = "all"): Network {
    const { model } = this.#problem;
    const { plan } = this.#backend;
    const lanes = laneCount(model, images, plan);
    return new Network(this.features, this.#backend, lanes, this.#memory.scratch, { passes });
  }

  /** Linear heads on the features of real images, compared with their labels. */
  regression(): RealRegression {
    return new RealRegression(this.#problem, this.features, this.#backend, this.#memory, this.#computing);
  }

  /** Real images beside those of a set, under the kernel of an infinitely wide network. */
  realKernel(options: RealKernelOptions): RealKernel {
    return new RealKernel(this.#problem, options, this.#backend, this.#memory, this.#computing);
  }

  /** Means of the features of at most `perClass` real images of each class, which these strategies may augment. */
  classMeans(perClass: number, augment?: readonly AugmentStrategy[]): ClassMeans {
    const { data, model } = this.#problem;
    const counts = { classes: model.classes, perClass, augment };
    return new ClassMeans(data, this.features, counts, this.#backend, this.#memory);
  }

  /**
   * Returns so many real images of each class, class by class, [n, c, h, w], for images to begin with. An image comes twice only if
   * its class has too few.
   */
  realOfClasses(perClass: number): Float32Array {
    const { classes, inputShape } = this.#problem.model;
    const out = new Float32Array(classes * perClass * elements(inputShape));
    this.realOfClassesInto(out, perClass);
    return out;
  }

  /** Puts these images into the memory that is handed over. */
  realOfClassesInto(out: Floats, perClass: number): void {
    const { classes } = this.#problem.model;
    this.classImages().ofEachInto(out, classes, perClass, (c) => this.key("pixels/real", 0, c));
  }

  /** Gradients that at most `perClass` real images of one class give a network, which these strategies may augment. */
  classGradients(perClass: number, augment?: readonly AugmentStrategy[]): ClassGradients {
    return new ClassGradients(this.#problem, { perClass, augment }, this.#backend, this.#memory);
  }

  /** Augments so many images, in the lanes of `synthetic`, by these strategies, of which there is at least one. */
  augmentedImages(strategies: readonly AugmentStrategy[], images: number): AugmentedImages {
    const { model } = this.#problem;
    const lanes = laneCount(model, images, this.#backend.plan);
    return new AugmentedImages(strategies, model.inputShape, lanes, this.#backend, this.#memory.scratch);
  }

  /** The real images, class by class. A plan has none. */
  classImages(): ClassImages {
    return new ClassImages(this.#problem.data);
  }

  /** Puts the initial weights of network `k` of outer step `step` into θ. */
  weights(theta: Buffer, step: number, k: number): void {
    this.newWeights(theta, step * this.#problem.networksPerStep + k);
  }

  /** Puts the initial weights of the run's network of that number into θ, for a method that begins networks at other times. */
  newWeights(theta: Buffer, number: number): void {
    const { init, model, networksPerStep, seed } = this.#problem;
    const use = { seed, purpose: "distil", index: number, perStep: networksPerStep } as const;
    this.#computing.writeWeights(init, this.#backend, model, theta, use);
  }

  /** A stream of random numbers of the run's seed; streams of different purposes are independent (`numeric/random.ts`). */
  key(purpose: string, index: number = 0, part: number = 0): RandomKey {
    return randomKey(this.#problem.seed, purpose, index, part);
  }

  /** Brings values into the backend's memory. */
  write(target: Buffer, values: ArrayLike<number>): void {
    write(this.#backend, target, values);
  }
}

/** Batches of real images. Each pass over them has its own order, which the seed decides. */
export class RealImages {
  readonly #problem: Problem;
  readonly #real: RealBatch;
  readonly #computing: Computing;
  readonly #slice: () => number;
  /** Made by the first step: a plan has no images to batch. */
  #batch: DataBatch | undefined;

  constructor(
    problem: Problem,
    backend: Backend,
    memory: Pick<Allocators, "realBatch">,
    computing: Computing,
    slice: () => number,
  ) {
    const { model, loss, outer } = problem;
    const { batch, slices = 1 } = outer;
    this.#problem = problem;
    this.#real = new RealBatch(model, backend, memory.realBatch, Math.ceil(batch / slices), loss);
    this.#computing = computing;
    this.#slice = slice;
  }

  /** Records the mean loss at θ over the batch of outer step `step`, into the float `loss`, and ∂/∂θ unless that is `none`. */
  loss(step: number, theta: Buffer, gradient: OptionalBuffer, loss: Buffer): void {
    atOnce(this.lossInParts(step, theta, gradient, loss));
  }

  /** Does what `loss` does, in parts. */
  *lossInParts(step: number, theta: Buffer, gradient: OptionalBuffer, loss: Buffer): Parts {
    const { data, outer, seed, augment } = this.#problem;
    this.#batch ??= this.#computing.dataBatch(data, { most: outer.batch, seed, augment });
    const { slices = 1 } = outer;
    this.#batch.select(step, (images) => sliceOf(images, this.#slice(), slices));
    yield* this.#real.loss(theta, this.#batch, gradient ?? none, loss);
  }
}
