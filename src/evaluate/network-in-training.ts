// One network of a pool while it is trained: its weights and moments in a backend's memory, and the steps of Adam or SGD that it
// takes.
// docs/math.md §4 describes this.
import type { Allocator } from "../backend/arena.ts";
import { type Backend, write } from "../backend/backend.ts";
import { type Buffer, none } from "../backend/buffer.ts";
import type { Augmentation } from "../data/augment.ts";
import type { Dataset } from "../data/dataset.ts";
import { DivergedError } from "../distill/diverged-error.ts";
import { type AdamSchedule, decayedRate } from "../distill/outer-options.ts";
import type { PoolNetwork } from "../distill/weight-source.ts";
import { DataBatch } from "../inner/data-batch.ts";
import { RealBatch } from "../inner/real-batch.ts";
import { initialize } from "../nn/draw-weights.ts";
import type { Initializer } from "../nn/init.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { randomKey } from "../numeric/random.ts";
import type { Parts } from "../platform/parts.ts";
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

/** A network, and how far it has come. */
export interface TrainingState {
  readonly network: number;
  /** The steps that it has taken. */
  readonly step: number;
  /** After those steps: θ and Adam's first and second moments, one after the other. None before the first step. */
  readonly values?: Float32Array | undefined;
  /** θ before the first step and after each pass but the last one, if these are kept. */
  readonly trajectory?: readonly Float32Array[] | undefined;
}

export class NetworkInTraining {
  readonly #config: TrainingConfig;
  readonly #backend: Backend;
  readonly #real: RealBatch;
  readonly #images: TestImages | undefined;
  readonly #gradient: Buffer;
  /** The loss of the step in hand, one float. */
  readonly #loss: Buffer;
  /** θ and Adam's moments, of which SGD with momentum has the first. */
  readonly #values: readonly [theta: Buffer, first: Buffer, second: Buffer];
  /** θ before the first step and after each pass, as far as it was kept. */
  #trajectory: readonly Float32Array[] = [];
  #network = -1;
  #step = 0;
  #batch: DataBatch | undefined;

  /** Allocates room for a network. `testImages` are those of another one, which it shares. */
  constructor(config: TrainingConfig, backend: Backend, allocator: Allocator, testImages?: Float32Array) {
    const { test, model, loss, training } = config;
    const floats = (): Buffer => allocator.allocate(model.parameterCount);
    this.#config = config;
    this.#backend = backend;
    this.#real = new RealBatch(model, backend, allocator, training.batch, loss);
    this.#images = test && new TestImages(test, model, backend, allocator, testImages);
    this.#gradient = floats();
    this.#loss = allocator.allocate(1);
    this.#values = [floats(), floats(), floats()];
  }

  /** The test images, normalised. */
  get testImages(): Float32Array | undefined {
    return this.#images?.images;
  }

  /** Takes on a network: before its first step, or where `state` was kept. */
  start({ network, step, values, trajectory = [] }: TrainingState): void {
    const { data, model, init, training, seed } = this.#config;
    const { parameterCount } = model;
    this.#network = network;
    this.#step = step;
    this.#trajectory = trajectory;
    const { batch: most, augment } = training;
    const purpose = this.#purpose(`order/${network}`);
    this.#batch = new DataBatch(data, { most, seed, purpose, augment });
    const [theta, ...moments] = this.#values;
    if (values) {
      this.#values.forEach((buffer, i) => {
        write(this.#backend, buffer, values.subarray(i * parameterCount, (i + 1) * parameterCount));
      });
      return;
    }
    initialize(this.#backend, model, theta, init, { seed, purpose: this.#purpose("weights"), index: network });
    for (const moment of moments) this.#backend.ops.fill(moment, 0, parameterCount);
  }

  /** Records the loss of the next step and its gradient. */
  loss(): Parts {
    const batch = this.#batch!;
    batch.select(this.#step);
    const random = randomKey(this.#config.seed, this.#purpose(`dropout/${this.#network}`), this.#step);
    return this.#real.loss(this.#values[0], batch, this.#gradient, this.#loss, random);
  }

  /** Returns that loss. Throws DivergedError if it is not finite. */
  async checkedLoss(): Promise<number> {
    const [loss] = (await this.#backend.read(this.#loss, 1)) as unknown as readonly [number];
    if (!Number.isFinite(loss)) throw this.#diverged("loss", loss, this.#step + 1);
    return loss;
  }

  /** Records the step by that gradient, in pass `epoch`, counted from 0. */
  update(epoch: number): void {
    const { model, training } = this.#config;
    const { ops } = this.#backend;
    const { optimizer, momentum = 0, learningRate: _, ...adam } = training;
    const [learningRate, step] = [decayedRate(training, epoch), ++this.#step];
    const [theta, first] = this.#values;
    if (optimizer === "sgd") {
      const velocity = momentum === 0 ? none : first;
      ops.sgd(theta, velocity, this.#gradient, model.parameterCount, { learningRate, momentum });
    } else ops.adam(...this.#values, this.#gradient, model.parameterCount, { ...adam, learningRate, step });
  }

  /** Keeps the weights as they are, if those of each epoch are kept. */
  async keep(): Promise<void> {
    if (!this.#config.keepEpochs) return;
    this.#trajectory = [...this.#trajectory, await this.#weights()];
  }

  /** Returns what `start` takes to go on from here. */
  async state(): Promise<TrainingState> {
    const { parameterCount } = this.#config.model;
    const state = { network: this.#network, step: this.#step, trajectory: this.#trajectory };
    const values = new Float32Array(3 * parameterCount);
    const read = await Promise.all(this.#values.map((buffer) => this.#backend.read(buffer, parameterCount)));
    for (const [i, floats] of read.entries()) values.set(floats, i * parameterCount);
    return { ...state, values };
  }

  async #weights(): Promise<Float32Array> {
    return (await this.#backend.read(this.#values[0], this.#config.model.parameterCount)) as Float32Array;
  }

  /** Returns the weights of each epoch and these, the last ones, if they are kept. */
  trajectory(parameters: Float32Array): Pick<PoolNetwork, "trajectory"> {
    return this.#config.keepEpochs ? { trajectory: [...this.#trajectory, parameters] } : {};
  }

  /** Returns the weights. Throws DivergedError if one is not finite. */
  async parameters(): Promise<Float32Array> {
    const parameters = await this.#weights();
    // No loss was computed after the last step.
    const fault = parameters.find((value) => !Number.isFinite(value));
    if (fault !== undefined) throw this.#diverged("weights", fault, this.#step);
    return parameters;
  }

  /** Returns the accuracy on the test images, which `how` computes; undefined where there are none. */
  async accuracy(how: (images: TestImages, theta: Buffer) => Promise<number>): Promise<number | undefined> {
    return this.#images && how(this.#images, this.#values[0]);
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
