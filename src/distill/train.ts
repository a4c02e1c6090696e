// Training a network on a distilled set: its blocks in their learned order, each step with its own learning rate.
import type { Arena } from "../backend/arena.ts";
import type { Backend, Buffer, RandomKey } from "../backend/backend.ts";
import { elements } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { lanes } from "../nn/network.ts";
import { allIn } from "./allocators.ts";
import { type DistilledSet, lossOf } from "./distilled-set.ts";
import { checkSet } from "./fit.ts";
import { innerOptimizer } from "./inner-optimizer.ts";
import { allocateBlocks, Unroll } from "./unroll.ts";

/** A distilled set in a backend's memory, ready to train networks of one model one after the other. */
export class Trainer {
  readonly #unroll: Unroll;
  readonly #set: DistilledSet;

  /**
   * Throws ShapeError where the model does not take such images; RangeError where the recipe names no known loss, or for
   * a momentum or weight decay out of range.
   */
  constructor(set: DistilledSet, model: Model, backend: Backend, arena: Arena, loss: Loss = lossOf(set)) {
    checkSet(set, model);
    const { steps, epochs, imagesPerStep } = set;
    const loop = { model, steps, epochs, imagesPerStep, loss, ...innerOptimizer(set) };
    this.#set = set;
    const blocks = allocateBlocks(loop, arena);
    const features = elements(model.inputShape);
    const staging = arena.allocate(imagesPerStep * Math.max(features, set.classes));
    const pack = (target: Buffer, source: Float32Array, width: number, s: number): void => {
      backend.write(staging, source.subarray(s * imagesPerStep * width, (s + 1) * imagesPerStep * width));
      backend.ops.packImages(target, staging, { features: width, images: imagesPerStep, batch: lanes(imagesPerStep) });
    };
    for (let s = 0; s < steps; s++) {
      pack(blocks.images + s * blocks.imageFloats, set.images, features, s);
      pack(blocks.targets + s * blocks.targetFloats, set.targets, set.classes, s);
    }
    const wanted = { images: false, targets: false };
    this.#unroll = new Unroll(loop, blocks, backend.ops, allIn(arena), { memory: "last", wanted });
  }

  /** θ: write the initial weights here; `train` leaves the trained ones in their place. */
  get theta(): Buffer {
    return this.#unroll.theta(0);
  }

  /** Dropout draws from `random` and the streams after it. */
  train(random: RandomKey): void {
    this.#unroll.run(this.#set.learningRates, random);
  }
}
