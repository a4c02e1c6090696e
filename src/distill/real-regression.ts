// Batches of real images to which a linear head on features is fitted or compared, with labels that are centred: 1 − 1/K for
// the class of an image and −1/K for the others (docs/math.md §9).
import type { Backend } from "../backend/backend.ts";
import type { Buffer, Floats } from "../backend/buffer.ts";
import type { Allocators } from "../inner/allocators.ts";
import type { Batch } from "../inner/batch.ts";
import type { DataBatch } from "../inner/data-batch.ts";
import { HeadBatch } from "../inner/head-batch.ts";
import type { Model } from "../nn/model.ts";
import type { Parts } from "../platform/parts.ts";
import type { Computing } from "./computing.ts";
import type { Problem } from "./config.ts";

export class RealRegression {
  readonly #problem: Problem;
  readonly #head: HeadBatch;
  readonly #computing: Computing;
  /** Made by the first step: a plan has no images to batch. */
  #batch: CentredBatch | undefined;

  /** Compares heads on the outputs of `features` with labels of the problem's classes. */
  constructor(
    problem: Problem,
    features: Model,
    backend: Backend,
    memory: Pick<Allocators, "realBatch">,
    computing: Computing,
  ) {
    this.#problem = problem;
    this.#head = new HeadBatch(features, problem.model.classes, backend, memory.realBatch, problem.outer.batch);
    this.#computing = computing;
  }

  /**
   * Records, over the batch of outer step `step`, the mean squared error of the head [classes, features] on the features at θ, into
   * the float `loss`, and ∂/∂head into dHead, in parts.
   */
  *loss(step: number, theta: Buffer, head: Buffer, dHead: Buffer, loss: Buffer): Parts {
    const { data, model, outer, seed, augment } = this.#problem;
    const options = { most: outer.batch, seed, augment };
    this.#batch ??= new CentredBatch(this.#computing.dataBatch(data, options), model.classes);
    this.#batch.select(step);
    yield* this.#head.loss(theta, head, this.#batch, dHead, loss);
  }
}

/** A batch with centred labels in the place of classes. */
class CentredBatch implements Batch {
  readonly hard = false;
  readonly #images: DataBatch;
  readonly #classes: number;

  constructor(images: DataBatch, classes: number) {
    this.#images = images;
    this.#classes = classes;
  }

  get count(): number {
    return this.#images.count;
  }

  select(step: number): void {
    this.#images.select(step);
  }

  imagesInto(out: Floats, from: number): void {
    this.#images.imagesInto(out, from);
  }

  targetsInto(out: Floats, from: number): void {
    const labels = new Float32Array(out.length / this.#classes);
    this.#images.targetsInto(labels, from);
    out.fill(-1 / this.#classes);
    for (let i = 0; i < labels.length; i++) out[i * this.#classes + labels[i]!]! += 1;
  }
}
