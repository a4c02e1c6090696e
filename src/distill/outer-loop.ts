// The outer loop, one step at a time: average the gradients of the step's networks, update pixels and raw learning
// rates with one Adam (paper.md §1.1, §1.4). Everything is allocated at the start. Where the networks run is not known
// here.
import type { Arena } from "../backend/arena.ts";
import type { Backend, Buffer } from "../backend/backend.ts";
import type { Dataset } from "../data/dataset.ts";
import { DivergedError } from "../errors.ts";
import { elements } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { lanes } from "../nn/network.ts";
import { randomKey } from "../random.ts";
import type { DistilledSet } from "./distilled-set.ts";
import { rawLearningRate } from "./learning-rates.ts";
import type { BackGradientMethod, OuterOptions } from "./method.ts";
import { type AddGradient, NetworkGradient, type StepNetworks, stepsPerEpoch } from "./network-gradient.ts";
import type { Blocks } from "./unroll.ts";
import type { WeightSource } from "./weight-source.ts";

export interface OuterLoopConfig {
  readonly data: Dataset;
  readonly model: Model;
  readonly method: BackGradientMethod;
  readonly init: WeightSource;
  /** Of the inner steps and of the real batch. */
  readonly loss: Loss;
  /** Networks sampled for each outer step; their gradients are averaged, in order. */
  readonly networksPerStep: number;
  readonly outer: OuterOptions;
  readonly seed: number;
}

export class OuterLoop {
  readonly config: OuterLoopConfig;
  /** Images in one block. */
  readonly imagesPerStep: number;
  /** Outer steps taken. */
  step = 0;
  readonly #backend: Backend;
  readonly #networks: StepNetworks;
  readonly #blocks: Blocks;
  /** T, the number of inner steps. */
  readonly #length: number;
  /** [all pixels][raw learning rates]: what Adam updates, its gradient and its two moments. */
  readonly #raw: Buffer;
  readonly #gradient: { readonly images: Buffer; readonly raw: Buffer };
  readonly #moments: { readonly first: Buffer; readonly second: Buffer };
  readonly #learningRates: Buffer;
  readonly #norms: Buffer;
  readonly #staging: Buffer;
  /** The sum of the losses of the step in hand. */
  #loss = 0;

  /** The networks run in place, unless others are given. */
  constructor(
    config: OuterLoopConfig,
    backend: Backend,
    arena: Arena,
    networks: StepNetworks = new NetworkGradient(config, backend, arena),
  ) {
    const { model, method } = config;
    this.config = config;
    this.#backend = backend;
    this.#networks = networks;
    this.imagesPerStep = method.imagesPerClass * model.classes;
    this.#blocks = networks.blocks;
    this.#length = method.steps * method.epochs;
    const pixels = method.steps * this.#blocks.imageFloats;
    const length = this.#length;
    this.#raw = arena.allocate(length);
    this.#learningRates = arena.allocate(length);
    this.#gradient = { images: arena.allocate(pixels), raw: arena.allocate(length) };
    this.#moments = { first: arena.allocate(pixels + length), second: arena.allocate(pixels + length) };
    this.#norms = arena.allocate(2);
    const features = elements(model.inputShape);
    this.#staging = arena.allocate(this.imagesPerStep * Math.max(features, model.classes));
    this.#start();
  }

  /** Pixels ~ N(0, initialNoise²) in normalised space, all learning rates alike, labels sorted by class. */
  #start(): void {
    const { ops } = this.#backend;
    const { method, model, seed } = this.config;
    const { imageFloats, targetFloats } = this.#blocks;
    const features = elements(model.inputShape);
    const shape = { images: this.imagesPerStep, batch: lanes(this.imagesPerStep) };
    for (let s = 0; s < method.steps; s++) {
      const count = this.imagesPerStep * features;
      ops.normal(this.#staging, count, randomKey(seed, "pixels", s), 0, method.initialNoise);
      ops.packImages(this.#blocks.images + s * imageFloats, this.#staging, { features, ...shape });
      const labels = Float32Array.from({ length: this.imagesPerStep }, (_, i) => Math.floor(i / method.imagesPerClass));
      this.#backend.write(this.#staging, labels);
      ops.oneHot(this.#blocks.targets + s * targetFloats, this.#staging, { classes: model.classes, ...shape });
    }
    const length = this.#length;
    ops.fill(this.#raw, rawLearningRate(method.learningRate), length);
    const pixels = method.steps * imageFloats;
    ops.fill(this.#moments.first, 0, pixels + length);
    ops.fill(this.#moments.second, 0, pixels + length);
  }

  /** Outer steps in one pass over the real images. */
  get stepsPerEpoch(): number {
    return stepsPerEpoch(this.config);
  }

  /** Adam's step size now. */
  get outerLearningRate(): number {
    const { learningRate, decayEvery, decayFactor } = this.config.outer;
    let rate = learningRate;
    const decays = Math.floor(Math.floor(this.step / this.stepsPerEpoch) / decayEvery);
    for (let i = 0; i < decays; i++) rate *= decayFactor;
    return rate;
  }

  /**
   * One outer step. Returns the outer loss, averaged over the networks. Where their gradients do not come, it rejects
   * and the set stays as it was.
   */
  async advance(): Promise<number> {
    const pixels = this.config.method.steps * this.#blocks.imageFloats;
    const { raw } = this.#gradient;
    this.#loss = 0;
    await this.#networks.run(this.step, this.#readLearningRates(), this.#add);
    this.#backend.ops.activationBackward(raw, this.#raw, raw, this.#length, "softplus");
    this.#checkFinite(this.#loss, pixels, this.#length);
    this.#update(pixels, this.#length);
    this.step++;
    return this.#loss * (1 / this.config.networksPerStep);
  }

  /** Adds a network's share to the average: in the order of k, because a sum's bits depend on it. */
  readonly #add: AddGradient = (k, loss, dImages, dLearningRates) => {
    const { ops } = this.#backend;
    const { images, raw } = this.#gradient;
    const pixels = this.config.method.steps * this.#blocks.imageFloats;
    const share = 1 / this.config.networksPerStep;
    this.#loss += loss;
    if (k === 0) {
      ops.scale(images, share, dImages, pixels);
      ops.scale(raw, share, dLearningRates, this.#length);
    } else {
      ops.axpy(images, images, share, dImages, pixels);
      ops.axpy(raw, raw, share, dLearningRates, this.#length);
    }
  };

  /** Throws DivergedError before a step that would spoil the set; a gradient whose square overflows spoils it too. */
  #checkFinite(loss: number, pixels: number, length: number): void {
    const { ops } = this.#backend;
    const { images, raw } = this.#gradient;
    ops.dot(this.#norms, images, images, pixels);
    ops.dot(this.#norms + 1, raw, raw, length);
    const [ofImages, ofRates] = this.#backend.read(this.#norms, 2);
    const values = { loss, "gradient of the images": ofImages!, "gradient of the learning rates": ofRates! };
    for (const [name, value] of Object.entries(values)) {
      if (Number.isFinite(value)) continue;
      const advice = "lower the learning rate of the method or of the outer optimiser";
      throw new DivergedError(`outer step ${this.step + 1}: the ${name} is ${value}; ${advice}`);
    }
  }

  #update(pixels: number, length: number): void {
    const { ops } = this.#backend;
    const { beta1, beta2, eps } = this.config.outer;
    const options = { learningRate: this.outerLearningRate, beta1, beta2, eps, step: this.step + 1 };
    const { first, second } = this.#moments;
    ops.adam(this.#blocks.images, first, second, this.#gradient.images, pixels, options);
    ops.adam(this.#raw, first + pixels, second + pixels, this.#gradient.raw, length, options);
  }

  /** η = softplus(r) for every inner step. */
  #readLearningRates(): Float32Array {
    const length = this.#length;
    this.#backend.ops.activationForward(this.#learningRates, this.#raw, length, "softplus");
    return Float32Array.from(this.#backend.read(this.#learningRates, length));
  }

  /** The set as it stands. */
  read(recipe: Readonly<Record<string, unknown>>): DistilledSet {
    const { model, method, data } = this.config;
    const [channels, height, width] = model.inputShape;
    return {
      steps: method.steps,
      epochs: method.epochs,
      imagesPerStep: this.imagesPerStep,
      channels,
      height,
      width,
      classes: model.classes,
      images: this.#readBlocks(this.#blocks.images, this.#blocks.imageFloats, elements(model.inputShape)),
      targets: this.#readBlocks(this.#blocks.targets, this.#blocks.targetFloats, model.classes),
      learningRates: this.#readLearningRates(),
      ...(method.momentum > 0 && { momentum: method.momentum }),
      ...(method.weightDecay > 0 && { weightDecay: method.weightDecay }),
      mean: data.mean,
      std: data.std,
      recipe,
    };
  }

  #readBlocks(source: Buffer, stride: number, features: number): Float32Array {
    const { steps } = this.config.method;
    const size = this.imagesPerStep * features;
    const out = new Float32Array(steps * size);
    for (let s = 0; s < steps; s++) {
      const shape = { features, images: this.imagesPerStep, batch: lanes(this.imagesPerStep) };
      this.#backend.ops.unpackImages(this.#staging, source + s * stride, shape);
      out.set(this.#backend.read(this.#staging, size), s * size);
    }
    return out;
  }
}
