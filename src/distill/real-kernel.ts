// Batches of real images with centred labels beside the images of a set, under the kernel of an infinitely wide network
// (docs/math.md §12).
import type { Backend } from "../backend/backend.ts";
import type { Buffer } from "../backend/buffer.ts";
import type { ArcCosine } from "../backend/shapes.ts";
import type { Allocators } from "../inner/allocators.ts";
import { KernelBatch, type KernelGradients, type KernelRows, type KernelSizes } from "../inner/kernel-batch.ts";
import type { Parts } from "../platform/parts.ts";
import { CentredBatches } from "./centred-batches.ts";
import type { Computing } from "./computing.ts";
import type { Problem } from "./config.ts";

/** What is computed with, and what. */
export interface RealKernelOptions {
  /** The sizes of the set. */
  readonly sizes: KernelSizes;
  readonly kernel: ArcCosine;
  /** Real images at a time. Default: those of an outer batch. */
  readonly most?: number | undefined;
  /** Whether `loss` will be asked for, or `rows` alone, for which less room is enough. Default true. */
  readonly withLoss?: boolean | undefined;
}

export class RealKernel {
  readonly #batch: CentredBatches;
  readonly #kernel: KernelBatch;

  constructor(
    problem: Problem,
    { sizes, kernel, most = problem.outer.batch, withLoss = true }: RealKernelOptions,
    backend: Backend,
    memory: Pick<Allocators, "realBatch">,
    computing: Computing,
  ) {
    this.#batch = new CentredBatches(problem, computing, most);
    this.#kernel = new KernelBatch(sizes, kernel, backend, memory.realBatch, most, withLoss);
  }

  /** Lanes of a chunk of real images. */
  get chunk(): number {
    return this.#kernel.size;
  }

  /** Records what `KernelBatch.loss` does, over the batch of outer step `step`. */
  *loss(step: number, x: Buffer, solution: Buffer, gradients: KernelGradients, loss: Buffer): Parts {
    this.#batch.select(step);
    yield* this.#kernel.loss(x, solution, this.#batch, gradients, loss);
  }

  /** Records what `KernelBatch.rows` does, over the batch of outer step `step`. */
  *rows(step: number, x: Buffer, solution: Buffer, into: KernelRows, loss: Buffer): Parts {
    this.#batch.select(step);
    yield* this.#kernel.rows(x, solution, this.#batch, into, loss);
  }
}
