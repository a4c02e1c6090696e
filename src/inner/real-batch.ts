// The outer loss: the mean loss of a trained network on a batch of real images, with nothing dropped, as in evaluation.
// A large batch runs in chunks that stay in a core's cache; what the chunks are is decided by the model's shape alone.
// With a small model each thread takes chunks of its own, which scales better than sharing every kernel: what a chunk
// leaves in a core's cache, that core reads again. Their gradients are added in the order of the chunks.
// docs/math.md §1 describes this.

import type { Allocator } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import { type Buffer, type Floats, none, type OptionalBuffer } from "../backend/buffer.ts";
import { elements } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import type { PreparedWeights, Weights } from "../nn/prepared.ts";
import type { RandomKey } from "../numeric/philox.ts";
import { awaitedLater, doneAtOnce, type Parts } from "../platform/parts.ts";
import type { AugmentStrategy } from "./augment-strategies.ts";
import type { AugmentationDraw } from "./augmented-images.ts";
import type { Batch } from "./batch.ts";
import { Chunks } from "./chunks.ts";
import { ImageChunk } from "./image-chunk.ts";

/** Forward, loss and backward over real images, chunk by chunk, at most `most` images at a time. */
export class RealBatch {
  readonly #backend: Backend;
  readonly #model: Model;
  readonly #chunking: Chunks;
  readonly #size: number;
  /** The chunks that are in the network at the same time. */
  readonly #chunks: readonly ImageChunk[];
  /** The gradients of these chunks. Empty for a large model, whose only chunk adds to the sum itself. */
  readonly #gradients: readonly Buffer[];
  /** What all chunks share; undefined where there is but one, or layers take weights as they are. */
  readonly #prepared: PreparedWeights | undefined;

  /** `threads`: how many take chunks of this batch at the same time. */
  constructor(
    model: Model,
    backend: Backend,
    allocator: Allocator,
    most: number,
    loss?: Loss,
    augment?: readonly AugmentStrategy[],
    threads: number = backend.atOnce,
  ) {
    this.#backend = backend;
    this.#model = model;
    this.#chunking = new Chunks(model, { plan: backend.plan, atOnce: threads }, most);
    const { size, small, atOnce } = this.#chunking;
    this.#size = size;
    const chunk = (): ImageChunk => new ImageChunk(model, backend, allocator, size, loss, augment);
    this.#chunks = Array.from({ length: atOnce }, chunk);
    this.#prepared = most > size ? this.#chunks[0]!.preparedWeights(allocator) : undefined;
    this.#gradients = small ? this.#chunks.map(() => allocator.allocate(model.parameterCount)) : [];
  }

  /**
   * Records the mean loss over the batch at θ into the one float `into`, and its gradient into dTheta unless that is `none`.
   * Dropout draws from `random` and the streams after it; without `random` nothing is dropped. With `augmentation` the images are
   * augmented as that draws. What chunks that run at the same time upload is a part, and what they compute is one; until the last,
   * nothing else may use this object or select another batch.
   */
  *loss(
    theta: Buffer,
    batch: Batch,
    dTheta: OptionalBuffer,
    into: Buffer,
    random?: RandomKey,
    augmentation?: AugmentationDraw,
  ): Parts {
    const { ops } = this.#backend;
    const { parameterCount } = this.#model;
    // Ops that are recorded side by side may run when `batch` already stands for another batch.
    const { count, hard } = batch;
    const kind = { count, hard };
    const weights = this.#weightsAt(theta);
    for (const { from, atOnce } of this.#chunking.rounds(count)) {
      const imagesOf = (i: number): number => Math.min(this.#size, count - from - i * this.#size);
      const staged = Array.from({ length: atOnce }, (_, i) =>
        this.#chunks[i]!.stage(batch, from + i * this.#size, imagesOf(i), augmentation),
      );
      yield;
      this.#backend.sideBySide(atOnce, (i) => {
        const gradient = dTheta === none ? none : (this.#gradients[i] ?? dTheta);
        const streams = random && this.#randomOf(random, from + i * this.#size);
        this.#chunks[i]!.pass(
          weights,
          kind,
          imagesOf(i),
          gradient,
          gradient === dTheta && from > 0,
          streams,
          staged[i],
        );
      });
      for (let i = 0; i < atOnce; i++) {
        const { losses } = this.#chunks[i]!;
        // The sum of the losses may be too large for a float although their mean is not.
        ops.scale(losses, 1 / batch.count, losses, imagesOf(i));
        ops.sum(into, losses, imagesOf(i), from + i > 0);
        const gradient = this.#gradients[i];
        if (dTheta === none || gradient === undefined) continue;
        if (from + i === 0) ops.copy(dTheta, gradient, parameterCount);
        else ops.axpy(dTheta, dTheta, 1, gradient, parameterCount);
      }
      yield;
    }
  }

  /**
   * Returns the logits [n, classes] of images [n, c, h, w] at θ. All is recorded before this returns, so the caller may give back
   * the memory then.
   */
  async logits(theta: Buffer, images: Floats, count: number): Promise<Floats> {
    const [logits] = await doneAtOnce(this.logitsParts([theta], images, count));
    return logits!;
  }

  /** Records those at each θ in parts: images are fetched once for all networks, as far as there is room for their logits. */
  *logitsParts(thetas: readonly Buffer[], images: Floats, count: number): Generator<unknown, Promise<Floats[]>> {
    const { Floats } = this.#backend;
    const features = elements(this.#model.inputShape);
    const { classes } = this.#model;
    const out = thetas.map(() => new Floats(count * classes));
    const read: Promise<void>[] = [];
    const together = Math.max(1, Math.floor(features / classes));
    for (let first = 0; first < thetas.length; first += together) {
      const some = thetas.slice(first, first + together);
      // There is room for what is prepared of one θ.
      const weights = some.length === 1 ? some.map((theta) => this.#weightsAt(theta)) : some;
      for (const { from, atOnce } of this.#chunking.rounds(count)) {
        const chunks = this.#chunks.slice(0, atOnce).map((chunk, i) => {
          const at = from + i * this.#size;
          return { chunk, at, images: Math.min(this.#size, count - at) };
        });
        for (const { chunk, at, images: n } of chunks)
          chunk.stageImages(images.subarray(at * features, (at + n) * features));
        this.#backend.sideBySide(atOnce, (i) => chunks[i]!.chunk.predict(weights, chunks[i]!.images));
        for (const { chunk, at, images: n } of chunks) {
          const copied = chunk.predicted(n, some.length).then((rows) => {
            for (let k = 0; k < some.length; k++) {
              out[first + k]!.set(rows.subarray(k * n * classes, (k + 1) * n * classes), at * classes);
            }
          });
          read.push(awaitedLater(copied));
        }
        yield;
      }
    }
    return Promise.all(read).then(() => out);
  }

  /** Returns the weights at θ for all chunks, and records what prepares them. */
  #weightsAt(theta: Buffer): Weights {
    if (this.#prepared === undefined) return theta;
    this.#chunks[0]!.prepare(this.#prepared, theta);
    return this.#prepared;
  }

  /** Returns the first stream of the chunk that begins at image `from`. A chunk has as many as there are layers. */
  #randomOf(random: RandomKey, from: number): RandomKey {
    return { ...random, stream: random.stream + (from / this.#size) * this.#model.layers.length };
  }
}
