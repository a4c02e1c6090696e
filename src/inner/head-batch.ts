// A linear head on the features of real images: its mean squared error over a batch, and the gradient of the head alone,
//
//   ℓ = (1/B) Σ_b ½‖H·φ(x_b) − t_b‖²        ∂ℓ/∂H = (1/B) Σ_b (H·φ(x_b) − t_b)·φ(x_b)ᵀ
//
// which kernel ridge regression needs of real images (docs/math.md §9). The batch runs in chunks, as that of real-batch.ts
// does; their sums are added in the order of the chunks.

import type { Allocator } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import { type Buffer, none, nowhere } from "../backend/buffer.ts";
import { elements } from "../nn/layer.ts";
import type { Model } from "../nn/model.ts";
import { Network } from "../nn/network.ts";
import type { Tape } from "../nn/tape.ts";
import type { Parts } from "../platform/parts.ts";
import type { Batch } from "./batch.ts";
import { Chunks } from "./chunks.ts";

/** One chunk's place. */
interface Place {
  readonly network: Network;
  readonly tape: Tape;
  /** Images and targets as rows, [size, c, h, w] and [size, outputs]. */
  readonly rows: Buffer;
  readonly targetRows: Buffer;
  /** Targets, H·φ and its gradient, [outputs, size]; the loss of each image, [size]. */
  readonly targets: Buffer;
  readonly scores: Buffer;
  readonly dScores: Buffer;
  readonly losses: Buffer;
  /** [outputs, features] */
  readonly gradient: Buffer;
}

export class HeadBatch {
  readonly #backend: Backend;
  readonly #model: Model;
  readonly #outputs: number;
  readonly #chunks: Chunks;
  readonly #places: readonly Place[];

  /** A head with so many outputs on the outputs of `model`, for at most `most` images at a time. */
  constructor(model: Model, outputs: number, backend: Backend, allocator: Allocator, most: number) {
    this.#backend = backend;
    this.#model = model;
    this.#outputs = outputs;
    this.#chunks = new Chunks(model, backend, most);
    const { size, atOnce } = this.#chunks;
    const floats = elements(model.inputShape);
    const scores = () => allocator.allocate(outputs * size);
    this.#places = Array.from({ length: atOnce }, () => {
      const network = new Network(model, backend, size, allocator, { passes: "forward" });
      const images = allocator.allocate(floats * size);
      return {
        network,
        tape: network.tape(allocator, images, nowhere, { images: false, targets: false }),
        rows: allocator.allocate(floats * size),
        targetRows: scores(),
        targets: scores(),
        scores: scores(),
        dScores: scores(),
        losses: allocator.allocate(size),
        gradient: allocator.allocate(outputs * model.classes),
      };
    });
  }

  /**
   * Records into the float `loss` the mean squared error over the batch at θ of the head [outputs, features], and its gradient into
   * dHead. The targets of the batch are soft.
   */
  *loss(theta: Buffer, head: Buffer, batch: Batch, dHead: Buffer, loss: Buffer): Parts {
    const { ops } = this.#backend;
    const { count } = batch;
    const { size } = this.#chunks;
    const floats = this.#outputs * this.#model.classes;
    for (const { from, atOnce } of this.#chunks.rounds(count)) {
      const imagesOf = (i: number): number => Math.min(size, count - from - i * size);
      for (let i = 0; i < atOnce; i++) this.#stage(this.#places[i]!, batch, from + i * size, imagesOf(i));
      this.#backend.sideBySide(atOnce, (i) => this.#pass(this.#places[i]!, theta, head, imagesOf(i), count));
      for (let i = 0; i < atOnce; i++) {
        const { gradient, losses } = this.#places[i]!;
        ops.sum(loss, losses, imagesOf(i), from + i > 0);
        if (from + i === 0) ops.copy(dHead, gradient, floats);
        else ops.axpy(dHead, dHead, 1, gradient, floats);
      }
      yield;
    }
  }

  #stage({ rows, targetRows }: Place, batch: Batch, from: number, images: number): void {
    const floats = elements(this.#model.inputShape);
    this.#backend.upload(rows, images * floats, (host) => batch.imagesInto(host, from));
    this.#backend.upload(targetRows, images * this.#outputs, (host) => batch.targetsInto(host, from));
  }

  /** Gives the gradient and the losses of a chunk as shares of the means over `count` images. */
  #pass(place: Place, theta: Buffer, head: Buffer, images: number, count: number): void {
    const { network, tape, rows, targetRows, targets, scores, dScores, losses, gradient } = place;
    const { ops } = this.#backend;
    const [outputs, { lanes }] = [this.#outputs, network];
    ops.packImages(tape.images, rows, { features: elements(this.#model.inputShape), images, lanes });
    ops.packImages(targets, targetRows, { features: outputs, images, lanes });
    network.forward(theta, tape, images);
    const shape = { inFeatures: this.#model.classes, outFeatures: outputs, lanes };
    ops.linearForward(scores, tape.logits, head, none, shape, false);
    ops.squaredError(losses, dScores, none, scores, targets, { classes: outputs, images, lanes });
    // The op divides by the images of the chunk; the mean over the batch is wanted.
    ops.scale(dScores, images / count, dScores, outputs * lanes);
    ops.scale(losses, 1 / count, losses, images);
    ops.linearBackwardWeights(gradient, dScores, tape.logits, shape, false);
  }
}
