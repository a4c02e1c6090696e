// Trains networks on real images, one after the other: Adam on batches, whose order is each network's own. A network is a
// function only of the config and its number, so it can be trained anywhere.
// docs/math.md §4 describes this.
import type { Arena } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import type { Buffer } from "../backend/buffer.ts";
import type { Augmentation } from "../data/augment.ts";
import type { Dataset } from "../data/dataset.ts";
import { DivergedError } from "../distill/diverged-error.ts";
import { type AdamSchedule, decayedRate } from "../distill/outer-options.ts";
import type { AbortSignal } from "../host-types.ts";
import { DataBatch } from "../inner/data-batch.ts";
import { RealBatch } from "../inner/real-batch.ts";
import { initialize } from "../nn/draw-weights.ts";
import type { Initializer } from "../nn/init.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { randomKey } from "../numeric/random.ts";
import { inParts } from "../platform/parts.ts";
import { TestImages } from "./test-images.ts";

/** The settings by which the networks of a pool are trained. Plain data. */
export interface TrainingSettings extends AdamSchedule {
  /** Passes over the images. */
  readonly epochs: number;
  /** The images of a step; the last step of a pass may have fewer. */
  readonly batch: number;
  readonly augment?: Augmentation;
}

/** Everything that decides the networks of a pool. */
export interface TrainingConfig {
  readonly data: Dataset;
  /** The images to test trained networks on. */
  readonly test?: Dataset | undefined;
  readonly model: Model;
  readonly init: Initializer;
  readonly loss: Loss;
  readonly training: TrainingSettings;
  readonly seed: number;
  /** Pools of the two kinds have no network in common. */
  readonly pool: "train" | "test";
}

export class PoolTrainer {
  /** Steps of one pass over the images. */
  readonly stepsPerEpoch: number;
  readonly #config: TrainingConfig;
  readonly #backend: Backend;
  readonly #real: RealBatch;
  readonly #images: TestImages | undefined;
  readonly #theta: Buffer;
  readonly #gradient: Buffer;
  /** The loss of the step in hand, one float. */
  readonly #loss: Buffer;
  /** Adam's. */
  readonly #moments: { readonly first: Buffer; readonly second: Buffer };
  #network = -1;
  #step = 0;
  #batch: DataBatch | undefined;

  constructor(config: TrainingConfig, backend: Backend, arena: Arena) {
    const { data, test, model, loss, training } = config;
    const floats = (): Buffer => arena.allocate(model.parameterCount);
    this.stepsPerEpoch = Math.ceil(data.count / training.batch);
    this.#config = config;
    this.#backend = backend;
    this.#real = new RealBatch(model, backend, arena, training.batch, loss);
    this.#images = test && new TestImages(test, model, backend, arena);
    this.#theta = floats();
    this.#gradient = floats();
    this.#loss = arena.allocate(1);
    this.#moments = { first: floats(), second: floats() };
  }

  /** Starts training `network`: sets it to its state before the first step. */
  start(network: number): void {
    const { data, model, init, training, seed } = this.#config;
    const backend = this.#backend;
    const { first, second } = this.#moments;
    this.#network = network;
    this.#step = 0;
    const { batch: most, augment } = training;
    const purpose = this.#purpose(`order/${network}`);
    this.#batch = new DataBatch(data, { most, seed, purpose, augment });
    initialize(backend, model, this.#theta, init, { seed, purpose: this.#purpose("weights"), index: network });
    backend.ops.fill(first, 0, model.parameterCount);
    backend.ops.fill(second, 0, model.parameterCount);
  }

  /** Takes one step of Adam. Returns the loss before it. Throws DivergedError if that is not finite, and the signal's reason. */
  async step(signal?: AbortSignal): Promise<number> {
    const { model, training, seed } = this.#config;
    const { learningRate: _, ...adam } = training;
    const batch = this.#batch!;
    batch.select(this.#step);
    const random = randomKey(seed, this.#purpose(`dropout/${this.#network}`), this.#step);
    await inParts(this.#real.loss(this.#theta, batch, this.#gradient, this.#loss, random), signal);
    const [loss] = (await this.#backend.read(this.#loss, 1)) as unknown as readonly [number];
    if (!Number.isFinite(loss)) throw this.#diverged("loss", loss, this.#step + 1);
    const learningRate = decayedRate(training, Math.floor(this.#step / this.stepsPerEpoch));
    this.#step++;
    const { first, second } = this.#moments;
    const options = { ...adam, learningRate, step: this.#step };
    this.#backend.ops.adam(this.#theta, first, second, this.#gradient, model.parameterCount, options);
    return loss;
  }

  /** Returns the trained network: θ and, if there are test images, its accuracy. Throws DivergedError and the signal's reason. */
  async result(signal?: AbortSignal): Promise<{ readonly parameters: Float32Array; readonly accuracy?: number }> {
    const parameters = (await this.#backend.read(this.#theta, this.#config.model.parameterCount)) as Float32Array;
    // No loss was computed after the last step.
    const fault = parameters.find((value) => !Number.isFinite(value));
    if (fault !== undefined) throw this.#diverged("weights", fault, this.#step);
    return this.#images ? { parameters, accuracy: await this.#images.accuracy(this.#theta, signal) } : { parameters };
  }

  #diverged(tensor: "loss" | "weights", value: number, step: number): DivergedError {
    const network = this.#network;
    const verb = tensor === "loss" ? "is" : "are";
    const advice = `lower the learning rate of the training, ${this.#config.training.learningRate} now`;
    return new DivergedError(`network ${network}, step ${step}: the ${tensor} ${verb} ${value}; ${advice}`, {
      ...{ step, tensor, value, network },
    });
  }

  #purpose(what: string): string {
    return `pool/${this.#config.pool}/${what}`;
  }
}
