// Blocks of synthetic images and their labels in a backend's memory. Most methods learn these, among other things.
import { type Backend, write } from "../backend/backend.ts";
import type { Buffer, Floats } from "../backend/buffer.ts";
import type { Allocators } from "../inner/allocators.ts";
import { allocateBlocks, type Blocks } from "../inner/unroll.ts";
import { elements } from "../nn/layer.ts";
import type { Model } from "../nn/model.ts";
import { laneCount } from "../nn/network.ts";
import type { RandomKey } from "../numeric/philox.ts";
import type { Tensor } from "./tensor.ts";

/** The number of blocks, and of images in each. */
export interface BlockCounts {
  readonly steps: number;
  readonly imagesPerStep: number;
}

export class SyntheticImages {
  readonly blocks: Blocks;
  /** [steps, imagesPerStep, c, h, w] as rows. */
  readonly images: Tensor & { readonly called: "images" };
  /** [steps, imagesPerStep, classes] as rows. */
  readonly labels: Tensor & { readonly called: "labels" };
  readonly #counts: BlockCounts;
  readonly #model: Model;
  readonly #backend: Backend;

  constructor(counts: BlockCounts, model: Model, backend: Backend, memory: Pick<Allocators, "gradients" | "scratch">) {
    const { steps, imagesPerStep } = counts;
    const features = elements(model.inputShape);
    const packing = { blocks: steps, images: imagesPerStep, lanes: laneCount(model, imagesPerStep, backend.plan) };
    this.blocks = allocateBlocks({ model, epochs: 1, ...counts }, backend.plan, memory.gradients);
    const { images, imageFloats, targets, targetFloats } = this.blocks;
    this.images = {
      ...{ name: "images", called: "images", value: images, floats: steps * imageFloats },
      packing: { ...packing, features },
    };
    this.labels = {
      ...{ name: "targets", called: "labels", value: targets, floats: steps * targetFloats },
      packing: { ...packing, features: model.classes },
    };
    this.#counts = counts;
    this.#model = model;
    this.#backend = backend;
  }

  /**
   * Records pixels ~ N(0, std²) in normalised space, those of block s from the stream `key(s)`. Here and below, `staging` has
   * room for at least one block as users hold it.
   */
  startNoise(staging: Buffer, std: number, key: (step: number) => RandomKey): void {
    const { images, features } = this.images.packing!;
    this.#each((s) => {
      this.#backend.ops.normal(staging, images * features, key(s), 0, std);
      this.#pack(staging, s);
    });
  }

  /** Writes real or other images: `rows(s)` are those of block s, [imagesPerStep, c, h, w], normalised. */
  startImages(staging: Buffer, rows: (step: number) => ArrayLike<number>): void {
    this.fillImages(staging, (host, s) => host.set(rows(s)));
  }

  /** Does the same without an array of its own: `fill` puts the images of block s into the memory that it is handed. */
  fillImages(staging: Buffer, fill: (host: Floats, step: number) => void): void {
    const { images, features } = this.images.packing!;
    this.#each((s) => {
      this.#backend.upload(staging, images * features, (host) => fill(host, s));
      this.#pack(staging, s);
    });
  }

  /** Writes one-hot labels: `classes(s)` are those of block s, [imagesPerStep]. */
  startLabels(staging: Buffer, classes: (step: number) => readonly number[]): void {
    const { lanes, images, features } = this.labels.packing!;
    const { targets, targetFloats } = this.blocks;
    this.#each((s) => {
      write(this.#backend, staging, classes(s));
      this.#backend.ops.oneHot(targets + s * targetFloats, staging, { classes: features, images, lanes });
    });
  }

  /** Writes soft labels: `rows(s)` are those of block s, [imagesPerStep, classes]. */
  startTargets(staging: Buffer, rows: (step: number) => ArrayLike<number>): void {
    const { targets, targetFloats } = this.blocks;
    this.#each((s) => {
      write(this.#backend, staging, rows(s));
      this.#backend.ops.packImages(targets + s * targetFloats, staging, this.labels.packing!);
    });
  }

  /** Returns one-hot labels as rows, [steps, imagesPerStep, classes]. */
  oneHot(classes: (step: number) => readonly number[]): Float32Array {
    const { steps, imagesPerStep } = this.#counts;
    const rows = new Float32Array(steps * imagesPerStep * this.#model.classes);
    for (let s = 0; s < steps; s++) {
      for (const [i, label] of classes(s).entries()) rows[(s * imagesPerStep + i) * this.#model.classes + label] = 1;
    }
    return rows;
  }

  #pack(staging: Buffer, s: number): void {
    const { lanes, images, features } = this.images.packing!;
    const to = this.blocks.images + s * this.blocks.imageFloats;
    this.#backend.ops.packImages(to, staging, { features, images, lanes });
  }

  #each(work: (step: number) => void): void {
    for (let s = 0; s < this.#counts.steps; s++) work(s);
  }
}
