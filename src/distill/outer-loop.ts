// The outer loop, one step at a time: average the gradients of the step's networks, update pixels, raw learning rates and
// learned labels with one Adam (docs/math.md §1). Everything is allocated at the start. Where the networks run is not known
// here.

import type { Arena } from "../backend/arena.ts";
import { type Backend, type Buffer, type Floats, none, required, write } from "../backend/backend.ts";
import { allIn } from "../inner/allocators.ts";
import type { Blocks } from "../inner/unroll.ts";
import { elements } from "../nn/layer.ts";
import { lanes } from "../nn/network.ts";
import { randomKey } from "../numeric/random.ts";
import type { OuterLoopConfig } from "./config.ts";
import type { DistilledSet } from "./distilled-set.ts";
import { DivergedError } from "./diverged-error.ts";
import { divergenceAdvice } from "./divergence.ts";
import { GradientClip } from "./gradient-clip.ts";
import { initialLabels } from "./initial-labels.ts";
import { rawLearningRate } from "./learning-rates.ts";
import { decayedRate, imagesPerStep } from "./method.ts";
import { type AddGradient, NetworkGradient, type StepNetworks, sizesOf } from "./network-gradient.ts";
import { allocateOuter, labelFloats, type NetworkGradients, type OuterBuffers } from "./run-buffers.ts";

/** What is missing where a network that learns labels has no gradient of them. */
const learnedLabels = "the gradient of the labels";

export class OuterLoop {
  readonly config: OuterLoopConfig;
  /** Images in one block. */
  readonly imagesPerStep: number;
  /** Outer steps in one pass over the real images. */
  readonly stepsPerEpoch: number;
  /** Outer steps taken. */
  step = 0;
  readonly #backend: Backend;
  readonly #networks: StepNetworks;
  readonly #blocks: Blocks;
  readonly #buffers: OuterBuffers;
  /** Floats of all blocks of images. */
  readonly #pixels: number;
  /** Floats of all blocks of labels that are learned. */
  readonly #labels: number;
  /** T, the number of inner steps. */
  readonly #length: number;
  readonly #clip: GradientClip | undefined;
  /** Of the step in hand, the sum over its networks. */
  #loss = 0;

  /** The networks run in place, unless others are given. */
  constructor(
    config: OuterLoopConfig,
    backend: Backend,
    arena: Arena,
    networks: StepNetworks = new NetworkGradient(config, backend, arena),
  ) {
    const { method, data, outer } = config;
    this.config = config;
    this.imagesPerStep = imagesPerStep(method, config.model.classes);
    this.stepsPerEpoch = Math.ceil(data.count / outer.batch);
    this.#backend = backend;
    this.#networks = networks;
    this.#blocks = networks.blocks;
    this.#buffers = allocateOuter(sizesOf(config), networks.blocks, allIn(arena));
    this.#pixels = method.steps * networks.blocks.imageFloats;
    this.#labels = labelFloats(method, networks.blocks);
    this.#length = method.steps * method.epochs;
    if (outer.clip !== undefined) this.#clip = new GradientClip(outer.clip);
    this.#start();
  }

  /** Pixels ~ N(0, initialNoise²) in normalised space, all learning rates alike, one-hot labels. */
  #start(): void {
    const { ops } = this.#backend;
    const { method, model, seed } = this.config;
    const { staging, raw, moments } = this.#buffers;
    const blocks = this.#blocks;
    const length = this.#length;
    const features = elements(model.inputShape);
    const shape = { images: this.imagesPerStep, batch: lanes(model, this.imagesPerStep, this.#backend.plan) };
    for (let s = 0; s < method.steps; s++) {
      const count = this.imagesPerStep * features;
      ops.normal(staging, count, randomKey(seed, "pixels", s), 0, method.initialNoise);
      ops.packImages(blocks.images + s * blocks.imageFloats, staging, { features, ...shape });
      write(this.#backend, staging, initialLabels(method, model.classes, seed, s));
      ops.oneHot(blocks.targets + s * blocks.targetFloats, staging, { classes: model.classes, ...shape });
    }
    ops.fill(raw, rawLearningRate(method.learningRate), length);
    const learned = this.#pixels + length + this.#labels;
    ops.fill(moments.first, 0, learned);
    ops.fill(moments.second, 0, learned);
  }

  /** Adam's step size now. */
  get outerLearningRate(): number {
    return decayedRate(this.config.outer, Math.floor(this.step / this.stepsPerEpoch));
  }

  /**
   * One outer step. Returns the outer loss, averaged over the networks. Where their gradients do not come, or would spoil
   * the set, it rejects and the set stays as it was.
   */
  async advance(): Promise<number> {
    const { gradient, raw } = this.#buffers;
    this.#loss = 0;
    await this.#networks.run(this.step, this.#learningRates().slice(), this.#add);
    this.#backend.ops.activationBackward(gradient.raw, raw, gradient.raw, this.#length, "softplus");
    this.#clipGradient(this.#checkedNorm());
    this.#update();
    this.#checkUpdate();
    this.step++;
    return this.#loss * (1 / this.config.networksPerStep);
  }

  /** Adds a network's share to the average: in the order of k, because a sum's bits depend on it. */
  readonly #add: AddGradient = (k, loss, gradients) => {
    const { ops } = this.#backend;
    const { images, targets, raw } = this.#buffers.gradient;
    const share = 1 / this.config.networksPerStep;
    this.#loss += loss;
    if (k === 0) {
      ops.scale(images, share, gradients.images, this.#pixels);
      ops.scale(raw, share, gradients.learningRates, this.#length);
      if (targets) ops.scale(targets, share, required(gradients.targets, learnedLabels), this.#labels);
    } else {
      ops.axpy(images, images, share, gradients.images, this.#pixels);
      ops.axpy(raw, raw, share, gradients.learningRates, this.#length);
      if (targets) ops.axpy(targets, targets, share, required(gradients.targets, learnedLabels), this.#labels);
    }
  };

  /**
   * The norm of the gradient of all that is learned. Throws DivergedError before a step that would spoil the set; a
   * gradient whose square overflows spoils it too.
   */
  #checkedNorm(): number {
    const { ops } = this.#backend;
    const { gradient, norms } = this.#buffers;
    const loss = this.#loss;
    ops.dot(norms, gradient.images, gradient.images, this.#pixels);
    ops.dot(norms + 1, gradient.raw, gradient.raw, this.#length);
    if (gradient.targets) ops.dot(norms + 2, gradient.targets, gradient.targets, this.#labels);
    else ops.fill(norms + 2, 0, 1);
    const [ofImages, ofRates, ofLabels] = this.#backend.view(norms, 3);
    const values = {
      loss,
      "gradient of the images": ofImages!,
      "gradient of the learning rates": ofRates!,
      "gradient of the labels": ofLabels!,
    };
    for (const [name, value] of Object.entries(values)) {
      if (!Number.isFinite(value)) throw this.#diverged(name, value, "is");
    }
    return Math.sqrt(ofImages! + ofRates! + ofLabels!);
  }

  #clipGradient(norm: number): void {
    const factor = this.#clip?.factor(norm) ?? 1;
    if (factor === 1) return;
    const { ops } = this.#backend;
    const { images, raw, targets } = this.#buffers.gradient;
    ops.scale(images, factor, images, this.#pixels);
    ops.scale(raw, factor, raw, this.#length);
    if (targets) ops.scale(targets, factor, targets, this.#labels);
  }

  #diverged(tensor: string, value: number, verb: "is" | "are" | "would be"): DivergedError {
    const step = this.step + 1;
    const advice = divergenceAdvice(this.config, { step, tensor });
    return new DivergedError(`outer step ${step}: the ${tensor} ${verb} ${value}; ${advice}`, { step, tensor, value });
  }

  /** Adam, and where the networks' gradients were the set as it was before. */
  #update(): void {
    const { ops } = this.#backend;
    this.#copySet(this.#networks.gradients, this.#learned);
    const { beta1, beta2, eps } = this.config.outer;
    const options = { learningRate: this.outerLearningRate, beta1, beta2, eps, step: this.step + 1 };
    const { gradient, raw } = this.#buffers;
    const { first, second } = this.#buffers.moments;
    ops.adam(this.#blocks.images, first, second, gradient.images, this.#pixels, options);
    ops.adam(raw, first + this.#pixels, second + this.#pixels, gradient.raw, this.#length, options);
    if (!gradient.targets) return;
    const at = this.#pixels + this.#length;
    ops.adam(this.#blocks.targets, first + at, second + at, gradient.targets, this.#labels, options);
  }

  /** Throws DivergedError, and takes the update back, where it left something that no set may hold. */
  #checkUpdate(): void {
    const { ops } = this.#backend;
    const { norms } = this.#buffers;
    const { images, targets } = this.#learned;
    ops.dot(norms, images, images, this.#pixels);
    if (targets) ops.dot(norms + 1, targets, targets, this.#labels);
    else ops.fill(norms + 1, 0, 1);
    const [ofImages, ofLabels] = this.#backend.view(norms, 2);
    const rate = this.#learningRates().find((value) => !(value > 0 && value < Number.POSITIVE_INFINITY));
    const faults: readonly (readonly [string, number | undefined])[] = [
      ["squares of the images", Number.isFinite(ofImages) ? undefined : ofImages],
      ["squares of the labels", Number.isFinite(ofLabels) ? undefined : ofLabels],
      ["learning rates", rate],
    ];
    for (const [name, value] of faults) {
      if (value === undefined) continue;
      this.#copySet(this.#learned, this.#networks.gradients);
      throw this.#diverged(name, value, "would be");
    }
  }

  /** What is learned, and where: the learning rates in their raw form. */
  get #learned(): NetworkGradients {
    const { images, targets } = this.#blocks;
    const learned = this.#labels > 0;
    return { images, targets: learned ? targets : none, learningRates: this.#buffers.raw };
  }

  #copySet(to: NetworkGradients, from: NetworkGradients): void {
    const { ops } = this.#backend;
    ops.copy(to.images, from.images, this.#pixels);
    ops.copy(to.learningRates, from.learningRates, this.#length);
    if (from.targets) ops.copy(required(to.targets, learnedLabels), from.targets, this.#labels);
  }

  /** η = softplus(r) for every inner step, where they lie. */
  #learningRates(): Floats {
    const { learningRates, raw } = this.#buffers;
    this.#backend.ops.activationForward(learningRates, raw, this.#length, "softplus");
    return this.#backend.view(learningRates, this.#length);
  }

  /** The set as it stands. */
  read(recipe: Readonly<Record<string, unknown>>): DistilledSet {
    const { model, method, data } = this.config;
    const blocks = this.#blocks;
    const [channels, height, width] = model.inputShape;
    return {
      steps: method.steps,
      epochs: method.epochs,
      imagesPerStep: this.imagesPerStep,
      channels,
      height,
      width,
      classes: model.classes,
      images: this.#readBlocks(blocks.images, blocks.imageFloats, elements(model.inputShape)),
      targets: this.#readBlocks(blocks.targets, blocks.targetFloats, model.classes),
      learningRates: Float32Array.from(this.#learningRates()),
      ...(method.momentum > 0 && { momentum: method.momentum }),
      ...(method.weightDecay > 0 && { weightDecay: method.weightDecay }),
      mean: data.mean,
      std: data.std,
      recipe,
    };
  }

  #readBlocks(source: Buffer, stride: number, features: number): Float32Array {
    const { steps } = this.config.method;
    const { staging } = this.#buffers;
    const size = this.imagesPerStep * features;
    const out = new Float32Array(steps * size);
    for (let s = 0; s < steps; s++) {
      const batch = lanes(this.config.model, this.imagesPerStep, this.#backend.plan);
      const shape = { features, images: this.imagesPerStep, batch };
      this.#backend.ops.unpackImages(staging, source + s * stride, shape);
      out.set(this.#backend.view(staging, size), s * size);
    }
    return out;
  }
}
