// trainPool(): trains networks on real images, to distil for (docs/math.md §4).

import type { Mark } from "../../backend/arena.ts";
import { completed } from "../../checks/declare.ts";
import { checkValues } from "../../checks/options.ts";
import { outOfRange } from "../../checks/refusal.ts";
import { checkAugmentation } from "../../data/check-augmentation.ts";
import { checkSameWhitening, seenOf } from "../../data/whitening.ts";
import { DivergedError, withLearned } from "../../distill/diverged-error.ts";
import { checkTest, checkTraining } from "../../distill/fit.ts";
import { poolAdam, poolSgdRate } from "../../distill/outer-options.ts";
import type { PoolNetwork } from "../../distill/weight-source.ts";
import { randomInit } from "../../distill/weight-source.ts";
import { createEngine, Engine } from "../../engine/engine.ts";
import { inexact } from "../../engine/inexact.ts";
import type { TrainingConfig, TrainingSettings, TrainingState } from "../../evaluate/network-in-training.ts";
import { PoolTrainer } from "../../evaluate/pool-trainer.ts";
import { describeModel } from "../../nn/describe.ts";
import { summary } from "../../numeric/summary.ts";
import { nextTask } from "../../platform/platform.ts";
import { WorkerGroup } from "../../workers/group.ts";
import { groupOptions, usesWorkers } from "../../workers/options.ts";
import { shareable } from "../../workers/shared-memory.ts";
import type { WorkerApi } from "../networks/api.ts";
import { trainPoolChecks } from "../options/call-checks.ts";
import { Callbacks } from "../options/callbacks.ts";
import type { TrainedPool, TrainPoolOptions } from "../options/train-pool.ts";

/**
 * Trains networks on real images with Adam or SGD, to distil for with `pretrained` or, if the weights of each epoch are kept, with
 * `experts`. Network k is a function only of the options and k: it does not depend on the number of networks, threads or workers. A GPU
 * trains up to 32 of them together.
 *
 * Defaults are those of the paper's reference code: batches of 1,024, Adam 2e-4 with β 0.5 and 0.999, halved after
 * every 20 passes. SGD has 0.01 and no momentum unless told, and is halved likewise.
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
  const { networks, onNetwork, onProgress } = options;
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
    await (usesWorkers(options) ? onWorkers : inPlace)(options, config, only, sink);
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    throw withLearned(error, { networks: only.flatMap((k) => trained.get(k) ?? []) });
  }
  await callbacks.settled();
  const all = only.map((k) => trained.get(k)!);
  const accuracies = all.flatMap(({ accuracy }) => accuracy ?? []);
  return {
    weights: all.map(({ parameters }) => parameters),
    ...(config.keepEpochs && { trajectories: all.map(({ trajectory }) => trajectory!) }),
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
  const { optimizer = "adam", momentum, keepEpochs = false } = options;
  const sgd = optimizer === "sgd";
  if (momentum !== undefined && !sgd) {
    throw outOfRange("momentum", 'nothing unless "optimizer" is "sgd"', momentum);
  }
  const training: TrainingSettings = {
    epochs: options.epochs,
    batch: Math.min(options.batch ?? 1024, data.count),
    ...completed(poolAdam, sgd ? { ...options, learningRate: options.learningRate ?? poolSgdRate } : options),
    ...(sgd && { optimizer, momentum: momentum ?? 0 }),
    ...(options.augment && { augment: checkAugmentation(options.augment, data) }),
  };
  return { data, test, model, init, loss, training, seed, pool, keepEpochs };
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
  let { backend } = engine;
  let mark: Mark | undefined;
  const opened = (): Promise<PoolTrainer> =>
    Engine.compute(engine, async (now, arena) => {
      backend = now;
      mark = arena.mark();
      return new PoolTrainer(config, now, arena, only.length);
    });
  /** The networks that are left, the next ones first. Those that a lost GPU had begun go on from what was kept. */
  let left: readonly TrainingState[] = only.map((network) => ({ network, step: 0 }));
  try {
    let trainer = await opened();
    while (left.length > 0) {
      const next = together(left, trainer.most);
      const rest = left.slice(next.length);
      const passed: Training["passed"] = (epoch, losses, kept) => {
        if (kept) left = [...kept, ...rest];
        for (const [i, loss] of losses.entries()) sink.passed(next[i]!.network, epoch, loss);
      };
      const keeps = backend.gpu !== undefined;
      const training = { epochs: config.training.epochs, keeps, passed, signal };
      const trained = await trainedTogether(trainer, next, training).catch(async (error) => {
        if (!(await Engine.recover(engine, backend, error))) throw error;
        trainer = await opened();
      });
      if (!trained) continue;
      left = rest;
      for (const network of trained) await sink.add(network);
    }
  } finally {
    if (mark) engine.arena.release(mark);
    if (!options.engine) await engine.dispose();
  }
}

type States = readonly [TrainingState, ...TrainingState[]];

/** Returns the first of the networks, `most` at most, that have taken equally many steps. */
function together(left: readonly TrainingState[], most: number): States {
  const [first, ...others] = left.slice(0, most) as [TrainingState, ...TrainingState[]];
  const different = others.findIndex(({ step }) => step !== first.step);
  return [first, ...(different < 0 ? others : others.slice(0, different))];
}

interface Training {
  readonly epochs: number;
  /** Whether states are kept after each pass. */
  readonly keeps: boolean;
  /** Hears of each pass over the data: the mean loss of each network, and what was kept after it. */
  passed(epoch: number, losses: readonly number[], kept: readonly TrainingState[] | undefined): void;
  readonly signal: AbortSignal | undefined;
}

/** Trains networks from where they are. */
async function trainedTogether(
  trainer: PoolTrainer,
  states: States,
  { epochs, keeps, passed, signal }: Training,
): Promise<PoolNetwork[]> {
  trainer.start(states);
  for (let epoch = states[0].step / trainer.stepsPerEpoch; epoch < epochs; epoch++) {
    const sums = states.map(() => 0);
    for (let s = 0; s < trainer.stepsPerEpoch; s++) {
      signal?.throwIfAborted();
      for (const [i, loss] of (await trainer.step(signal)).entries()) sums[i]! += loss;
      await nextTask();
    }
    const kept = keeps ? await trainer.states() : undefined;
    const losses = sums.map((sum) => sum / trainer.stepsPerEpoch);
    passed(epoch, losses, kept);
  }
  const results = await trainer.results(signal);
  return results.map((result, i) => ({ network: states[i]!.network, ...result }));
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
        if (options.on) {
          const { losses, ...trained } = await api.train(network, config.training.epochs);
          for (const [epoch, loss] of losses.entries()) sink.passed(network, epoch, loss);
          return { network, ...trained };
        }
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
