// Tests sets on held-out networks: trains each on its set, and counts what it gets right.

import type { Arena } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import type { Buffer } from "../backend/buffer.ts";
import type { Dataset } from "../data/dataset.ts";
import { fitting } from "../distill/networks.ts";
import type { WeightSource } from "../distill/weight-source.ts";
import { writeWeights } from "../distill/write-weights.ts";
import type { AbortSignal } from "../host-types.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { awaitedLater, doneInParts, type Parts } from "../platform/parts.ts";
import { accuracyOf, type Confusion } from "./confusion.ts";
import type { TrainedOn } from "./fit-trainer.ts";
import { TestImages } from "./test-images.ts";
import { type Replay, Trainer } from "./trainer.ts";

/** Everything that decides an accuracy, except the set and the network's number. */
export interface HeldOutTestConfig extends Replay {
  readonly test: Dataset;
  readonly model: Model;
  readonly init: WeightSource;
  /** The loss to train with. Default: the one that the set was distilled for. */
  readonly loss?: Loss | undefined;
  readonly seed: number;
  /** Networks of evaluations, or those of a distillation, which may be used to choose settings. */
  readonly purpose: "distil" | "evaluate";
}

/** Networks that a GPU computes together at most, whose accuracies are told together. */
const TOGETHER = 32;

export class HeldOutTest {
  /**
   * How many networks are tested together at most, each in memory of its own: as many as there are threads where these share no
   * kernels, since a thread that computes a whole network waits for nobody.
   */
  readonly most: number;
  readonly #config: HeldOutTestConfig;
  readonly #backend: Backend;
  readonly #arena: Arena;
  readonly #images: TestImages;

  constructor(config: HeldOutTestConfig, backend: Backend, arena: Arena) {
    const { plan, atOnce } = backend;
    this.#config = config;
    this.#backend = backend;
    this.#arena = arena;
    this.#images = new TestImages(config.test, config.model, backend, arena);
    if (plan.networksTogether) this.most = TOGETHER;
    else this.most = plan.sharesKernels(config.model.parameterCount) ? 1 : atOnce;
  }

  /**
   * Returns how networks `first`, `first` + 1, … trained on a set each, read the images: together, `most` or as many as the memory
   * holds. Throws the signal's reason.
   */
  async confusions(first: number, sets: readonly TrainedOn[], signal?: AbortSignal): Promise<Confusion[]> {
    const confusions: Confusion[] = [];
    while (confusions.length < sets.length) {
      // Whoever calls has asked before the first.
      if (confusions.length > 0) signal?.throwIfAborted();
      const network = first + confusions.length;
      const some = this.#fitting(sets.slice(confusions.length, confusions.length + this.most));
      const mark = this.#arena.mark();
      try {
        confusions.push(...(await doneInParts(this.#together(network, some), signal)));
      } finally {
        this.#arena.release(mark);
      }
    }
    return confusions;
  }

  /** Returns the first of these sets, as many as the memory has room for. */
  #fitting(sets: readonly TrainedOn[]): readonly TrainedOn[] {
    if (this.#backend.most === undefined) return sets;
    const arena = this.#arena;
    const floats = arena.scope(() => {
      const before = arena.used;
      this.#trainer(sets[0]!, 1);
      this.#testImages();
      return arena.used - before;
    });
    return sets.slice(0, Math.max(1, fitting(sets.length, floats, this.#backend, arena)));
  }

  /** Trains networks, one a thread if there are several, and tests them. */
  *#together(first: number, sets: readonly TrainedOn[]): Generator<unknown, Promise<Confusion[]>> {
    const { plan, atOnce } = this.#backend;
    if (plan.networksTogether) return yield* this.#onGpu(first, sets);
    const threads = sets.length > 1 ? 1 : atOnce;
    const thetas: Buffer[] = [];
    yield* this.#backend.together(sets.map((set, i) => this.#train(first + i, set, threads, thetas)));
    // All read one chunk of images after the other, which is fetched once.
    return yield* this.#images.confusions(thetas);
  }

  /** Does so where networks are tested beside each other too, each with room of its own. */
  *#onGpu(first: number, sets: readonly TrainedOn[]): Generator<unknown, Promise<Confusion[]>> {
    const read: Promise<Confusion[]>[] = [];
    yield* this.#backend.together(sets.map((set, i) => this.#trainAndTest(first + i, set, read)));
    return Promise.all(read).then((confusions) => confusions.flat());
  }

  *#trainAndTest(network: number, set: TrainedOn, read: Promise<Confusion[]>[]): Parts {
    const images = this.#testImages();
    const thetas: Buffer[] = [];
    yield* this.#train(network, set, 1, thetas);
    read.push(awaitedLater(yield* images.confusions(thetas)));
  }

  /** Trains a network on so many threads, and adds its θ. */
  *#train(network: number, set: TrainedOn, threads: number, thetas: Buffer[]): Parts {
    const { model, init, seed, purpose } = this.#config;
    const use = { seed, purpose, index: network };
    const trainer = this.#trainer(set, threads);
    thetas.push(trainer.theta);
    writeWeights(init, this.#backend, model, trainer.theta, use);
    yield* trainer.parts(use);
  }

  #trainer(set: TrainedOn, threads: number): Trainer {
    const { model, loss, order, epochs } = this.#config;
    return new Trainer(set, model, this.#backend, this.#arena, { loss, order, epochs, threads });
  }

  #testImages(): TestImages {
    const { test, model } = this.#config;
    return new TestImages(test, model, this.#backend, this.#arena, this.#images.images);
  }

  /** Returns how network number `network`, trained on `set`, reads the images of each class. Throws the signal's reason. */
  async confusion(network: number, set: TrainedOn, signal?: AbortSignal): Promise<Confusion> {
    return (await this.confusions(network, [set], signal))[0]!;
  }

  /** Returns the test accuracy of that network. */
  async accuracy(network: number, set: TrainedOn, signal?: AbortSignal): Promise<number> {
    return accuracyOf(await this.confusion(network, set, signal));
  }
}
