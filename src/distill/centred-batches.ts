// Batches of real images whose labels are centred: 1 − 1/K for the class of an image and −1/K for the others. Methods that fit a
// regression compare with these (docs/math.md §9).
import type { Floats } from "../backend/buffer.ts";
import type { Batch } from "../inner/batch.ts";
import type { DataBatch } from "../inner/data-batch.ts";
import type { Computing } from "./computing.ts";
import type { Problem } from "./config.ts";

export class CentredBatches implements Batch {
  readonly hard = false;
  readonly #problem: Problem;
  readonly #computing: Computing;
  readonly #most: number;
  /** Made by the first step: a plan has no images to batch. */
  #images: DataBatch | undefined;

  /** Batches of at most `most` images. Default: those of the run. */
  constructor(problem: Problem, computing: Computing, most: number = problem.outer.batch) {
    this.#problem = problem;
    this.#computing = computing;
    this.#most = most;
  }

  /** Makes this the batch of outer step `step`. */
  select(step: number): void {
    const { data, seed, augment } = this.#problem;
    this.#images ??= this.#computing.dataBatch(data, { most: this.#most, seed, augment });
    this.#images.select(step);
  }

  get count(): number {
    return this.#images?.count ?? 0;
  }

  imagesInto(out: Floats, from: number): void {
    this.#images!.imagesInto(out, from);
  }

  targetsInto(out: Floats, from: number): void {
    const { classes } = this.#problem.model;
    const labels = new Float32Array(out.length / classes);
    this.#images!.targetsInto(labels, from);
    out.fill(-1 / classes);
    for (let i = 0; i < labels.length; i++) out[i * classes + labels[i]!]! += 1;
  }
}

/** Returns the centred labels of images of these classes, [n, K]. */
export function centredLabels(labels: readonly number[], classes: number): Float32Array {
  const rows = new Float32Array(labels.length * classes).fill(-1 / classes);
  for (const [i, label] of labels.entries()) rows[i * classes + label] = 1 - 1 / classes;
  return rows;
}
