// What a distilled set must beat: the same number of real images, trained in the same way (docs/math.md §5).
import type { Ops } from "../backend/backend.ts";
import { batchInto, classIndex, type Dataset, subset } from "../data/dataset.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { randomKey } from "../random.ts";
import { checkWorkers, poolOptions, WorkerPool } from "../worker/client.ts";
import { type DistilledSet, lossOf } from "./distilled-set.ts";
import { type Evaluation, evaluateSets } from "./evaluate.ts";
import { innerOptimizer } from "./inner-optimizer.ts";
import type { WeightSource } from "./weight-source.ts";

/** Constant learning rates to choose from; the choice is made on training images that no set contains. */
const LEARNING_RATES = [0.01, 0.02, 0.05, 0.1, 0.2];
/** Networks and validation images of the choice. */
const TUNING_NETWORKS = 5;
const VALIDATION_SHARE = 0.1;
const VALIDATION_MOST = 2000;

/** Options of {@link randomRealBaseline}. */
export interface BaselineOptions {
  readonly train: Dataset;
  readonly test: Dataset;
  readonly model: Model;
  readonly init: WeightSource;
  /** As many images and gradient steps as this set has, with its momentum and weight decay. */
  readonly like: Pick<DistilledSet, "steps" | "epochs" | "imagesPerStep" | "momentum" | "weightDecay"> &
    Partial<Pick<DistilledSet, "recipe">>;
  /** To train with. Default: the loss that `like` was distilled for. */
  readonly loss?: Loss;
  readonly networks: number;
  readonly seed?: number;
  readonly engine?: Engine;
  readonly threads?: number | "auto";
  /** As for `evaluate`. */
  readonly workers?: number;
  readonly signal?: AbortSignal;
}

/** Result of {@link randomRealBaseline}. */
export interface BaselineResult extends Evaluation {
  /** The constant learning rate chosen on validation images. */
  readonly learningRate: number;
}

/**
 * Accuracy of networks trained on random real images, drawn anew for each network and balanced over the classes, for
 * as many steps and epochs as the distilled set has; the constant learning rate is tuned on validation images split
 * from the training set.
 */
export async function randomRealBaseline(options: BaselineOptions): Promise<BaselineResult> {
  const { train, test, like, networks, threads = "auto", seed = 0, loss = lossOf(like), workers = 0 } = options;
  checkWorkers(workers);
  const engine = options.engine ?? (await createEngine({ threads: workers > 0 ? 1 : threads }));
  let workerPool: WorkerPool | undefined;
  try {
    if (workers > 0) workerPool = await WorkerPool.start(poolOptions(options, Math.max(networks, TUNING_NETWORKS)));
    const shared = { ...options, engine, loss, pool: workerPool };
    const held = Math.min(VALIDATION_MOST, Math.ceil(train.count * VALIDATION_SHARE));
    const pool = subset(train, 0, train.count - held);
    const validation = subset(train, train.count - held, train.count);
    const draw = (purpose: string, learningRate: number) => (network: number) =>
      randomRealSet(engine.backend.ops, engine, pool, like, learningRate, { seed, purpose, index: network });
    let best = { learningRate: LEARNING_RATES[0]!, mean: -1 };
    for (const learningRate of LEARNING_RATES) {
      const sets = draw("baseline/tune", learningRate);
      const { mean } = await evaluateSets({ ...shared, test: validation }, TUNING_NETWORKS, sets);
      if (mean > best.mean) best = { learningRate, mean };
    }
    const { learningRate } = best;
    const evaluation = await evaluateSets({ ...shared, test }, networks, draw("baseline/real", learningRate));
    return { ...evaluation, learningRate };
  } finally {
    await workerPool?.dispose();
    if (!options.engine) await engine.dispose();
  }
}

/** Random images of each class, as many as fill the blocks, with one learning rate for all steps. */
function randomRealSet(
  ops: Ops,
  engine: Engine,
  data: Dataset,
  like: BaselineOptions["like"],
  learningRate: number,
  { seed, purpose, index }: { seed: number; purpose: string; index: number },
): DistilledSet {
  const { steps, epochs, imagesPerStep } = like;
  const { classes, channels, height, width } = data;
  const perClass = imagesPerStep / classes;
  if (!Number.isInteger(perClass)) {
    throw new RangeError(`"like.imagesPerStep" expected a multiple of ${classes} classes, got ${imagesPerStep}`);
  }
  const chosen = classIndex(data).map((images, label) => {
    const positions = engine.arena.scope(() => {
      const order = engine.arena.allocate(images.length);
      ops.permutation(order, images.length, randomKey(seed, purpose, index, label));
      return engine.backend.read(order, Math.min(images.length, steps * perClass));
    });
    // A class with fewer images than wanted gives some of them again.
    return Uint32Array.from({ length: steps * perClass }, (_, i) => images[positions[i % positions.length]!]!);
  });
  const indices = new Uint32Array(steps * imagesPerStep);
  const targets = new Float32Array(steps * imagesPerStep * classes);
  for (let i = 0; i < indices.length; i++) {
    const step = Math.floor(i / imagesPerStep);
    const within = i - step * imagesPerStep;
    const label = Math.floor(within / perClass);
    indices[i] = chosen[label]![step * perClass + (within % perClass)]!;
    targets[i * classes + label] = 1;
  }
  const images = new Float32Array(indices.length * channels * height * width);
  batchInto(data, indices, images);
  const learningRates = new Float32Array(steps * epochs).fill(learningRate);
  const { mean, std } = data;
  const shape = { steps, epochs, imagesPerStep, channels, height, width, classes };
  const recipe = { baseline: "random real", purpose, index };
  return { ...shape, images, targets, learningRates, ...innerOptimizer(like), mean, std, recipe };
}
