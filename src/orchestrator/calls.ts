// The calls that give one result, wherever they run.
import { transfer } from "comlink";
import { type BaselineOptions, type BaselineResult, randomRealBaseline as baselineHere } from "../distill/baselines.ts";
import type { DistilledSet } from "../distill/distilled-set.ts";
import { type EvaluateOptions, type Evaluation, evaluate as evaluateHere } from "../distill/evaluate.ts";
import { type TrainedNetwork, type TrainOnOptions, trainOn as trainOnHere } from "../distill/train-on.ts";
import { type TrainedPool, type TrainPoolOptions, trainPool as trainPoolHere } from "../distill/train-pool.ts";
import type { Model } from "../nn/model.ts";
import { abortable } from "./abortable.ts";
import type { CallResults, Control, Report } from "./api.ts";
import { copied, crossing } from "./crossing.ts";
import { type Abortable, RemoteEngine } from "./engine.ts";
import { type EngineHere, engineOf, onEngine, type Placed } from "./place.ts";

/**
 * Trains `networks` fresh networks on the set, in its learned order, and reports their accuracy on `test`. In a page
 * `onProgress` hears of the networks at most ten times a second, and so perhaps not of each.
 *
 * @throws ShapeError where set, model and test images do not fit; the signal's reason when aborted; WorkerError where a
 * worker died.
 * @example
 * const { mean, std } = await evaluate({ set, model: lenet(), init: randomInit(), test: (await digits()).test });
 */
export function evaluate(options: Placed<EvaluateOptions>): Promise<Evaluation> {
  return call("evaluate", options, (engine) => evaluateHere({ ...options, engine }));
}

/**
 * Accuracy of networks trained on random real images, drawn anew for each network and balanced over the classes, for
 * as many steps and epochs as the distilled set has; the constant learning rate is tuned on validation images split
 * from the training set.
 *
 * @throws as {@link evaluate}.
 */
export function randomRealBaseline(options: Placed<BaselineOptions>): Promise<BaselineResult> {
  return call("randomRealBaseline", options, (engine) => baselineHere({ ...options, engine }));
}

/**
 * Trains networks on real images with Adam, to distil for with `pretrained`. Network k is a function of the options and
 * k alone: it does not depend on how many there are, on threads or workers. In a page the next network is begun while
 * `onNetwork` has the last.
 *
 * Defaults are those of the paper's reference code: batches of 1,024, Adam 2e-4 with β 0.5 and 0.999, halved after
 * every 20 passes.
 *
 * @throws RangeError and ShapeError for options out of range or that do not fit; DivergedError where a loss is not
 * finite; the signal's reason when aborted; WorkerError where a worker died.
 * @example
 * const { train, test } = await digits();
 * const pool = await trainPool({ data: train, test, model: lenet(), networks: 8, epochs: 10, workers: 2 });
 * console.log(pool.evaluation.mean);
 * const run = distill({ data: train, model: lenet(), method, init: pretrained(pool), networksPerStep: 4 });
 */
export function trainPool(options: Placed<TrainPoolOptions>): Promise<TrainedPool> {
  return call("trainPool", options, (engine) => trainPoolHere({ ...options, engine }));
}

type CallOptions = Placed<{ readonly model: Model; readonly signal?: AbortSignal; readonly threads?: number | "auto" }>;

function call<Name extends keyof CallResults>(
  name: Name,
  options: CallOptions & {
    readonly onProgress?: (progress: never) => void;
    readonly onNetwork?: (network: never) => unknown;
  },
  here: (engine: EngineHere) => Promise<CallResults[Name]>,
): Promise<CallResults[Name]> {
  const { signal, onProgress, onNetwork } = options;
  return onEngine(options, async (engine) => {
    if (!(engine instanceof RemoteEngine)) return here(engine);
    const { port1, port2 } = new MessageChannel();
    const ended = new Promise<unknown>((resolve) => {
      let handled: Promise<unknown> = Promise.resolve();
      port1.onmessage = ({ data }: MessageEvent<Report>) => {
        if (data === "end") resolve(handled);
        else if ("progress" in data) onProgress?.(data.progress as never);
        else handled = handled.then(() => onNetwork?.(data.network as never));
      };
    });
    const control: Control = "abort";
    const abort = (): void => port1.postMessage(control);
    signal?.addEventListener("abort", abort);
    try {
      return await abortable(signal, async () => {
        const result = await engine.worker.call(
          (api) => api.call(name, crossing(options), transfer(port2, [port2])) as Promise<CallResults[Name]>,
        );
        await ended;
        return result;
      });
    } finally {
      signal?.removeEventListener("abort", abort);
      port1.close();
    }
  });
}

/**
 * Trains a network on a distilled set: steps × epochs gradient steps, a matter of milliseconds. Dispose the network when
 * done, unless it is on an engine of yours.
 *
 * @throws ShapeError where set and model do not fit, RangeError for parameters of another length.
 * @example
 * const network = await trainOn(set, { model: lenet() });
 * const { classes } = await network.predict(images);
 */
export async function trainOn(set: DistilledSet, options: Placed<TrainOnOptions> & Abortable): Promise<TrainedNetwork> {
  const { signal, model } = options;
  const { engine, owned } = await engineOf(options);
  const dispose = async (): Promise<void> => {
    if (owned) await engine.dispose();
  };
  try {
    if (!(engine instanceof RemoteEngine)) return { ...(await trainOnHere(set, { ...options, engine })), dispose };
    const { worker } = engine;
    return await abortable(signal, async () => {
      const network = await worker.call((api) => api.trainOn(copied(set), crossing(options)));
      return {
        model,
        parameters: await worker.call(async () => network.parameters()),
        predict: (images) => worker.call(() => network.predict(copied(images))),
        dispose,
      };
    });
  } catch (error) {
    await dispose();
    throw error;
  }
}
