// The test of a set on one held-out network: train it on the set, count what it gets right.
import type { Arena } from "../backend/arena.ts";
import type { Backend } from "../backend/backend.ts";
import { batchInto, type Dataset } from "../data/dataset.ts";
import { elements } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { randomKey } from "../random.ts";
import type { DistilledSet } from "./distilled-set.ts";
import { RealBatch } from "./outer-loss.ts";
import { Trainer } from "./train.ts";
import { type WeightSource, writeWeights } from "./weight-source.ts";

/** What decides an accuracy, beside the set and the network's number. */
export interface HeldOutTestConfig {
  readonly test: Dataset;
  readonly model: Model;
  readonly init: WeightSource;
  /** To train with. Default: the loss that the set was distilled for. */
  readonly loss?: Loss | undefined;
  readonly seed: number;
  /** Networks nobody has seen, or those of a distillation, by which things may be chosen. */
  readonly purpose: "distil" | "evaluate";
}

export class HeldOutTest {
  readonly #config: HeldOutTestConfig;
  readonly #backend: Backend;
  readonly #arena: Arena;
  readonly #images: Float32Array;

  constructor(config: HeldOutTestConfig, backend: Backend, arena: Arena) {
    const { test, model } = config;
    this.#config = config;
    this.#backend = backend;
    this.#arena = arena;
    this.#images = new Float32Array(test.count * elements(model.inputShape));
    const all = Uint32Array.from({ length: test.count }, (_, i) => i);
    batchInto(test, all, this.#images);
  }

  /** Test accuracy of network number `network`, trained on `set`. */
  accuracy(network: number, set: DistilledSet): number {
    const { test, model, init, loss, seed, purpose } = this.#config;
    const backend = this.#backend;
    return this.#arena.scope(() => {
      const trainer = new Trainer(set, model, backend, this.#arena, loss);
      const batch = new RealBatch(model, backend, this.#arena, test.count);
      writeWeights(init, backend, model, trainer.theta, { seed, purpose, index: network });
      trainer.train(randomKey(seed, `dropout/${purpose}`, network));
      const logits = batch.logits(trainer.theta, this.#images, test.count);
      return correct(logits, test.labels, model.classes) / test.count;
    });
  }
}

/** The class of the largest logit of each row; of equal ones the first. */
export function predictedClasses(logits: ArrayLike<number>, classes: number): Uint8Array {
  const out = new Uint8Array(logits.length / classes);
  for (let i = 0; i < out.length; i++) {
    let best = 0;
    for (let k = 1; k < classes; k++) if (logits[i * classes + k]! > logits[i * classes + best]!) best = k;
    out[i] = best;
  }
  return out;
}

function correct(logits: ArrayLike<number>, labels: Uint8Array, classes: number): number {
  const predicted = predictedClasses(logits, classes);
  let hits = 0;
  for (let i = 0; i < labels.length; i++) if (predicted[i] === labels[i]) hits++;
  return hits;
}
