// How good is a set? Train networks on it that played no part in making it, and test them on real images.
import type { Dataset } from "../data/dataset.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import { checkDistilledSet } from "../formats/check-set.ts";
import { describeModel } from "../nn/describe.ts";
import { wholeNumber } from "../nn/layer.ts";
import { checkLoss, type Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { nextTask } from "../platform.ts";
import { checkSeed } from "../random.ts";
import { checkWorkers, poolOptions, shareable, shareableInit, WorkerPool } from "../worker/client.ts";
import { Callbacks } from "./callbacks.ts";
import { accuracyOf, type Confusion, classAccuracies } from "./confusion.ts";
import type { DistilledSet } from "./distilled-set.ts";
import type { Evaluation } from "./evaluation.ts";
import { checkSet, checkTest } from "./fit.ts";
import { HeldOutTest, type HeldOutTestConfig } from "./held-out-test.ts";
import { checkInit } from "./pretrained.ts";
import { summary } from "./summary.ts";
import { checkReplay, type Replay } from "./train.ts";
import { networksOf, type WeightSource } from "./weight-source.ts";

export type { Evaluation } from "./evaluation.ts";

/** Options of {@link evaluate}. */
export interface EvaluateOptions extends Replay {
  readonly set: DistilledSet;
  readonly model: Model;
  /**
   * As in distilling: with `fixedInit` it is that one network, whatever `networks` says. With `pretrained` it is the
   * first `networks` of the pool, or all if there are fewer: those trained for testing, or the one distilled for.
   */
  readonly init: WeightSource;
  /** To train with. Default: the loss that the set was distilled for. */
  readonly loss?: Loss;
  /** Held-out networks. Default 20; the paper takes 200. */
  readonly networks?: number;
  /** Real images nobody has trained on. */
  readonly test: Dataset;
  /** Also reports which classes are read as which: `perClass` and `confusions` of the evaluation. Default false. */
  readonly perClass?: boolean;
  /** Default 0. Networks of an evaluation are never those of a distillation, whatever the seeds. */
  readonly seed?: number;
  readonly engine?: Engine;
  /** Kernel threads; with several workers those of each, and then 1 by default. */
  readonly threads?: number | "auto";
  /** Trains the networks on so many workers, each with an engine of its own. Default 0: in place. Same accuracies. */
  readonly workers?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: {
    readonly network: number;
    readonly networks: number;
    readonly accuracy: number;
  }) => void;
}

/**
 * Trains `networks` fresh networks on the set, in its learned order unless another is asked for, and reports their accuracy on `test`.
 *
 * @throws TypeError or RangeError, naming the field, for a set that could not be saved or test images whose fields do not
 * fit; ShapeError where set, model and test images do not fit each other; the signal's reason when aborted; WorkerError
 * where a worker died.
 * @example
 * const { mean, std } = await evaluate({ set, model: lenet(), init: randomInit(), test: (await digits()).test });
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { set, model, init, test, networks = 20 } = options;
  checkDistilledSet("set", set);
  checkSet(set, model);
  checkTest(test, model);
  const count = Math.min(wholeNumber("networks", networks, 1), networksOf(init));
  return evaluateSets(options, count, () => set);
}

interface SetsOptions extends Omit<EvaluateOptions, "set" | "networks"> {
  readonly pool?: WorkerPool | undefined;
  /** Default "evaluate". */
  readonly purpose?: HeldOutTestConfig["purpose"];
}
type SetOf = (network: number) => DistilledSet;
/** What a network came to: its accuracy, or with `perClass` how it read the images. */
type Outcome = number | Confusion;
type Add = (outcome: Outcome) => void;

/**
 * As `evaluate`, with a set of its own for each network, and on `pool` if that is given. All sets have one shape; they and
 * the test images are trusted.
 */
export async function evaluateSets(options: SetsOptions, networks: number, setOf: SetOf): Promise<Evaluation> {
  const { model, init, loss, seed = 0, workers = 0, onProgress } = options;
  checkSeed(seed);
  checkReplay(options);
  checkInit(init, model);
  checkWorkers(workers);
  if (loss !== undefined) checkLoss("loss", loss);
  const callbacks = new Callbacks();
  const accuracies: number[] = [];
  const confusions: Confusion[] = [];
  const add: Add = (outcome) => {
    if (typeof outcome !== "number") confusions.push(outcome);
    const accuracy = typeof outcome === "number" ? outcome : accuracyOf(outcome);
    accuracies.push(accuracy);
    callbacks.tell(onProgress, { network: accuracies.length, networks, accuracy });
    callbacks.check();
  };
  const run = options.pool || workers > 0 ? onWorkers : inPlace;
  await run(options, networks, setOf, add);
  await callbacks.settled();
  // Engines of our own are strict, and workers' engines like the one that is given.
  const simd = options.engine?.simd === "relaxed" && { simd: options.engine.simd };
  const byClass = options.perClass && { confusions, perClass: classAccuracies(confusions) };
  return { networks, ...summary(accuracies), accuracies, ...byClass, ...simd };
}

function configOf({ model, init, test, loss, order, epochs, ...rest }: SetsOptions): HeldOutTestConfig {
  const { seed = 0, purpose = "evaluate" } = rest;
  return { model, init, test, loss, order, epochs, seed, purpose };
}

async function inPlace(options: SetsOptions, networks: number, setOf: SetOf, add: Add): Promise<void> {
  const { threads = "auto", signal } = options;
  const engine = options.engine ?? (await createEngine({ threads }));
  const mark = engine.arena.mark();
  try {
    const held = new HeldOutTest(configOf(options), engine.backend, engine.arena);
    for (let network = 0; network < networks; network++) {
      signal?.throwIfAborted();
      const set = setOf(network);
      add(options.perClass ? held.confusion(network, set) : held.accuracy(network, set));
      await nextTask();
    }
  } finally {
    engine.arena.release(mark);
    if (!options.engine) await engine.dispose();
  }
}

async function onWorkers(options: SetsOptions, networks: number, setOf: SetOf, add: Add): Promise<void> {
  const config = configOf(options);
  const pool = options.pool ?? (await WorkerPool.start(poolOptions(options, networks)));
  try {
    const message = {
      ...config,
      test: shareable(config.test),
      model: describeModel(config.model),
      init: shareableInit(config.init),
    };
    await pool.all((api) => api.openTest(message));
    await pool.inOrder<Outcome>(
      networks,
      (api, network) => {
        const set = setOf(network);
        return options.perClass ? api.confusion(network, set) : api.accuracy(network, set);
      },
      (_, outcome) => add(outcome),
    );
  } finally {
    if (!options.pool) await pool.dispose();
  }
}
