// Tests a set on one held-out network: trains it on the set, and counts what it gets right.

import type { Arena } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import type { Dataset } from "../data/dataset.ts";
import { fitting } from "../distill/networks.ts";
import type { WeightSource } from "../distill/weight-source.ts";
import { writeWeights } from "../distill/write-weights.ts";
import type { AbortSignal } from "../host-types.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { atOnce } from "../platform/parts.ts";
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

export class HeldOutTest {
  readonly #config: HeldOutTestConfig;
  readonly #backend: Backend;
  readonly #arena: Arena;
  readonly #images: TestImages;

  constructor(config: HeldOutTestConfig, backend: Backend, arena: Arena) {
    this.#config = config;
    this.#backend = backend;
    this.#arena = arena;
    this.#images = new TestImages(config.test, config.model, backend, arena);
  }

  /**
   * Returns how networks `first`, `first` + 1, … trained on a set each, read the images: side by side where the backend does so,
   * as many at once as its memory holds.
   */
  async confusions(first: number, sets: readonly TrainedOn[], signal?: AbortSignal): Promise<Confusion[]> {
    const confusions: Confusion[] = [];
    const { networksTogether } = this.#backend.plan;
    while (confusions.length < sets.length) {
      // Whoever calls has asked before the first.
      if (confusions.length > 0) signal?.throwIfAborted();
      const rest = sets.slice(confusions.length);
      const network = first + confusions.length;
      if (networksTogether) confusions.push(...(await this.#together(network, rest)));
      else confusions.push(await this.confusion(network, rest[0]!, signal));
    }
    return confusions;
  }

  /** Tests the first networks, as many as there is room for. */
  async #together(first: number, sets: readonly TrainedOn[]): Promise<Confusion[]> {
    const { model, init, seed, purpose, test } = this.#config;
    const arena = this.#arena;
    const waiting: Promise<Confusion>[] = [];
    arena.scope(() => {
      const trainerOf = (set: TrainedOn): Trainer => new Trainer(set, model, this.#backend, arena, this.#config);
      const testOf = (): TestImages => new TestImages(test, model, this.#backend, arena, this.#images.images);
      const floats = arena.scope(() => {
        const before = arena.used;
        trainerOf(sets[0]!);
        testOf();
        return arena.used - before;
      });
      const count = Math.max(1, fitting(sets.length, floats, this.#backend, arena));
      this.#backend.sideBySide(count, (i) => {
        const trainer = trainerOf(sets[i]!);
        const images = testOf();
        const use = { seed, purpose, index: first + i };
        writeWeights(init, this.#backend, model, trainer.theta, use);
        atOnce(trainer.parts(use));
        waiting.push(images.confusionAtOnce(trainer.theta));
      });
    });
    return Promise.all(waiting);
  }

  /** Returns how network number `network`, trained on `set`, reads the images of each class. Throws the signal's reason. */
  async confusion(network: number, set: TrainedOn, signal?: AbortSignal): Promise<Confusion> {
    const { model, init, seed, purpose } = this.#config;
    const mark = this.#arena.mark();
    try {
      const trainer = new Trainer(set, model, this.#backend, this.#arena, this.#config);
      writeWeights(init, this.#backend, model, trainer.theta, { seed, purpose, index: network });
      await trainer.train({ seed, purpose, index: network }, signal);
      return await this.#images.confusion(trainer.theta, signal);
    } finally {
      this.#arena.release(mark);
    }
  }

  /** Returns the test accuracy of that network. */
  async accuracy(network: number, set: TrainedOn, signal?: AbortSignal): Promise<number> {
    return accuracyOf(await this.confusion(network, set, signal));
  }
}
