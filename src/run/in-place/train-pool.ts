// trainPool(): trains networks on real images, to distil for (docs/math.md §4).

import { completed } from "../../checks/declare.ts";
import { checkValues } from "../../checks/options.ts";
import { checkAugmentation } from "../../data/check-augmentation.ts";
import { checkSameWhitening, seenOf } from "../../data/whitening.ts";
import { DivergedError, withLearned } from "../../distill/diverged-error.ts";
import { checkTest, checkTraining } from "../../distill/fit.ts";
import { poolAdam } from "../../distill/outer-options.ts";
import type { PoolNetwork } from "../../distill/weight-source.ts";
import { randomInit } from "../../distill/weight-source.ts";
import { createEngine, Engine } from "../../engine/engine.ts";
import { inexact } from "../../engine/inexact.ts";
import { PoolTrainer, type TrainingConfig, type TrainingSettings } from "../../evaluate/pool-trainer.ts";
import { describeModel } from "../../nn/describe.ts";
import { summary } from "../../numeric/summary.ts";
import { nextTask } from "../../platform/platform.ts";
import { WorkerGroup } from "../../workers/group.ts";
import { groupOptions } from "../../workers/options.ts";
import { shareable } from "../../workers/shared-memory.ts";
import type { WorkerApi } from "../networks/api.ts";
import { trainPoolChecks } from "../options/call-checks.ts";
import { Callbacks } from "../options/callbacks.ts";
import type { TrainedPool, TrainPoolOptions } from "../options/train-pool.ts";

/**
 * Trains networks on real images with Adam, to distil for with `pretrained`. Network k is a function only of the options and
 * k: it does not depend on the number of networks, threads or workers.
 *
 * Defaults are those of the paper's reference code: batches of 1,024, Adam 2e-4 with β 0.5 and 0.999, halved after
 * every 20 passes.
 *
 * @throws TypeError, RangeError and ShapeError for data whose fields do not fit or that lack a class, and for options out
 * of range or that do not fit; DivergedError when a loss is not finite, with the `networks` that were trained before; the
 * signal's reason when aborted; WorkerError when workers died.
 * @example
 * const { train, test } = await digits();
 * const pool = await trainPool({ data: train, test, model: lenet(), networks: 8, epochs: 10, workers: 2 });
 * console.log(pool.evaluation.mean);
 * const run = distill({ data: train, model: lenet(), method, init: pretrained(pool), networksPerStep: 4 });
 */
export async function trainPool(options: TrainPoolOptions): Promise<TrainedPool> {
  const { networks, workers = 0, onNetwork, onProgress } = options;
  const config = trainingConfig(options);
  // As in an evaluation, a GPU counts also where it was lost on the way.
  const begunOn = inexact(options.engine);
  const only = options.only ?? Array.from({ length: networks }, (_, k) => k);
  for (const k of only) {
    if (k >= networks) throw new RangeError(`"only" expected numbers < ${networks}, got ${k}`);
  }
  const trained = new Map<number, PoolNetwork>();
  const total = only.length * config.training.epochs;
  const callbacks = new Callbacks();
  let done = 0;
  const sink: Sink = {
    async add(network) {
      trained.set(network.network, network);
      await onNetwork?.(network);
    },
    passed(network, epoch, loss) {
      callbacks.tell(onProgress, { network, epoch: epoch + 1, loss, done: ++done, total });
      callbacks.check();
    },
  };
  try {
    await (workers > 0 ? onWorkers : inPlace)(options, config, only, sink);
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    throw withLearned(error, { networks: only.flatMap((k) => trained.get(k) ?? []) });
  }
  await callbacks.settled();
  const all = only.map((k) => trained.get(k)!);
  const accuracies = all.flatMap(({ accuracy }) => accuracy ?? []);
  return {
    weights: all.map(({ parameters }) => parameters),
    ...(config.test && {
      evaluation: { networks: all.length, ...summary(accuracies), accuracies, ...begunOn, ...inexact(options.engine) },
    }),
  };
}

/** Checks the options and fills in defaults. */
export function trainingConfig(options: TrainPoolOptions): TrainingConfig {
  const { data, test, model, init = randomInit(), loss = "cross-entropy", seed = 0, pool = "train" } = options;
  checkValues(options, trainPoolChecks);
  checkTraining("data", data, model);
  if (test !== undefined) {
    checkTest(test, model);
    checkSameWhitening("test", seenOf(test), seenOf(data), "the training data");
  }
  if (init.kind !== "random") {
    throw new RangeError(`"init" expected randomInit(), as networks of a pool differ, got kind "${init.kind}"`);
  }
  const training: TrainingSettings = {
    epochs: options.epochs,
    batch: Math.min(options.batch ?? 1024, data.count),
    ...completed(poolAdam, options),
    ...(options.augment && { augment: checkAugmentation(options.augment, data) }),
  };
  return { data, test, model, init, loss, training, seed, pool };
}

/** Receives the results. */
interface Sink {
  add(network: PoolNetwork): Promise<void>;
  /** Called when pass `epoch`, counted from 0, is done. */
  passed(network: number, epoch: number, loss: number): void;
}

async function inPlace(
  options: TrainPoolOptions,
  config: TrainingConfig,
  only: readonly number[],
  sink: Sink,
): Promise<void> {
  const { threads = "auto", signal } = options;
  const engine = options.engine ?? (await createEngine({ threads }));
  let mark = engine.arena.mark();
  const opened = (): PoolTrainer => new PoolTrainer(config, engine.backend, engine.arena);
  try {
    let trainer = opened();
    for (let i = 0, passes = 0; i < only.length; ) {
      const network = only[i]!;
      const passed = (epoch: number, loss: number): void => {
        // A network that was begun again has told of its first passes.
        if (epoch === passes) sink.passed(network, passes++, loss);
      };
      const trained = await trainedNetwork(trainer, network, config.training.epochs, passed, signal).catch(
        async (error) => {
          if (!(await Engine.recover(engine, error))) throw error;
          mark = engine.arena.mark();
          trainer = opened();
        },
      );
      // A GPU that was lost is asked again for the same network.
      if (!trained) continue;
      await sink.add(trained);
      i++;
      passes = 0;
    }
  } finally {
    engine.arena.release(mark);
    if (!options.engine) await engine.dispose();
  }
}

/** Trains one network; `passed` hears of each pass over the data, and its mean loss. */
async function trainedNetwork(
  trainer: PoolTrainer,
  network: number,
  epochs: number,
  passed: (epoch: number, loss: number) => void,
  signal: AbortSignal | undefined,
): Promise<PoolNetwork> {
  trainer.start(network);
  for (let epoch = 0; epoch < epochs; epoch++) {
    let sum = 0;
    for (let s = 0; s < trainer.stepsPerEpoch; s++) {
      signal?.throwIfAborted();
      sum += await trainer.step(signal);
      await nextTask();
    }
    passed(epoch, sum / trainer.stepsPerEpoch);
  }
  return { network, ...(await trainer.result(signal)) };
}

async function onWorkers(
  options: TrainPoolOptions,
  config: TrainingConfig,
  only: readonly number[],
  sink: Sink,
): Promise<void> {
  const { model, data, test, ...rest } = config;
  const group = await WorkerGroup.start<WorkerApi>(groupOptions(options, only.length));
  try {
    const images = { data: shareable(data), test: test && shareable(test) };
    const message = { ...rest, ...images, model: describeModel(model) };
    await group.all((api) => api.openTraining(message));
    const passed = only.map(() => 0);
    await group.inOrder<PoolNetwork>(
      only.length,
      async (api, i) => {
        const network = only[i]!;
        for (let epoch = 0; epoch < config.training.epochs; epoch++) {
          const loss = await api.trainEpoch(network, epoch);
          // A fresh worker begins with the first pass again.
          if (epoch === passed[i]) sink.passed(network, passed[i]++, loss);
        }
        return { network, ...(await api.trained()) };
      },
      () => {},
      (network) => sink.add(network),
    );
  } finally {
    await group.dispose();
  }
}
