// The images of each inner step: some of the distilled ones, which lie in one block, or what an augmentation makes of these,
// x′ = A·x + b. Which they are and how they are augmented is drawn for all steps before the training begins, because some steps are
// recorded twice. A set that every step takes whole and unchanged is used where it lies. docs/math.md §8 and §10.

import type { Backend } from "../backend/backend.ts";
import { type Buffer, none, nowhere, type OptionalBuffer } from "../backend/buffer.ts";
import type { GatherShape } from "../backend/shapes.ts";
import { elements } from "../nn/layer.ts";
import type { Model } from "../nn/model.ts";
import { laneCount } from "../nn/network.ts";
import type { Allocators } from "./allocators.ts";
import type { AugmentStrategy } from "./augment-strategies.ts";
import { type AugmentationDraw, AugmentedImages, type DrawnAugmentation } from "./augmented-images.ts";
import type { Blocks } from "./unroll.ts";

/** Sizes of a set and of the batches from it, and what is done to these. */
export interface SubBatchOptions {
  /** Images of the set. */
  readonly images: number;
  /** Images of a step. */
  readonly batch: number;
  /** The most steps of a training. */
  readonly steps: number;
  /** The strategies by which the images of a step are augmented. Default: none. */
  readonly augment?: readonly AugmentStrategy[] | undefined;
}

/** What is drawn for each step of a training. */
export interface StepDraws {
  /** The places in the set of the images of step `t`, all different. */
  readonly places: (t: number) => readonly number[];
  /** By what the augmentation of step `t` is drawn. */
  readonly augmentation: (t: number) => AugmentationDraw;
}

export class SubBatches {
  /** Where the images [c, h, w, lanes], augmented if they are, and targets [classes, lanes] of the chosen step are. */
  readonly images: Buffer;
  readonly targets: Buffer;
  readonly lanes: number;
  /** Images of a step. */
  readonly count: number;
  readonly #backend: Backend;
  readonly #set: Blocks;
  /** Whether a step takes the whole set. */
  readonly #whole: boolean;
  /** The places in the set of the images of each step, [steps, batch]. */
  readonly #columns: Buffer;
  readonly #ofImages: GatherShape;
  readonly #ofTargets: GatherShape;
  /** Where the images of a step lie as they are in the set. */
  readonly #plain: Buffer;
  /** The augmentation of each step, which has parameters of its own; nothing if there is none. */
  readonly #augmented: readonly AugmentedImages[];
  #drawn: readonly DrawnAugmentation[] = [];
  #chosen = 0;

  constructor(
    set: Blocks,
    { images, batch, steps, augment = [] }: SubBatchOptions,
    model: Model,
    backend: Backend,
    memory: Pick<Allocators, "gradients" | "scratch">,
  ) {
    const [lanes, sourceLanes] = [batch, images].map((n) => laneCount(model, n, backend.plan)) as [number, number];
    this.count = batch;
    this.lanes = lanes;
    this.#backend = backend;
    this.#set = set;
    this.#whole = batch === images;
    this.#ofImages = { features: elements(model.inputShape), images: batch, lanes, sourceLanes };
    this.#ofTargets = { ...this.#ofImages, features: model.classes };
    this.#columns = this.#whole ? nowhere : memory.gradients.allocate(steps * batch);
    const place = (): Buffer => memory.scratch.allocate(this.#ofImages.features * lanes);
    this.#plain = this.#whole ? set.images : place();
    const augmentation = (): AugmentedImages =>
      new AugmentedImages(augment, model.inputShape, lanes, backend, memory.gradients);
    this.#augmented = augment.length === 0 ? [] : Array.from({ length: steps }, augmentation);
    this.images = augment.length === 0 ? this.#plain : place();
    this.targets = this.#whole ? set.targets : memory.scratch.allocate(this.#ofTargets.features * lanes);
  }

  /** Says which images the first `steps` steps take, and draws how they are augmented. */
  draw(steps: number, { places, augmentation }: StepDraws): void {
    const { count } = this;
    this.#drawn = this.#augmented.slice(0, steps).map((images, t) => {
      const { key, groupOf } = augmentation(t);
      return images.draw(key, { count, groupOf });
    });
    if (this.#whole) return;
    this.#backend.upload(this.#columns, steps * count, (host) => {
      for (let t = 0; t < steps; t++) host.set(places(t), t * count);
    });
  }

  /** Records what puts the images of step `t` into place. */
  choose(t: number): void {
    this.#chosen = t;
    if (!this.#whole) {
      const { ops } = this.#backend;
      ops.gatherImages(this.#plain, this.#set.images, this.#columnsOf(t), this.#ofImages);
      ops.gatherImages(this.targets, this.#set.targets, this.#columnsOf(t), this.#ofTargets);
    }
    this.#drawn[t]?.forward(this.images, this.#plain);
  }

  /**
   * Records what adds gradients of the chosen images and, unless there are none, of their targets to those of the set. Augmented
   * images are overwritten, so a step is chosen again before another pass reads them.
   */
  add(ofSet: { images: Buffer; targets: OptionalBuffer }, ofBatch: { images: Buffer; targets: OptionalBuffer }): void {
    const drawn = this.#drawn[this.#chosen];
    // Aᵀ·dx′ comes where x′ was, which nothing reads once its gradient is there.
    drawn?.backward(this.images, ofBatch.images);
    this.#addPart(ofSet.images, drawn ? this.images : ofBatch.images, this.#ofImages);
    if (ofSet.targets !== none && ofBatch.targets !== none) {
      this.#addPart(ofSet.targets, ofBatch.targets, this.#ofTargets);
    }
  }

  #addPart(to: Buffer, from: Buffer, shape: GatherShape): void {
    const { ops } = this.#backend;
    if (this.#whole) ops.axpy(to, to, 1, from, shape.features * shape.lanes);
    else ops.scatterImages(to, from, this.#columnsOf(this.#chosen), shape);
  }

  #columnsOf(t: number): Buffer {
    return this.#columns + t * this.count;
  }
}
