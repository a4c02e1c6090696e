// Trains a network on a distilled set: by the protocol that the set names (fit-trainer.ts), or else on its blocks in their
// learned order or another one, each step with its own learning rate.
// docs/math.md §5 describes this.
import type { Arena } from "../backend/arena.ts";
import { type Backend, write } from "../backend/backend.ts";
import type { Buffer } from "../backend/buffer.ts";
import { outOfRange } from "../checks/refusal.ts";
import { type DistilledSet, lossOf } from "../distill/distilled-set.ts";
import { checkImages, checkSet } from "../distill/fit.ts";
import type { AbortSignal } from "../host-types.ts";
import { allIn } from "../inner/allocators.ts";
import { blockOrder } from "../inner/block-order.ts";
import { innerOptimizer } from "../inner/inner-optimizer.ts";
import { allocateBlocks, Unroll } from "../inner/unroll.ts";
import { elements } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { laneCount } from "../nn/network.ts";
import { randomKey } from "../numeric/random.ts";
import { inParts, type Parts } from "../platform/parts.ts";
import { FitTrainer, type TrainedOn, type TrainedUse } from "./fit-trainer.ts";

/** How to train on a set in another way than it was learned. */
export interface Replay {
  /**
   * The order of the blocks: as they were learned, or shuffled by the seed for each epoch. Default "learned". Training by a
   * protocol always shuffles the images, and refuses "learned".
   */
  readonly order?: "learned" | "shuffled" | undefined;
  /**
   * The number of passes over the blocks. Default: as many as were learned. Further passes repeat the learned learning
   * rates; fewer passes use the first ones. Of a set with a protocol it takes the place of the protocol's, whose decays stay
   * at their epochs. With 0 the network keeps its initial weights.
   */
  readonly epochs?: number | undefined;
}

/**
 * Throws RangeError for the learned order of a set that has none, and for cross-entropy with labels that were centred for the loss
 * mse: networks would learn little from these, and nobody would see why.
 */
export function checkReplay(
  set: DistilledSet,
  { order, loss = lossOf(set) }: Replay & { readonly loss?: Loss | undefined },
): void {
  const { training, targets } = set;
  if (loss !== "mse" && lossOf(set) === "mse" && targets.some((target) => target < 0)) {
    throw outOfRange("loss", '"mse" or nothing for a set whose labels were centred for it', loss);
  }
  if (training === undefined || order !== "learned") return;
  throw outOfRange("order", 'nothing or "shuffled" for a set that networks train on by a protocol', order);
}

/** How a trainer trains, and how many threads compute one of its networks: by default all. */
export interface TrainerOptions extends Replay {
  readonly loss?: Loss | undefined;
  readonly threads?: number | undefined;
}

/** A distilled set, or a whole data set, ready to train networks of one model one after the other. */
export class Trainer {
  readonly #trainer: ReplayTrainer | FitTrainer;

  /**
   * Throws ShapeError when the model does not fit the set's images; RangeError when the recipe names no known loss, or for
   * a momentum or weight decay out of range.
   */
  constructor(on: TrainedOn, model: Model, backend: Backend, arena: Arena, options: TrainerOptions = {}) {
    const { loss = "data" in on ? "cross-entropy" : lossOf(on), order, epochs, threads } = options;
    if ("data" in on) checkImages("data", on.data, model);
    else checkSet(on, model);
    if (on.training) {
      const training = epochs === undefined ? on.training : { ...on.training, epochs };
      this.#trainer = new FitTrainer(on, training, model, backend, arena, loss, threads);
    } else {
      const replay = { loss, epochs: epochs ?? (on as DistilledSet).epochs, shuffled: order === "shuffled" };
      this.#trainer = new ReplayTrainer(on as DistilledSet, model, backend, arena, replay);
    }
  }

  /** θ: write the initial weights here; `train` overwrites them with the trained ones. */
  get theta(): Buffer {
    return this.#trainer.theta;
  }

  /** Trains that network, in parts. */
  parts(use: TrainedUse): Parts {
    return this.#trainer.train(use);
  }

  /** Trains that network, and lets others run about every 50 ms. Throws the signal's reason when it aborts. */
  async train(use: TrainedUse, signal?: AbortSignal): Promise<void> {
    await inParts(this.parts(use), signal);
  }
}

/** Trains on the blocks of a set with its learned learning rates. */
class ReplayTrainer {
  readonly #unroll: Unroll;
  /** [T] */
  readonly #learningRates: Buffer;
  readonly #shuffled: boolean;

  constructor(
    set: DistilledSet,
    model: Model,
    backend: Backend,
    arena: Arena,
    { loss, epochs, shuffled }: { readonly loss: Loss; readonly epochs: number; readonly shuffled: boolean },
  ) {
    const { steps, imagesPerStep, learningRates } = set;
    const loop = { model, steps, epochs, imagesPerStep, loss, ...innerOptimizer(set) };
    const length = steps * epochs;
    this.#learningRates = arena.allocate(length);
    backend.upload(this.#learningRates, length, (host) => {
      for (let t = 0; t < length; t++) host[t] = learningRates[t % learningRates.length]!;
    });
    this.#shuffled = shuffled;
    const blocks = allocateBlocks(loop, backend.plan, arena);
    const features = elements(model.inputShape);
    const lanes = laneCount(model, imagesPerStep, backend.plan);
    const staging = arena.allocate(imagesPerStep * Math.max(features, set.classes));
    const pack = (target: Buffer, source: Float32Array, width: number, s: number): void => {
      write(backend, staging, source.subarray(s * imagesPerStep * width, (s + 1) * imagesPerStep * width));
      backend.ops.packImages(target, staging, { features: width, images: imagesPerStep, lanes });
    };
    for (let s = 0; s < steps; s++) {
      pack(blocks.images + s * blocks.imageFloats, set.images, features, s);
      pack(blocks.targets + s * blocks.targetFloats, set.targets, set.classes, s);
    }
    const wanted = { images: false, targets: false };
    this.#unroll = new Unroll(loop, blocks, backend, allIn(arena), { memory: "last", wanted });
  }

  get theta(): Buffer {
    return this.#unroll.theta(0);
  }

  train({ seed, purpose, index }: TrainedUse): Parts {
    const random = randomKey(seed, `dropout/${purpose}`, index);
    const use = { seed, purpose: `blocks/${purpose}`, index };
    const order = this.#shuffled ? blockOrder(this.#unroll.loop, use) : undefined;
    return this.#unroll.run(this.#learningRates, random, order);
  }
}
