// The outer loop, one step at a time: sample weights and real images, differentiate through the inner loop, update
// pixels and raw learning rates with one Adam (paper.md §1.1, §1.4). Everything is allocated at the start.
import type { Arena } from "../backend/arena.ts";
import type { Backend, Buffer } from "../backend/backend.ts";
import { batchInto, type Dataset } from "../data/dataset.ts";
import { DivergedError } from "../errors.ts";
import { elements } from "../nn/layer.ts";
import type { Model } from "../nn/model.ts";
import { lanes } from "../nn/network.ts";
import { randomKey } from "../random.ts";
import { BackGradient } from "./back-gradient.ts";
import type { DistilledSet } from "./distilled-set.ts";
import { rawLearningRate } from "./learning-rates.ts";
import type { BackGradientMethod, OuterOptions } from "./method.ts";
import { type Batch, RealBatch } from "./outer-loss.ts";
import { allocateBlocks, type Blocks } from "./unroll.ts";
import { type WeightSource, writeWeights } from "./weight-source.ts";

export interface OuterLoopConfig {
  readonly data: Dataset;
  readonly model: Model;
  readonly method: BackGradientMethod;
  readonly init: WeightSource;
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
  readonly #blocks: Blocks;
  readonly #method: BackGradient;
  readonly #real: RealBatch;
  /** [all pixels][raw learning rates]: what Adam updates, its gradient and its two moments. */
  readonly #raw: Buffer;
  readonly #gradient: { readonly images: Buffer; readonly raw: Buffer };
  readonly #moments: { readonly first: Buffer; readonly second: Buffer };
  readonly #learningRates: Buffer;
  readonly #norms: Buffer;
  readonly #order: Buffer;
  readonly #staging: Buffer;
  readonly #batch: Float32Array;
  #epochOrder: Float32Array = new Float32Array(0);

  constructor(config: OuterLoopConfig, backend: Backend, arena: Arena) {
    const { model, method, data, outer } = config;
    this.config = config;
    this.#backend = backend;
    this.imagesPerStep = method.imagesPerClass * model.classes;
    const loop = { model, steps: method.steps, epochs: method.epochs, imagesPerStep: this.imagesPerStep };
    this.#blocks = allocateBlocks(loop, arena);
    this.#method = new BackGradient(loop, this.#blocks, backend.ops, arena, {
      activations: method.activations,
      wanted: { images: true, targets: false },
    });
    this.#real = new RealBatch(model, backend, arena, outer.batch);
    const pixels = method.steps * this.#blocks.imageFloats;
    const length = this.#method.unroll.length;
    this.#raw = arena.allocate(length);
    this.#learningRates = arena.allocate(length);
    this.#gradient = { images: arena.allocate(pixels), raw: arena.allocate(length) };
    this.#moments = { first: arena.allocate(pixels + length), second: arena.allocate(pixels + length) };
    this.#norms = arena.allocate(2);
    this.#order = arena.allocate(data.count);
    const features = elements(model.inputShape);
    this.#staging = arena.allocate(this.imagesPerStep * Math.max(features, model.classes));
    this.#batch = new Float32Array(outer.batch * features);
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
    const { length } = this.#method.unroll;
    ops.fill(this.#raw, rawLearningRate(method.learningRate), length);
    const pixels = method.steps * imageFloats;
    ops.fill(this.#moments.first, 0, pixels + length);
    ops.fill(this.#moments.second, 0, pixels + length);
  }

  /** Outer steps in one pass over the real images. */
  get stepsPerEpoch(): number {
    return Math.ceil(this.config.data.count / this.config.outer.batch);
  }

  /** Adam's step size now. */
  get outerLearningRate(): number {
    const { learningRate, decayEvery, decayFactor } = this.config.outer;
    let rate = learningRate;
    const decays = Math.floor(Math.floor(this.step / this.stepsPerEpoch) / decayEvery);
    for (let i = 0; i < decays; i++) rate *= decayFactor;
    return rate;
  }

  /** One outer step. Returns the outer loss, averaged over the networks. */
  advance(): number {
    const { ops } = this.#backend;
    const { method, model, init, networksPerStep, seed } = this.config;
    const { unroll, dImages, dLearningRates } = this.#method;
    const pixels = method.steps * this.#blocks.imageFloats;
    const { length } = unroll;
    const learningRates = this.#readLearningRates();
    const batch = this.#nextBatch();
    const { images, raw } = this.#gradient;
    const share = 1 / networksPerStep;
    let loss = 0;
    for (let k = 0; k < networksPerStep; k++) {
      const index = this.step * networksPerStep + k;
      writeWeights(init, ops, model, unroll.theta(0), { seed, purpose: "distil", index });
      loss += this.#method.run(learningRates, (theta, gradient) => this.#real.loss(theta, batch, gradient));
      if (k === 0) {
        ops.scale(images, share, dImages, pixels);
        ops.scale(raw, share, dLearningRates, length);
      } else {
        ops.axpy(images, images, share, dImages, pixels);
        ops.axpy(raw, raw, share, dLearningRates, length);
      }
    }
    ops.softplusBackward(raw, this.#raw, raw, length);
    this.#checkFinite(loss, pixels, length);
    this.#update(pixels, length);
    this.step++;
    return loss * share;
  }

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
    const { length } = this.#method.unroll;
    this.#backend.ops.softplus(this.#learningRates, this.#raw, length);
    return Float32Array.from(this.#backend.read(this.#learningRates, length));
  }

  /** The next real batch; each pass over the data has an order of its own, and its last batch may be smaller. */
  #nextBatch(): Batch {
    const { data, outer, seed } = this.config;
    const epoch = Math.floor(this.step / this.stepsPerEpoch);
    const within = this.step - epoch * this.stepsPerEpoch;
    if (within === 0 || this.#epochOrder.length === 0) {
      this.#backend.ops.permutation(this.#order, data.count, randomKey(seed, "order", epoch));
      this.#epochOrder = Float32Array.from(this.#backend.read(this.#order, data.count));
    }
    const indices = this.#epochOrder.subarray(within * outer.batch, (within + 1) * outer.batch);
    const images = this.#batch.subarray(0, indices.length * (this.#batch.length / outer.batch));
    batchInto(data, indices, images);
    const targets = Uint8Array.from(indices, (index) => data.labels[index]!);
    return { count: indices.length, images, targets, hard: true };
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
