// Trains a network on a distilled set: on its blocks in their learned order or another one, each step with its own learning
// rate.
import type { Arena } from "../backend/arena.ts";
import { type Backend, type Buffer, write } from "../backend/backend.ts";
import { type DistilledSet, lossOf } from "../distill/distilled-set.ts";
import { checkSet } from "../distill/fit.ts";
import { allIn } from "../inner/allocators.ts";
import { blockOrder } from "../inner/block-order.ts";
import { innerOptimizer } from "../inner/inner-optimizer.ts";
import { allocateBlocks, Unroll } from "../inner/unroll.ts";
import { elements } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { lanes } from "../nn/network.ts";
import { randomKey } from "../numeric/random.ts";

/** How to train on a set in another way than it was learned. */
export interface Replay {
  /** The order of the blocks: as they were learned, or shuffled by the seed for each epoch. Default "learned". */
  readonly order?: "learned" | "shuffled" | undefined;
  /**
   * The number of passes over the blocks. Default: as many as were learned. Further passes repeat the learned learning
   * rates; fewer passes use the first ones. With 0 the network keeps its initial weights.
   */
  readonly epochs?: number | undefined;
}

/** A distilled set in a backend's memory, ready to train networks of one model one after the other. */
export class Trainer {
  readonly #unroll: Unroll;
  /** [T] */
  readonly #learningRates: Buffer;
  readonly #shuffled: boolean;

  /**
   * Throws ShapeError when the model does not fit the set's images; RangeError when the recipe names no known loss, or for
   * a momentum or weight decay out of range.
   */
  constructor(
    set: DistilledSet,
    model: Model,
    backend: Backend,
    arena: Arena,
    { loss = lossOf(set), order, epochs = set.epochs }: Replay & { readonly loss?: Loss | undefined } = {},
  ) {
    checkSet(set, model);
    const { steps, imagesPerStep, learningRates } = set;
    const loop = { model, steps, epochs, imagesPerStep, loss, ...innerOptimizer(set) };
    const length = steps * epochs;
    this.#learningRates = arena.allocate(length);
    backend.upload(this.#learningRates, length, (host) => {
      for (let t = 0; t < length; t++) host[t] = learningRates[t % learningRates.length]!;
    });
    this.#shuffled = order === "shuffled";
    const blocks = allocateBlocks(loop, backend.plan, arena);
    const features = elements(model.inputShape);
    const batch = lanes(model, imagesPerStep, backend.plan);
    const staging = arena.allocate(imagesPerStep * Math.max(features, set.classes));
    const pack = (target: Buffer, source: Float32Array, width: number, s: number): void => {
      write(backend, staging, source.subarray(s * imagesPerStep * width, (s + 1) * imagesPerStep * width));
      backend.ops.packImages(target, staging, { features: width, images: imagesPerStep, batch });
    };
    for (let s = 0; s < steps; s++) {
      pack(blocks.images + s * blocks.imageFloats, set.images, features, s);
      pack(blocks.targets + s * blocks.targetFloats, set.targets, set.classes, s);
    }
    const wanted = { images: false, targets: false };
    this.#unroll = new Unroll(loop, blocks, backend, allIn(arena), { memory: "last", wanted });
  }

  /** θ: write the initial weights here; `train` overwrites them with the trained ones. */
  get theta(): Buffer {
    return this.#unroll.theta(0);
  }

  /** Trains network `index` of a purpose; the index decides what its dropout drops and the order of shuffled blocks. */
  train({ seed, purpose, index }: { readonly seed: number; readonly purpose: string; readonly index: number }): void {
    const random = randomKey(seed, `dropout/${purpose}`, index);
    const use = { seed, purpose: `blocks/${purpose}`, index };
    const order = this.#shuffled ? blockOrder(this.#unroll.loop, use) : undefined;
    this.#unroll.run(this.#learningRates, random, order);
  }
}
