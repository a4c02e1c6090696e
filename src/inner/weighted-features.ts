// Weighted sums of the features of many images: Σ_i φ(x_i)·w_iᵀ, as the mean of each class is. The batch runs in chunks, as
// that of real-batch.ts does; their sums are added in the order of the chunks.
// docs/math.md §7 has the formulas.

import type { Allocator } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import { type Buffer, nowhere } from "../backend/buffer.ts";
import { elements } from "../nn/layer.ts";
import type { Model } from "../nn/model.ts";
import { Network } from "../nn/network.ts";
import type { Tape } from "../nn/tape.ts";
import type { Parts } from "../platform/parts.ts";
import type { AugmentStrategy } from "./augment-strategies.ts";
import { type AugmentationDraw, AugmentedImages, type DrawnAugmentation } from "./augmented-images.ts";
import type { Batch } from "./batch.ts";
import { Chunks } from "./chunks.ts";

/** One chunk's place. */
interface Place {
  readonly network: Network;
  readonly tape: Tape;
  /** The images before they are augmented, and what augments them; undefined where nothing does. */
  readonly plain: { readonly images: Buffer; readonly augmented: AugmentedImages } | undefined;
  /** Images and weights as rows, [size, c, h, w] and [size, weights]. */
  readonly rows: Buffer;
  readonly weightRows: Buffer;
  /** [weights, size] */
  readonly weights: Buffer;
  /** [features, weights] */
  readonly sums: Buffer;
}

export class WeightedFeatures {
  readonly #backend: Backend;
  readonly #model: Model;
  readonly #weights: number;
  readonly #chunks: Chunks;
  readonly #places: readonly Place[];

  /** Sums the outputs of `model`, at most `most` images at a time with so many weights each, which `augment` may augment. */
  constructor(
    model: Model,
    weights: number,
    backend: Backend,
    allocator: Allocator,
    most: number,
    augment: readonly AugmentStrategy[] = [],
  ) {
    this.#backend = backend;
    this.#model = model;
    this.#weights = weights;
    this.#chunks = new Chunks(model, backend, most);
    const { size, atOnce } = this.#chunks;
    const features = elements(model.inputShape);
    this.#places = Array.from({ length: atOnce }, () => {
      const network = new Network(model, backend, size, allocator, { passes: "forward" });
      const images = allocator.allocate(features * size);
      return {
        network,
        tape: network.tape(allocator, images, nowhere, { images: false, targets: false }),
        rows: allocator.allocate(features * size),
        weightRows: allocator.allocate(weights * size),
        weights: allocator.allocate(weights * size),
        sums: allocator.allocate(model.classes * weights),
        plain:
          augment.length === 0
            ? undefined
            : {
                images: allocator.allocate(features * size),
                augmented: new AugmentedImages(augment, model.inputShape, network.lanes, backend, allocator),
              },
      };
    });
  }

  /**
   * Records into [features, weights] = Σ_i φ(x_i)·w_iᵀ at θ; the targets of the batch, which are soft, are the weights. If there are
   * strategies, `drawn` says how the images are augmented.
   */
  *sum(theta: Buffer, batch: Batch, into: Buffer, drawn?: AugmentationDraw): Parts {
    const { ops } = this.#backend;
    const { count } = batch;
    const { size } = this.#chunks;
    const floats = this.#model.classes * this.#weights;
    for (const { from, atOnce } of this.#chunks.rounds(count)) {
      const imagesOf = (i: number): number => Math.min(size, count - from - i * size);
      const staged = Array.from({ length: atOnce }, (_, i) =>
        this.#stage(this.#places[i]!, batch, from + i * size, imagesOf(i), drawn),
      );
      this.#backend.sideBySide(atOnce, (i) => this.#pass(this.#places[i]!, theta, imagesOf(i), staged[i]));
      for (let i = 0; i < atOnce; i++) {
        const { sums } = this.#places[i]!;
        if (from + i === 0) ops.copy(into, sums, floats);
        else ops.axpy(into, into, 1, sums, floats);
      }
      yield;
    }
  }

  #stage(
    { rows, weightRows, plain }: Place,
    batch: Batch,
    from: number,
    images: number,
    drawn?: AugmentationDraw,
  ): DrawnAugmentation | undefined {
    const features = elements(this.#model.inputShape);
    this.#backend.upload(rows, images * features, (host) => batch.imagesInto(host, from));
    this.#backend.upload(weightRows, images * this.#weights, (host) => batch.targetsInto(host, from));
    return drawn && plain?.augmented.draw(drawn.key, { count: images, first: from, groupOf: drawn.groupOf });
  }

  #pass(place: Place, theta: Buffer, images: number, augmentation?: DrawnAugmentation): void {
    const { network, tape, rows, weightRows, weights, sums, plain } = place;
    const { ops } = this.#backend;
    const columns = { images, lanes: network.lanes };
    const packed = augmentation ? plain!.images : tape.images;
    ops.packImages(packed, rows, { features: elements(this.#model.inputShape), ...columns });
    augmentation?.forward(tape.images, packed);
    ops.packImages(weights, weightRows, { features: this.#weights, ...columns });
    network.forward(theta, tape, images);
    const shape = { inFeatures: this.#weights, outFeatures: this.#model.classes, lanes: network.lanes };
    ops.linearBackwardWeights(sums, tape.logits, weights, shape, false);
  }
}
