// Linear heads on the features of batches of real images, compared with their centred labels (docs/math.md §9).
import type { Backend } from "../backend/backend.ts";
import type { Buffer } from "../backend/buffer.ts";
import type { Allocators } from "../inner/allocators.ts";
import { HeadBatch } from "../inner/head-batch.ts";
import type { Model } from "../nn/model.ts";
import type { Parts } from "../platform/parts.ts";
import { CentredBatches } from "./centred-batches.ts";
import type { Computing } from "./computing.ts";
import type { Problem } from "./config.ts";

export class RealRegression {
  readonly #head: HeadBatch;
  readonly #batch: CentredBatches;

  /** Compares heads on the outputs of `features` with labels of the problem's classes. */
  constructor(
    problem: Problem,
    features: Model,
    backend: Backend,
    memory: Pick<Allocators, "realBatch">,
    computing: Computing,
  ) {
    this.#head = new HeadBatch(features, problem.model.classes, backend, memory.realBatch, problem.outer.batch);
    this.#batch = new CentredBatches(problem, computing);
  }

  /**
   * Records, over the batch of outer step `step`, the mean squared error of the head [classes, features] on the features at θ, into
   * the float `loss`, and ∂/∂head into dHead, in parts.
   */
  *loss(step: number, theta: Buffer, head: Buffer, dHead: Buffer, loss: Buffer): Parts {
    this.#batch.select(step);
    yield* this.#head.loss(theta, head, this.#batch, dHead, loss);
  }
}
