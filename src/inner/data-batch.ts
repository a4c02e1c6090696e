// Batches of a data set: each pass over it has an order of its own, and the last batch of a pass may be smaller. Augmented
// images are drawn anew for each batch, and the same for everybody who reads it.
import type { Floats } from "../backend/buffer.ts";
import { type Augmentation, AugmentedBatches } from "../data/augment.ts";
import { batchInto, type Dataset, normalizedBytes } from "../data/dataset.ts";
import { randomPermutation } from "../numeric/draws.ts";
import { randomKey } from "../numeric/random.ts";
import type { Batch } from "./batch.ts";

export interface DataBatchOptions {
  readonly most: number;
  readonly seed: number;
  readonly purpose?: string;
  readonly augment?: Augmentation | undefined;
}

/** One object for all batches: `select` says which it is. */
export class DataBatch implements Batch {
  readonly hard = true;
  count = 0;
  /** Batches in one pass over the data. */
  readonly perEpoch: number;
  readonly #data: Dataset;
  readonly #most: number;
  readonly #seed: number;
  readonly #purpose: string;
  readonly #tables: readonly Float32Array[];
  readonly #augmented: AugmentedBatches | undefined;
  #step = 0;
  /** The images of a pass in their order, and which pass it is. */
  #order: Uint32Array = new Uint32Array(0);
  #epoch = -1;
  /** The place of its first image in that order, and among the images of the whole batch. */
  #start = 0;
  #from = 0;

  /**
   * Batches of `most` images, in orders of their own for each `purpose`.
   *
   * @throws RangeError or TypeError for an augmentation that cannot be done to such images.
   */
  constructor(data: Dataset, { most, seed, purpose = "order", augment }: DataBatchOptions) {
    this.perEpoch = Math.ceil(data.count / most);
    this.#data = data;
    this.#most = most;
    this.#seed = seed;
    this.#purpose = purpose;
    this.#tables = normalizedBytes(data);
    this.#augmented = augment && new AugmentedBatches(data, augment);
  }

  /**
   * Makes this the batch of step `step`, counted from 0; or a slice of it: the images that `slice` gives for the number of images in
   * the batch, from the first to before the second.
   */
  select(step: number, slice: (images: number) => readonly [from: number, to: number] = (images) => [0, images]): void {
    const { count } = this.#data;
    const epoch = Math.floor(step / this.perEpoch);
    if (epoch !== this.#epoch) {
      this.#order = randomPermutation(randomKey(this.#seed, this.#purpose, epoch), count);
      this.#epoch = epoch;
    }
    this.#step = step;
    const start = (step - epoch * this.perEpoch) * this.#most;
    const [from, to] = slice(Math.min(this.#most, count - start));
    this.#start = start + from;
    this.#from = from;
    this.count = to - from;
  }

  imagesInto(out: Floats, from: number): void {
    const { channels, height, width } = this.#data;
    const indices = this.#indices(from, out.length / (channels * height * width));
    const key = randomKey(this.#seed, `${this.#purpose}/augment`, this.#step);
    if (this.#augmented) this.#augmented.into(indices, out, key, this.#from + from);
    else batchInto(this.#data, indices, out, this.#tables);
  }

  targetsInto(out: Floats, from: number): void {
    const { labels } = this.#data;
    const indices = this.#indices(from, out.length);
    for (let i = 0; i < out.length; i++) out[i] = labels[indices[i]!]!;
  }

  #indices(from: number, n: number): Uint32Array {
    const start = this.#start + from;
    return this.#order.subarray(start, start + n);
  }
}
