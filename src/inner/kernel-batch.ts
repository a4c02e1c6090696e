// Real images beside the images of a set, under the kernel of an infinitely wide network: the mean squared error of a kernel
// regression over a batch, and its gradients (docs/math.md §12),
//
//   ℓ = (1/B) Σ_b ½‖Z·k(x_b) − t_b‖²      k(x)_i = κ(x_i, x)      E_b = (Z·k(x_b) − t_b)/B      ∂ℓ/∂Z = Σ_b E_b·k(x_b)ᵀ
//   ∂ℓ/∂k(x_b) = Zᵀ·E_b
//
// and the rows k(x_b) themselves, for label solve. The batch runs in chunks, whose sums are added in their order.

import type { Allocator } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import { type Buffer, none, nowhere } from "../backend/buffer.ts";
import type { ArcCosine } from "../backend/shapes.ts";
import type { Parts } from "../platform/parts.ts";
import type { Batch } from "./batch.ts";

/** D, K, and the number of images of the set with their lanes. */
export interface KernelSizes {
  readonly features: number;
  readonly classes: number;
  readonly images: number;
  readonly lanes: number;
}

/** The gradients by the images of the set, whose own share docs/math.md §12 has. */
export interface KernelGradients {
  /** ∂ℓ/∂Z, [K, lanes]. */
  readonly dSolution: Buffer;
  /** Σ_b x_b·(∂ℓ/∂s_ib), [D, lanes]. */
  readonly dPixels: Buffer;
  /** Σ_b ∂ℓ/∂k·∂κ/∂a, [lanes]. */
  readonly dNorms: Buffer;
}

/** Images of a chunk: their lanes, and so many of them that exist. */
interface Chunk {
  readonly from: number;
  readonly images: number;
}

export class KernelBatch {
  /** Lanes of a chunk. */
  readonly size: number;
  readonly #backend: Backend;
  readonly #sizes: KernelSizes;
  readonly #kernel: ArcCosine;
  /** Images and targets as rows, [size, D] and [size, K], and as columns. */
  readonly #rows: Buffer;
  readonly #targetRows: Buffer;
  readonly #images: Buffer;
  readonly #targets: Buffer;
  /** Z·k, its gradient, [K, size], and the loss of each image, [size]. */
  readonly #scores: Buffer;
  readonly #dScores: Buffer;
  readonly #losses: Buffer;
  /** k and its derivatives, [lanes, size]. */
  readonly #values: Buffer;
  readonly #ds: Buffer;
  readonly #da: Buffer;

  /** For at most `most` real images at a time. Without `withLoss` it has no room for `loss`. */
  constructor(
    sizes: KernelSizes,
    kernel: ArcCosine,
    backend: Backend,
    allocator: Allocator,
    most: number,
    withLoss: boolean,
  ) {
    const { features, classes, lanes } = sizes;
    const { plan } = backend;
    const size = Math.min(plan.chunk(features + lanes, [{ op: "linear" }]), plan.lanes([{ op: "linear" }], most));
    const floats = (each: number): Buffer => allocator.allocate(each * size);
    this.size = size;
    this.#backend = backend;
    this.#sizes = sizes;
    this.#kernel = kernel;
    [this.#rows, this.#images] = [floats(features), floats(features)];
    [this.#targetRows, this.#targets] = [floats(classes), floats(classes)];
    [this.#scores, this.#dScores] = [floats(classes), floats(classes)];
    this.#losses = floats(1);
    const wide = (): Buffer => (withLoss ? floats(lanes) : nowhere);
    [this.#values, this.#ds, this.#da] = [wide(), wide(), wide()];
  }

  /** Records the loss of Z [K, lanes] on the batch with the set's images x [D, lanes], and what its gradients are made of. */
  *loss(x: Buffer, solution: Buffer, batch: Batch, gradients: KernelGradients, loss: Buffer): Parts {
    const { count } = batch;
    for (const chunk of this.#chunks(count)) {
      this.#stage(batch, chunk);
      this.#pass(x, solution, count, chunk, gradients, loss);
      yield;
    }
  }

  /**
   * Records k(x_b) as row b of `rows`, [count + size, lanes], and the labels as `labels` [K, count]; and the loss of Z, in parts.
   * `staging` [count, K] holds the labels as rows.
   */
  *rows(x: Buffer, solution: Buffer, batch: Batch, into: KernelRows, loss: Buffer): Parts {
    const { ops } = this.#backend;
    const { features, classes, lanes } = this.#sizes;
    const { count } = batch;
    for (const chunk of this.#chunks(count)) {
      const { from, images } = chunk;
      this.#stage(batch, chunk);
      const rows = into.rows + from * lanes;
      const shape = { features, images, lanes: this.size, yImages: this.#sizes.images, yLanes: lanes, ...this.#kernel };
      ops.arcCosineKernel(rows, none, none, this.#images, x, shape);
      const product = { inFeatures: this.size, outFeatures: classes, lanes };
      ops.linearBackwardWeights(this.#scores, solution, rows, product, false);
      this.#error(count, chunk, loss);
      ops.copy(into.staging + from * classes, this.#targetRows, images * classes);
      yield;
    }
    ops.packImages(into.labels, into.staging, { features: classes, images: count, lanes: into.labelLanes });
    yield;
  }

  *#chunks(count: number): Iterable<Chunk> {
    for (let from = 0; from < count; from += this.size) yield { from, images: Math.min(this.size, count - from) };
  }

  #stage(batch: Batch, { from, images }: Chunk): void {
    const { ops } = this.#backend;
    const { features, classes } = this.#sizes;
    this.#backend.upload(this.#rows, images * features, (host) => batch.imagesInto(host, from));
    this.#backend.upload(this.#targetRows, images * classes, (host) => batch.targetsInto(host, from));
    ops.packImages(this.#images, this.#rows, { features, images, lanes: this.size });
    ops.packImages(this.#targets, this.#targetRows, { features: classes, images, lanes: this.size });
  }

  /** Adds the chunk's share of the mean loss of the scores, and leaves its gradient. */
  #error(count: number, { from, images }: Chunk, loss: Buffer): void {
    const { ops } = this.#backend;
    const { classes } = this.#sizes;
    const shape = { classes, images, lanes: this.size };
    ops.squaredError(this.#losses, this.#dScores, none, this.#scores, this.#targets, shape);
    // The op divides by the images of the chunk; the mean over the batch is wanted.
    ops.scale(this.#dScores, images / count, this.#dScores, classes * this.size);
    ops.scale(this.#losses, 1 / count, this.#losses, images);
    ops.sum(loss, this.#losses, images, from > 0);
  }

  #pass(x: Buffer, solution: Buffer, count: number, chunk: Chunk, to: KernelGradients, loss: Buffer): void {
    const { ops } = this.#backend;
    const { features, classes, images, lanes } = this.#sizes;
    const { size } = this;
    const floats = lanes * size;
    const more = chunk.from > 0;
    const shape = { features, images, lanes, yImages: chunk.images, yLanes: size, ...this.#kernel };
    ops.arcCosineKernel(this.#values, this.#ds, this.#da, x, this.#images, shape);
    const product = { inFeatures: lanes, outFeatures: classes, lanes: size };
    ops.linearForward(this.#scores, this.#values, solution, none, product, false);
    this.#error(count, chunk, loss);
    ops.linearBackwardWeights(to.dSolution, this.#dScores, this.#values, product, more);
    ops.linearBackwardData(this.#values, this.#dScores, solution, product, false);
    ops.multiply(this.#ds, this.#ds, this.#values, floats);
    ops.multiply(this.#da, this.#da, this.#values, floats);
    const pixels = { inFeatures: lanes, outFeatures: features, lanes: size };
    ops.linearBackwardWeights(to.dPixels, this.#images, this.#ds, pixels, more);
    ops.sumRows(to.dNorms, this.#da, lanes, size, more);
  }
}

/** Where the rows of a kernel and the labels of a whole batch go. */
export interface KernelRows {
  readonly rows: Buffer;
  readonly labels: Buffer;
  readonly labelLanes: number;
  readonly staging: Buffer;
}
