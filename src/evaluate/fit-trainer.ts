// Trains networks on a set by its protocol: SGD over mini-batches of the images, in an order that is drawn for each epoch
// (docs/math.md §5).

import type { Allocator } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import type { Buffer, Floats } from "../backend/buffer.ts";
import { none, type OptionalBuffer } from "../backend/buffer.ts";
import type { DistilledSet } from "../distill/distilled-set.ts";
import { type FitTraining, fitRate } from "../distill/training.ts";
import type { Batch } from "../inner/batch.ts";
import { RealBatch } from "../inner/real-batch.ts";
import { elements } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { randomKey, randomOrder } from "../numeric/random.ts";
import type { Parts } from "../platform/parts.ts";

/** Says which network is trained: the index decides what its dropout drops and the order of shuffled blocks or images. */
export interface TrainedUse {
  readonly seed: number;
  readonly purpose: string;
  readonly index: number;
}

/** Images of a set by their places, with their targets as rows. */
class SetBatch implements Batch {
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
  /** Images of the set. */
  readonly #count: number;
  readonly #batch: SetBatch;
  readonly #passes: RealBatch;
  readonly #gradient: Buffer;
  readonly #velocity: OptionalBuffer;
  /** The loss of the step in hand, which nobody reads. */
  readonly #loss: Buffer;

  /** Makes `training.epochs` passes over the images of the set, none where that is 0. */
  constructor(
    set: DistilledSet,
    training: FitTraining,
    model: Model,
    backend: Backend,
    allocator: Allocator,
    loss: Loss,
  ) {
    const floats = (): Buffer => allocator.allocate(model.parameterCount);
    this.#training = training;
    this.#backend = backend;
    this.#model = model;
    this.#count = set.images.length / elements(model.inputShape);
    this.#batch = new SetBatch(set);
    this.#passes = new RealBatch(model, backend, allocator, Math.min(training.batch, this.#count), loss);
    this.theta = floats();
    this.#gradient = floats();
    this.#velocity = training.momentum === 0 ? none : floats();
    this.#loss = allocator.allocate(1);
  }

  /** Trains network `index` of a purpose. Each step is a part. */
  *train({ seed, purpose, index }: TrainedUse): Parts {
    const { epochs, batch } = this.#training;
    if (this.#velocity !== none) this.#backend.ops.fill(this.#velocity, 0, this.#model.parameterCount);
    let step = 0;
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = randomOrder(this.#count, this.#count, randomKey(seed, `fit/${purpose}`, index, epoch));
      for (let at = 0; at < this.#count; at += batch) {
        this.#batch.select(order.slice(at, at + batch));
        yield* this.#step(epoch, randomKey(seed, `dropout/fit/${purpose}/${index}`, step++));
      }
    }
  }

  /** g = ∇ℓ + weightDecay·θ, v ← momentum·v + g, θ ← θ − η·v, as in torch.optim.SGD. */
  *#step(epoch: number, random: ReturnType<typeof randomKey>): Parts {
    const { ops } = this.#backend;
    const { parameterCount } = this.#model;
    const { momentum, weightDecay } = this.#training;
    yield* this.#passes.loss(this.theta, this.#batch, this.#gradient, this.#loss, random);
    if (weightDecay !== 0) ops.axpy(this.#gradient, this.#gradient, weightDecay, this.theta, parameterCount);
    const options = { learningRate: fitRate(this.#training, epoch), momentum };
    ops.sgd(this.theta, this.#velocity, this.#gradient, parameterCount, options);
  }
}
