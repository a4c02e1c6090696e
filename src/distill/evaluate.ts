// How good is a set? Train networks on it that played no part in making it, and test them on real images.
import { batchInto, type Dataset } from "../data/dataset.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import { elements, wholeNumber } from "../nn/layer.ts";
import { checkLoss, type Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { nextTask } from "../platform.ts";
import { checkSeed, randomKey } from "../random.ts";
import type { DistilledSet } from "./distilled-set.ts";
import { checkImages } from "./fit.ts";
import { RealBatch } from "./outer-loss.ts";
import { Trainer } from "./train.ts";
import { type WeightSource, writeWeights } from "./weight-source.ts";

/** Options of {@link evaluate}. */
export interface EvaluateOptions {
  readonly set: DistilledSet;
  readonly model: Model;
  /** As in distilling: with `fixedInit` it is that one network, whatever `networks` says. */
  readonly init: WeightSource;
  /** To train with. Default: the loss that the set was distilled for. */
  readonly loss?: Loss;
  /** Held-out networks. Default 20; the paper takes 200. */
  readonly networks?: number;
  /** Real images nobody has trained on. */
  readonly test: Dataset;
  /** Default 0. Networks of an evaluation are never those of a distillation, whatever the seeds. */
  readonly seed?: number;
  readonly engine?: Engine;
  readonly threads?: number | "auto";
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: {
    readonly network: number;
    readonly networks: number;
    readonly accuracy: number;
  }) => void;
}

/** Test accuracies, each from 0 to 1. */
export interface Evaluation {
  readonly networks: number;
  readonly mean: number;
  /** Unbiased; 0 for one network. */
  readonly std: number;
  readonly accuracies: readonly number[];
  /** Present where the networks were trained with relaxed SIMD: another machine may measure otherwise. */
  readonly simd?: "relaxed";
}

/**
 * Trains `networks` fresh networks on the set, in its learned order, and reports their accuracy on `test`.
 *
 * @throws ShapeError where set, model and test images do not fit; the signal's reason when aborted.
 * @example
 * const { mean, std } = await evaluate({ set, model: lenet(), init: randomInit(), test: (await digits()).test });
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { set, init, networks = 20 } = options;
  const count = init.kind === "fixed" ? 1 : wholeNumber("networks", networks, 1);
  return evaluateSets(options, count, () => set);
}

/** As `evaluate`, with a set of its own for each network. All sets have one shape. */
export async function evaluateSets(
  options: Omit<EvaluateOptions, "set" | "networks">,
  networks: number,
  setOf: (network: number) => DistilledSet,
): Promise<Evaluation> {
  const { model, init, test, loss, seed = 0, threads = "auto", signal, onProgress } = options;
  checkSeed(seed);
  if (loss !== undefined) checkLoss("loss", loss);
  checkImages("test", test, model);
  const engine = options.engine ?? (await createEngine({ threads }));
  const { backend, arena } = engine;
  try {
    const features = elements(model.inputShape);
    const images = new Float32Array(test.count * features);
    batchInto(
      test,
      Uint32Array.from({ length: test.count }, (_, i) => i),
      images,
    );
    const accuracies: number[] = [];
    for (let network = 0; network < networks; network++) {
      signal?.throwIfAborted();
      const accuracy = arena.scope(() => {
        const trainer = new Trainer(setOf(network), model, backend, arena, loss);
        const batch = new RealBatch(model, backend, arena, test.count);
        writeWeights(init, backend, model, trainer.theta, { seed, purpose: "evaluate", index: network });
        trainer.train(randomKey(seed, "dropout/evaluate", network));
        const logits = batch.logits(trainer.theta, images, test.count);
        return correct(logits, test.labels, model.classes) / test.count;
      });
      accuracies.push(accuracy);
      onProgress?.({ network: network + 1, networks, accuracy });
      await nextTask();
    }
    const simd = engine.simd === "relaxed" && { simd: engine.simd };
    return { networks, ...meanAndStd(accuracies), accuracies, ...simd };
  } finally {
    if (!options.engine) await engine.dispose();
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

function meanAndStd(values: readonly number[]): { mean: number; std: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean, std: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}
