// The calls that give one result, in place or in a worker. src/run/in-place describes them in full.
import { transfer } from "comlink";
import type { Check } from "../checks/checks.ts";
import { checkOptions } from "../checks/options.ts";
import { checkDataset } from "../data/check-dataset.ts";
import { checkDistilledSet } from "../distill/check-set.ts";
import { placeChecks } from "../engine/options.ts";
import type { EvaluateOptions as EvaluateHere, Evaluation } from "../evaluate/evaluation.ts";
import type { AbortSignal } from "../host-types.ts";
import { MessageChannel } from "../platform/platform.ts";
import type { Sample } from "./faster-engine.ts";
import { type CallName, loadCall, type OptionsOf, type ResultOf } from "./in-place/calls.ts";
import { type EngineHere, onEngine } from "./on-engine.ts";
import type { BaselineOptions as BaselineHere, BaselineResult } from "./options/baseline.ts";
import {
  baselineChecks,
  distillChecks,
  evaluateChecks,
  judgeChecks,
  nearestNeighborsChecks,
  trainPoolChecks,
  verifyChecks,
} from "./options/call-checks.ts";
import { Callbacks } from "./options/callbacks.ts";
import { checked } from "./options/config.ts";
import type { JudgeOptions as JudgeHere, Judgement } from "./options/judge.ts";
import { checkMemoryAtCall } from "./options/memory-at-call.ts";
import type { NearestNeighborsOptions as NeighborsHere, NeighborsResult } from "./options/nearest-neighbors.ts";
import type { TrainedPool, TrainPoolOptions as TrainPoolHere } from "./options/train-pool.ts";
import { runAgain, type Verification, type VerifyOptions as VerifyHere } from "./options/verify.ts";
import { abortable } from "./orchestrator/abortable.ts";
import type { Control, ProgressMessage } from "./orchestrator/api.ts";
import { crossing } from "./orchestrator/crossing.ts";
import { lookAgain, RemoteEngine } from "./orchestrator/engine.ts";
import { followable, type Placed } from "./place.ts";

/** Options of {@link evaluate}. */
export type EvaluateOptions = Placed<EvaluateHere>;
/** Options of {@link baseline}. */
export type BaselineOptions = Placed<BaselineHere>;
/** Options of {@link judge}. */
export type JudgeOptions = Placed<JudgeHere>;
/** Options of {@link nearestNeighbors}. */
export type NearestNeighborsOptions = Placed<NeighborsHere>;
/** Options of {@link trainPool}. */
export type TrainPoolOptions = Placed<TrainPoolHere>;
/** Options of {@link verify}. */
export type VerifyOptions = Placed<VerifyHere>;

/**
 * Trains `networks` fresh networks on the set, in its learned order, and reports their accuracy on `test`. In a worker
 * `onProgress` is called at most ten times a second, so perhaps not for each network.
 *
 * @throws TypeError or RangeError that names the field for an invalid set or test images whose fields do not fit; ShapeError
 * when set, model and test images do not fit each other; the signal's reason when aborted; WorkerError when workers died.
 * @example
 * const { mean, std } = await evaluate({ set, model: lenet(), init: randomInit(), test: (await digits()).test });
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  return call("evaluate", options, evaluateChecks);
}

/**
 * Measures the accuracy of networks trained on real images instead of distilled ones, equally many of each class: random
 * images, the best of many random draws, class averages or k-means centres (`kind`).
 *
 * @throws RangeError when images per step are not a multiple of the classes, a class has no image, or none has two; TypeError
 * or RangeError for data whose fields do not fit; ShapeError when model and images do not fit; the signal's reason when
 * aborted; WorkerError when workers died.
 * @example
 * const { mean, std } = await baseline({ kind: "k-means", train, test, model, init, like: set, networks: 200 });
 */
export async function baseline(options: BaselineOptions): Promise<BaselineResult> {
  return call("baseline", options, { ...baselineChecks, test: checkDataset });
}

/**
 * Judges a set by a protocol: that of the set itself ("paper"), DC-BENCH or DD-Ranking, with baselines and on other networks. Whatever
 * is chosen is chosen on training images that are held back, and the test images are read after that. In a worker `onProgress` is
 * called at most ten times a second, so perhaps not for each network.
 *
 * @throws TypeError or RangeError that names the field for invalid options, or data whose fields do not fit; ShapeError when set,
 * networks and images do not fit each other; the signal's reason when aborted; WorkerError when workers died.
 * @example
 * const { scores } = await judge({ set, protocol: "dc-bench", model: lenet(), train, test, baselines: ["k-means"] });
 */
export async function judge(options: JudgeOptions): Promise<Judgement> {
  return call("judge", options, judgeChecks);
}

/**
 * Measures the accuracy of K nearest neighbours among a few images that stand for a data set.
 *
 * @throws RangeError for `k`, `p` or counts out of range; TypeError or RangeError for data or a set whose fields do not fit;
 * ShapeError when images or classes do not fit; the signal's reason.
 * @example
 * const { mean } = await nearestNeighbors({ points: "k-means", train, test }); // 10 per class, the nearest one
 */
export async function nearestNeighbors(options: NearestNeighborsOptions): Promise<NeighborsResult> {
  return call("nearestNeighbors", options, nearestNeighborsChecks);
}

/**
 * Trains networks on real images with Adam or SGD, to distil for with `pretrained` or `experts`. Network k is a function only of the options and
 * k: it does not depend on the number of networks, threads or workers. In a worker training goes on while `onNetwork` handles
 * a network: later networks wait in memory until it has handled those before them.
 *
 * @throws TypeError, RangeError and ShapeError for data whose fields do not fit or that lack a class, and for options out
 * of range or that do not fit; DivergedError when a loss is not finite, with the `networks` that were trained before; the
 * signal's reason when aborted; WorkerError when workers died.
 * @example
 * const pool = await trainPool({ data: train, test, model: lenet(), networks: 8, epochs: 10, workers: 2 });
 * const run = distill({ data: train, model: lenet(), method, init: pretrained(pool), networksPerStep: 4 });
 */
export async function trainPool(options: TrainPoolOptions): Promise<TrainedPool> {
  return call("trainPool", options, trainPoolChecks);
}

/**
 * Runs the recipe of a distilled set again on the images that it was distilled from, and says whether the same set comes out, byte
 * for byte. It takes the time of the run. It computes on the backend "wasm", and the answer does not depend on threads or workers.
 * In a worker `onProgress` is called at most ten times a second, so perhaps not for each step.
 *
 * @throws RangeError for a set that was made on a GPU or with relaxed SIMD, whose bits are its own, and for an engine like that;
 * TypeError, RangeError and ShapeError that name the field for a recipe that is not one of `distill`, and for images, networks or a
 * method that are not those of the recipe; DivergedError if the run diverges before the step that the set comes after; the signal's
 * reason when aborted; WorkerError when workers died.
 * @example
 * const set = await loadDistilled("digits.safetensors");
 * const { same, sha256 } = await verify({ set, data: (await digits()).train });
 */
export async function verify(options: VerifyOptions): Promise<Verification> {
  checkOptions(options, { ...verifyChecks, ...placeChecks });
  const { engine, ...rest } = options;
  const run = await runAgain(rest);
  checked(run);
  checkMemoryAtCall(run);
  return call("verify", { ...run, engine }, { ...distillChecks, set: checkDistilledSet });
}

interface Watched {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: unknown) => void;
  readonly onNetwork?: (network: unknown) => unknown;
}

async function call<Name extends CallName>(
  name: Name,
  given: Placed<OptionsOf<Name>>,
  checks: Readonly<Record<string, Check>>,
): Promise<ResultOf<Name>> {
  checkOptions(given, { ...checks, ...placeChecks });
  const options = await followable(given);
  const part = samples[name];
  const sample: Sample | undefined =
    part &&
    ((engine, signal) => {
      const { onProgress: _, onNetwork: __, ...rest } = options as Placed<OptionsOf<Name>> & Watched;
      return call(name, { ...rest, ...part, engine, signal: signal ?? rest.signal } as typeof options, checks);
    });
  return onEngine(options, (engine) => callOn(engine, name, options), sample);
}

/** The options with which a small part of a call is timed, to choose its backend. */
const samples: Partial<Readonly<Record<CallName, object>>> = {
  evaluate: { networks: 1 },
  trainPool: { networks: 1, epochs: 1, only: undefined },
};

async function callOn<Name extends CallName>(
  engine: EngineHere | RemoteEngine,
  name: Name,
  options: Placed<OptionsOf<Name>>,
): Promise<ResultOf<Name>> {
  const { signal, onProgress, onNetwork } = options as Watched;
  if (!(engine instanceof RemoteEngine)) {
    const callHere = await loadCall(name);
    return callHere({ ...options, engine } as never);
  }
  const { port1, port2 } = new MessageChannel();
  const tellNotice = options.onNotice ?? RemoteEngine.listener(engine);
  const callbacks = new Callbacks();
  let over = false;
  const ended = new Promise<void>((resolve) => {
    let handled: Promise<unknown> = Promise.resolve();
    port1.onmessage = ({ data }: MessageEvent<ProgressMessage>) => {
      if (data === "end") resolve(handled.then(() => callbacks.settled()));
      else if ("notice" in data) tellNotice(data.notice);
      else if ("progress" in data) callbacks.tell(onProgress, data.progress);
      else {
        handled = handled
          .then(() => (over ? undefined : callbacks.tell(onNetwork, data.network)))
          .then(() => callbacks.settled());
      }
      handled.catch(() => {});
    };
  });
  // `failed` handles a callback that fails, maybe before anybody waits for the end.
  ended.catch(() => {});
  const control: Control = "abort";
  const abort = (): void => port1.postMessage(control);
  signal?.addEventListener("abort", abort);
  try {
    return await abortable(signal, async () => {
      const result = engine.worker.call(
        (api) => api.call(name, crossing(options), transfer(port2, [port2])) as Promise<ResultOf<Name>>,
      );
      const failed = callbacks.failed.catch((error) => {
        // Nobody waits for the result any more, and the caller's engine must become free.
        abort();
        throw error;
      });
      // A call that fails in a living worker has sent its networks; they are handled before the failure is.
      const told = result.then(
        () => ended,
        (error) => (engine.worker.reason === undefined ? ended : Promise.reject(error)),
      );
      await Promise.race([told, failed]);
      await lookAgain(engine);
      return result;
    });
  } finally {
    over = true;
    signal?.removeEventListener("abort", abort);
    port1.close();
  }
}
