// The outer loss: the mean loss of a trained network on a batch of real images, with nothing dropped, as in evaluation.
// A large batch runs in chunks that stay in the cache, their gradients added in order; what the chunks are is decided by
// the model's shape alone.
import type { Allocator } from "../backend/arena.ts";
import { type Backend, type Buffer, type Floats, none, type RandomKey } from "../backend/backend.ts";
import { elements } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { lanes, Network } from "../nn/network.ts";
import type { Tape } from "../nn/tape.ts";

/** Labelled real images, handed over a few at a time: straight into a backend's memory. */
export interface Batch {
  readonly count: number;
  /** Whether targets are class indices. */
  readonly hard: boolean;
  /** Puts images `from`, `from` + 1, … into `out` [n, c, h, w], normalised. */
  imagesInto(out: Floats, from: number): void;
  /** Puts their class indices into `out` [n], or their soft targets into `out` [n, classes]. */
  targetsInto(out: Floats, from: number): void;
}

/** Bytes of the largest layer's input and output that a chunk may fill: they should stay in a core's L2 cache. */
const CHUNK_BYTES = 1 << 19;

/** Images of a chunk: a multiple of 8, from 8 to 128; without end where a layer couples images. */
export function chunkImages(model: Model): number {
  if (model.layers.some(({ couplesImages }) => couplesImages)) return Number.POSITIVE_INFINITY;
  let largest = 1;
  for (let i = 0; i < model.layers.length; i++) {
    largest = Math.max(largest, elements(model.shapes[i]!) + elements(model.shapes[i + 1]!));
  }
  const fitting = Math.floor(CHUNK_BYTES / (4 * largest) / 8) * 8;
  return Math.min(128, Math.max(8, fitting));
}

/** Forward, loss and backward over real images, chunk by chunk, at most `most` images at a time. */
export class RealBatch {
  readonly #model: Model;
  readonly #backend: Backend;
  readonly #network: Network;
  readonly #features: number;
  readonly #chunk: number;
  readonly #staging: Buffer;
  readonly #tape: Tape;

  constructor(model: Model, backend: Backend, allocator: Allocator, most: number, loss?: Loss) {
    this.#model = model;
    this.#backend = backend;
    this.#features = elements(model.inputShape);
    this.#chunk = Math.min(lanes(most), chunkImages(model));
    this.#staging = allocator.allocate(this.#chunk * Math.max(this.#features, model.classes));
    this.#network = new Network(model, backend.ops, this.#chunk, allocator, loss);
    const images = allocator.allocate(this.#features * this.#chunk);
    const targets = allocator.allocate(model.classes * this.#chunk);
    this.#tape = this.#network.tape(allocator, images, targets, { images: false, targets: false });
  }

  /**
   * The mean loss over the batch at θ; its gradient into dTheta unless that is none. Nothing is dropped, unless dropout
   * may draw from `random` and the streams after it.
   */
  loss(theta: Buffer, batch: Batch, dTheta: Buffer, random?: RandomKey): number {
    const { ops } = this.#backend;
    const tape = this.#tape;
    const { classes } = this.#model;
    let total = 0;
    for (let from = 0; from < batch.count; from += this.#chunk) {
      const images = Math.min(this.#chunk, batch.count - from);
      this.#load(batch, from, images);
      this.#network.forward(theta, tape, images, random && this.#randomOf(random, from));
      this.#network.loss(tape, images);
      const losses = this.#backend.view(tape.losses, images);
      for (let i = 0; i < images; i++) total += losses[i]!;
      if (dTheta === none) continue;
      // The kernel's mean is over the chunk; the batch's is wanted.
      const lanesOfLogits = classes * this.#network.batch;
      if (images !== batch.count) ops.scale(tape.dLogits, images / batch.count, tape.dLogits, lanesOfLogits);
      this.#network.backward(theta, tape, dTheta, from > 0);
    }
    return total / batch.count;
  }

  /** Logits [n, classes] of images [n, c, h, w] at θ. */
  logits(theta: Buffer, images: Floats, count: number): Floats {
    const { classes } = this.#model;
    const exact = this.#backend.name === "reference";
    const out = exact ? new Float64Array(count * classes) : new Float32Array(count * classes);
    for (let from = 0; from < count; from += this.#chunk) {
      const chunk = Math.min(this.#chunk, count - from);
      this.#staged(chunk * this.#features).set(images.subarray(from * this.#features, (from + chunk) * this.#features));
      this.#packImages(chunk);
      this.#network.forward(theta, this.#tape, chunk);
      const shape = { features: classes, images: chunk, batch: this.#network.batch };
      this.#backend.ops.unpackImages(this.#staging, this.#tape.logits, shape);
      out.set(this.#staged(chunk * classes), from * classes);
    }
    return out;
  }

  /** Streams of the chunk that begins at image `from`: as many as there are layers. */
  #randomOf(random: RandomKey, from: number): RandomKey {
    return { ...random, stream: random.stream + (from / this.#chunk) * this.#model.layers.length };
  }

  #load(batch: Batch, from: number, images: number): void {
    const { ops } = this.#backend;
    const { classes } = this.#model;
    batch.imagesInto(this.#staged(images * this.#features), from);
    this.#packImages(images);
    batch.targetsInto(this.#staged(batch.hard ? images : images * classes), from);
    const shape = { images, batch: this.#network.batch };
    if (batch.hard) ops.oneHot(this.#tape.targets, this.#staging, { classes, ...shape });
    else ops.packImages(this.#tape.targets, this.#staging, { features: classes, ...shape });
  }

  #staged(n: number): Floats {
    return this.#backend.view(this.#staging, n);
  }

  #packImages(count: number): void {
    const shape = { features: this.#features, images: count, batch: this.#network.batch };
    this.#backend.ops.packImages(this.#tape.images, this.#staging, shape);
  }
}
