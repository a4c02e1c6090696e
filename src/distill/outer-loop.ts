// The outer loop, one step at a time: sample weights and real images, differentiate through the inner loop, update
// pixels and raw learning rates with one Adam (paper.md §1.1, §1.4). Everything is allocated at the start.
import type { Arena } from "../backend/arena.ts";
import type { Backend, Buffer, Floats } from "../backend/backend.ts";
import type { Dataset } from "../data/dataset.ts";
import { DivergedError } from "../errors.ts";
import { elements } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { lanes } from "../nn/network.ts";
import { randomKey } from "../random.ts";
import { allIn } from "./allocators.ts";
import type { OuterLoss } from "./back-gradient.ts";
import { DataBatch } from "./data-batch.ts";
import type { DistilledSet } from "./distilled-set.ts";
import { rawLearningRate } from "./learning-rates.ts";
import type { BackGradientMethod, OuterOptions } from "./method.ts";
import { allocateRun, imagesPerStep, type RunBuffers } from "./run-buffers.ts";
import { type WeightSource, writeWeights } from "./weight-source.ts";

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
  readonly #buffers: RunBuffers;
  readonly #batch: DataBatch;
  readonly #outerLoss: OuterLoss;
  /** Floats of all blocks of images. */
  readonly #pixels: number;

  constructor(config: OuterLoopConfig, backend: Backend, arena: Arena) {
    const { model, method, data, outer, loss, seed } = config;
    const sizes = { model, method, loss, images: data.count, batch: outer.batch };
    this.config = config;
    this.imagesPerStep = imagesPerStep(config);
    this.#backend = backend;
    this.#buffers = allocateRun(sizes, backend, allIn(arena));
    const { order, real, blocks } = this.#buffers;
    this.#batch = new DataBatch(data, backend, { order, most: outer.batch, seed });
    this.#outerLoss = (theta, gradient) => real.loss(theta, this.#batch, gradient);
    this.#pixels = method.steps * blocks.imageFloats;
    this.#start();
  }

  /** Pixels ~ N(0, initialNoise²) in normalised space, all learning rates alike, labels sorted by class. */
  #start(): void {
    const { ops } = this.#backend;
    const { method, model, seed } = this.config;
    const { blocks, staging, raw, moments } = this.#buffers;
    const features = elements(model.inputShape);
    const shape = { images: this.imagesPerStep, batch: lanes(this.imagesPerStep) };
    for (let s = 0; s < method.steps; s++) {
      const count = this.imagesPerStep * features;
      ops.normal(staging, count, randomKey(seed, "pixels", s), 0, method.initialNoise);
      ops.packImages(blocks.images + s * blocks.imageFloats, staging, { features, ...shape });
      const labels = Float32Array.from({ length: this.imagesPerStep }, (_, i) => Math.floor(i / method.imagesPerClass));
      this.#backend.write(staging, labels);
      ops.oneHot(blocks.targets + s * blocks.targetFloats, staging, { classes: model.classes, ...shape });
    }
    const { length } = this.#buffers.method.unroll;
    ops.fill(raw, rawLearningRate(method.learningRate), length);
    ops.fill(moments.first, 0, this.#pixels + length);
    ops.fill(moments.second, 0, this.#pixels + length);
  }

  /** Outer steps in one pass over the real images. */
  get stepsPerEpoch(): number {
    return this.#batch.perEpoch;
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
    const { model, init, networksPerStep, seed } = this.config;
    const { method, gradient, raw } = this.#buffers;
    const { unroll, dImages, dLearningRates } = method;
    const { length } = unroll;
    const learningRates = this.#learningRates();
    const share = 1 / networksPerStep;
    let loss = 0;
    this.#batch.select(this.step);
    for (let k = 0; k < networksPerStep; k++) {
      const index = this.step * networksPerStep + k;
      writeWeights(init, this.#backend, model, unroll.theta(0), { seed, purpose: "distil", index });
      loss += method.run(learningRates, this.#outerLoss, randomKey(seed, "dropout/distil", index));
      if (k === 0) {
        ops.scale(gradient.images, share, dImages, this.#pixels);
        ops.scale(gradient.raw, share, dLearningRates, length);
      } else {
        ops.axpy(gradient.images, gradient.images, share, dImages, this.#pixels);
        ops.axpy(gradient.raw, gradient.raw, share, dLearningRates, length);
      }
    }
    ops.activationBackward(gradient.raw, raw, gradient.raw, length, "softplus");
    this.#checkFinite(loss, length);
    this.#update(length);
    this.step++;
    return loss * share;
  }

  /** Throws DivergedError before a step that would spoil the set; a gradient whose square overflows spoils it too. */
  #checkFinite(loss: number, length: number): void {
    const { ops } = this.#backend;
    const { gradient, norms } = this.#buffers;
    ops.dot(norms, gradient.images, gradient.images, this.#pixels);
    ops.dot(norms + 1, gradient.raw, gradient.raw, length);
    const [ofImages, ofRates] = this.#backend.view(norms, 2);
    const values = { loss, "gradient of the images": ofImages!, "gradient of the learning rates": ofRates! };
    for (const [name, value] of Object.entries(values)) {
      if (Number.isFinite(value)) continue;
      const advice = "lower the learning rate of the method or of the outer optimiser";
      throw new DivergedError(`outer step ${this.step + 1}: the ${name} is ${value}; ${advice}`);
    }
  }

  #update(length: number): void {
    const { ops } = this.#backend;
    const { beta1, beta2, eps } = this.config.outer;
    const options = { learningRate: this.outerLearningRate, beta1, beta2, eps, step: this.step + 1 };
    const { blocks, gradient, raw } = this.#buffers;
    const { first, second } = this.#buffers.moments;
    ops.adam(blocks.images, first, second, gradient.images, this.#pixels, options);
    ops.adam(raw, first + this.#pixels, second + this.#pixels, gradient.raw, length, options);
  }

  /** η = softplus(r) for every inner step, where they lie. */
  #learningRates(): Floats {
    const { learningRates, raw, method } = this.#buffers;
    this.#backend.ops.activationForward(learningRates, raw, method.unroll.length, "softplus");
    return this.#backend.view(learningRates, method.unroll.length);
  }

  /** The set as it stands. */
  read(recipe: Readonly<Record<string, unknown>>): DistilledSet {
    const { model, method, data } = this.config;
    const { blocks } = this.#buffers;
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
      const shape = { features, images: this.imagesPerStep, batch: lanes(this.imagesPerStep) };
      this.#backend.ops.unpackImages(staging, source + s * stride, shape);
      out.set(this.#backend.view(staging, size), s * size);
    }
    return out;
  }
}
