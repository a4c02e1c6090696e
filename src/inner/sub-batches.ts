// The images of each inner step: some of the distilled ones, which lie in one block. Which these are is drawn before the training
// begins. A set that every step takes as a whole is used where it lies. docs/math.md §10 describes this.

import type { Backend } from "../backend/backend.ts";
import { type Buffer, none, nowhere, type OptionalBuffer } from "../backend/buffer.ts";
import type { GatherShape } from "../backend/shapes.ts";
import { elements } from "../nn/layer.ts";
import type { Model } from "../nn/model.ts";
import { laneCount } from "../nn/network.ts";
import type { Allocators } from "./allocators.ts";
import type { Blocks } from "./unroll.ts";

/** Sizes of a set and of the batches from it. */
export interface SubBatchCounts {
  /** Images of the set. */
  readonly images: number;
  /** Images of a step. */
  readonly batch: number;
  /** The most steps of a training. */
  readonly steps: number;
}

export class SubBatches {
  /** Where the images [c, h, w, lanes] and targets [classes, lanes] of the chosen step are. */
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
  #chosen = 0;

  constructor(
    set: Blocks,
    { images, batch, steps }: SubBatchCounts,
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
    this.images = this.#whole ? set.images : memory.scratch.allocate(this.#ofImages.features * lanes);
    this.targets = this.#whole ? set.targets : memory.scratch.allocate(this.#ofTargets.features * lanes);
  }

  /** Says which images the first `steps` steps take: `of(t)` are the places in the set of those of step t, all different. */
  draw(steps: number, of: (t: number) => readonly number[]): void {
    if (this.#whole) return;
    this.#backend.upload(this.#columns, steps * this.count, (host) => {
      for (let t = 0; t < steps; t++) host.set(of(t), t * this.count);
    });
  }

  /** Records what puts the images of step `t` into place. An augmentation of them would come here, and its adjoint in `add`. */
  choose(t: number): void {
    this.#chosen = t;
    if (this.#whole) return;
    const { ops } = this.#backend;
    ops.gatherImages(this.images, this.#set.images, this.#columnsOf(t), this.#ofImages);
    ops.gatherImages(this.targets, this.#set.targets, this.#columnsOf(t), this.#ofTargets);
  }

  /** Records what adds gradients of the chosen images and, unless there are none, of their targets to those of the set. */
  add(ofSet: { images: Buffer; targets: OptionalBuffer }, ofBatch: { images: Buffer; targets: OptionalBuffer }): void {
    this.#addPart(ofSet.images, ofBatch.images, this.#ofImages);
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
