// Trains networks on a set by its protocol, or on a whole data set by a given one: SGD or Adam over mini-batches of the images,
// augmented or as they are, in an order that is drawn for each epoch (docs/math.md §5).

import type { Allocator } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import type { Buffer, Floats } from "../backend/buffer.ts";
import { none, type OptionalBuffer, required } from "../backend/buffer.ts";
import { batchInto, type Dataset, normalizedBytes } from "../data/dataset.ts";
import type { DistilledSet } from "../distill/distilled-set.ts";
import { type FitPlace, type FitTraining, fitRate } from "../distill/training.ts";
import type { Batch } from "../inner/batch.ts";
import { RealBatch } from "../inner/real-batch.ts";
import { elements } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { randomKey, randomOrder } from "../numeric/random.ts";
import type { Parts } from "../platform/parts.ts";

/** As in torch.optim.Adam. */
const adam = { beta1: 0.9, beta2: 0.999, eps: 1e-8 } as const;

/**
 * Says which network is trained: the index decides what its dropout drops, how its images are augmented, and the order of shuffled
 * blocks or images.
 */
export interface TrainedUse {
  readonly seed: number;
  readonly purpose: string;
  readonly index: number;
}

/** All images of a data set, with their labels, and how networks train on them. Plain data. */
export interface WholeData {
  readonly data: Dataset;
  readonly training: FitTraining;
}

/** What networks train on. */
export type TrainedOn = DistilledSet | WholeData;

/** A batch of images that are selected by their places. */
interface SelectedBatch extends Batch {
  select(places: readonly number[]): void;
}

/** Images of a data set by their places, with their labels. */
class DataPlaces implements SelectedBatch {
  readonly hard = true;
  readonly #data: Dataset;
  readonly #tables: readonly Float32Array[];
  #places: readonly number[] = [];

  constructor(data: Dataset) {
    this.#data = data;
    this.#tables = normalizedBytes(data);
  }

  get count(): number {
    return this.#places.length;
  }

  select(places: readonly number[]): void {
    this.#places = places;
  }

  imagesInto(out: Floats, from: number): void {
    const { channels, height, width } = this.#data;
    const to = from + out.length / (channels * height * width);
    batchInto(this.#data, this.#places.slice(from, to), out, this.#tables);
  }

  targetsInto(out: Floats, from: number): void {
    for (let i = 0; i < out.length; i++) out[i] = this.#data.labels[this.#places[from + i]!]!;
  }
}

/** Images of a set by their places, with their targets as rows. */
class SetBatch implements SelectedBatch {
  readonly hard = false;
  readonly #set: DistilledSet;
  #places: readonly number[] = [];

  constructor(set: DistilledSet) {
    this.#set = set;
  }

  get count(): number {
    return this.#places.length;
  }

  /** Makes these images the batch. */
  select(places: readonly number[]): void {
    this.#places = places;
  }

  imagesInto(out: Floats, from: number): void {
    const { images, channels, height, width } = this.#set;
    this.#into(out, from, images, channels * height * width);
  }

  targetsInto(out: Floats, from: number): void {
    this.#into(out, from, this.#set.targets, this.#set.classes);
  }

  #into(out: Floats, from: number, rows: Float32Array, size: number): void {
    for (let i = 0; i * size < out.length; i++) {
      const place = this.#places[from + i]!;
      out.set(rows.subarray(place * size, (place + 1) * size), i * size);
    }
  }
}

export class FitTrainer {
  readonly theta: Buffer;
  readonly #training: FitTraining;
  readonly #backend: Backend;
  readonly #model: Model;
  /** The number of images. */
  readonly #count: number;
  readonly #batch: SelectedBatch;
  readonly #passes: RealBatch;
  readonly #gradient: Buffer;
  /** The moments of Adam, of which SGD with momentum has the first. */
  readonly #first: OptionalBuffer;
  readonly #second: OptionalBuffer;
  /** The loss of the step in hand, which nobody reads. */
  readonly #loss: Buffer;
  /** The step at which the optimiser started, which Adam corrects its moments by. */
  #started = 0;

  /** Makes `training.epochs` passes over the images, none where that is 0. `threads`: how many compute one network. */
  constructor(
    on: TrainedOn,
    training: FitTraining,
    model: Model,
    backend: Backend,
    allocator: Allocator,
    loss: Loss,
    threads?: number,
  ) {
    const floats = (): Buffer => allocator.allocate(model.parameterCount);
    this.#training = training;
    this.#backend = backend;
    this.#model = model;
    const whole = "data" in on;
    this.#count = whole ? on.data.count : on.images.length / elements(model.inputShape);
    this.#batch = whole ? new DataPlaces(on.data) : new SetBatch(on);
    const most = Math.min(training.batch, this.#count);
    this.#passes = new RealBatch(model, backend, allocator, most, loss, training.augment, threads);
    this.theta = floats();
    this.#gradient = floats();
    this.#first = training.optimizer === "sgd" && training.momentum === 0 ? none : floats();
    this.#second = training.optimizer === "sgd" ? none : floats();
    this.#loss = allocator.allocate(1);
  }

  /** Trains network `index` of a purpose. */
  *train(use: TrainedUse): Parts {
    const { seed, purpose, index } = use;
    const { epochs, batch, restart = false, decayAt = [] } = this.#training;
    this.#start(0);
    const steps = epochs * Math.ceil(this.#count / batch);
    let step = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      if (restart && decayAt.includes(epoch)) this.#start(step);
      const order = randomOrder(this.#count, this.#count, randomKey(seed, `fit/${purpose}`, index, epoch));
      for (let at = 0; at < this.#count; at += batch) {
        this.#batch.select(order.slice(at, at + batch));
        yield* this.#step(use, { epoch, step, steps });
        yield;
        step++;
      }
    }
  }

  /** Starts the optimiser at a step: what it remembers is 0. */
  #start(step: number): void {
    this.#started = step;
    for (const moments of [this.#first, this.#second]) {
      if (moments !== none) this.#backend.ops.fill(moments, 0, this.#model.parameterCount);
    }
  }

  /** With g = ∇ℓ + weightDecay·θ a step of torch.optim.SGD, v ← momentum·v + g, θ ← θ − η·v, or of torch.optim.Adam. */
  *#step({ seed, purpose, index }: TrainedUse, place: FitPlace): Parts {
    const { ops } = this.#backend;
    const { parameterCount } = this.#model;
    const { optimizer, momentum, weightDecay, augment = [] } = this.#training;
    const [theta, gradient] = [this.theta, this.#gradient];
    const key = (what: string) => randomKey(seed, `${what}/fit/${purpose}/${index}`, place.step);
    const augmentation = augment.length > 0 ? { key: key("augment") } : undefined;
    yield* this.#passes.loss(theta, this.#batch, gradient, this.#loss, key("dropout"), augmentation);
    if (weightDecay !== 0) ops.axpy(gradient, gradient, weightDecay, theta, parameterCount);
    const learningRate = fitRate(this.#training, place);
    if (optimizer === "sgd") {
      ops.sgd(theta, this.#first, gradient, parameterCount, { learningRate, momentum });
      return;
    }
    const first = required(this.#first, "the first moments of Adam");
    const second = required(this.#second, "the second moments of Adam");
    ops.adam(theta, first, second, gradient, parameterCount, {
      ...adam,
      learningRate,
      step: place.step - this.#started + 1,
    });
  }
}
