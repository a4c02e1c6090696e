// Trains networks on real images, one after the other: Adam or SGD on batches, whose order is each network's own. A network is a
// function only of the config and its number, so it can be trained anywhere.
// docs/math.md §4 describes this.
import type { Arena } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import { type Buffer, none, type OptionalBuffer, required } from "../backend/buffer.ts";
import type { Augmentation } from "../data/augment.ts";
import type { Dataset } from "../data/dataset.ts";
import { DivergedError } from "../distill/diverged-error.ts";
import { type AdamSchedule, decayedRate } from "../distill/outer-options.ts";
import type { PoolNetwork } from "../distill/weight-source.ts";
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
  /** Absent: Adam. */
  readonly optimizer?: "sgd";
  /** Momentum of SGD. */
  readonly momentum?: number;
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
  /** Whether the weights of each epoch are kept, which changes no network. */
  readonly keepEpochs: boolean;
}

/** What a training leaves. */
export type Trained = Omit<PoolNetwork, "network">;

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
  /** The moments of Adam, of which SGD with momentum has the first. */
  readonly #first: OptionalBuffer;
  readonly #second: OptionalBuffer;
  /** The weights before training and after each epoch so far, if they are kept. */
  #trajectory: Float32Array[] = [];
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
    const { optimizer = "adam", momentum = 0 } = training;
    this.#first = optimizer === "sgd" && momentum === 0 ? none : floats();
    this.#second = optimizer === "sgd" ? none : floats();
  }

  /** Starts training `network`: sets it to its state before the first step. */
  start(network: number): void {
    const { data, model, init, training, seed } = this.#config;
    const backend = this.#backend;
    this.#network = network;
    this.#step = 0;
    this.#trajectory = [];
    const { batch: most, augment } = training;
    const purpose = this.#purpose(`order/${network}`);
    this.#batch = new DataBatch(data, { most, seed, purpose, augment });
    initialize(backend, model, this.#theta, init, { seed, purpose: this.#purpose("weights"), index: network });
    for (const moments of [this.#first, this.#second]) {
      if (moments !== none) backend.ops.fill(moments, 0, model.parameterCount);
    }
  }

  /** Takes one step. Returns the loss before it. Throws DivergedError if that is not finite, and the signal's reason. */
  async step(signal?: AbortSignal): Promise<number> {
    const { training, seed, keepEpochs } = this.#config;
    const batch = this.#batch!;
    if (keepEpochs && this.#step % this.stepsPerEpoch === 0) this.#trajectory.push(await this.#weights());
    batch.select(this.#step);
    const random = randomKey(seed, this.#purpose(`dropout/${this.#network}`), this.#step);
    await inParts(this.#real.loss(this.#theta, batch, this.#gradient, this.#loss, random), signal);
    const [loss] = (await this.#backend.read(this.#loss, 1)) as unknown as readonly [number];
    if (!Number.isFinite(loss)) throw this.#diverged("loss", loss, this.#step + 1);
    const learningRate = decayedRate(training, Math.floor(this.#step / this.stepsPerEpoch));
    this.#step++;
    this.#update(learningRate);
    return loss;
  }

  #update(learningRate: number): void {
    const { model, training } = this.#config;
    const { ops } = this.#backend;
    const [theta, gradient] = [this.#theta, this.#gradient];
    if (training.optimizer === "sgd") {
      ops.sgd(theta, this.#first, gradient, model.parameterCount, { learningRate, momentum: training.momentum ?? 0 });
      return;
    }
    const first = required(this.#first, "the first moments of Adam");
    const second = required(this.#second, "the second moments of Adam");
    ops.adam(theta, first, second, gradient, model.parameterCount, { ...training, learningRate, step: this.#step });
  }

  async #weights(): Promise<Float32Array> {
    return (await this.#backend.read(this.#theta, this.#config.model.parameterCount)) as Float32Array;
  }

  /**
   * Returns the trained network: θ, if there are test images its accuracy, and if they are kept the weights of each epoch. Throws
   * DivergedError and the signal's reason.
   */
  async result(signal?: AbortSignal): Promise<Trained> {
    const parameters = await this.#weights();
    // No loss was computed after the last step.
    const fault = parameters.find((value) => !Number.isFinite(value));
    if (fault !== undefined) throw this.#diverged("weights", fault, this.#step);
    return {
      parameters,
      ...(this.#images && { accuracy: await this.#images.accuracy(this.#theta, signal) }),
      ...(this.#config.keepEpochs && { trajectory: [...this.#trajectory, parameters] }),
    };
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
