// The calls that give one result, wherever they run.
import { transfer } from "comlink";
import { type BaselineOptions, type BaselineResult, randomRealBaseline as baselineHere } from "../distill/baselines.ts";
import type { DistilledSet } from "../distill/distilled-set.ts";
import { type EvaluateOptions, type Evaluation, evaluate as evaluateHere } from "../distill/evaluate.ts";
import { type TrainedNetwork, type TrainOnOptions, trainOn as trainOnHere } from "../distill/train-on.ts";
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

type CallOptions = Placed<{ readonly model: Model; readonly signal?: AbortSignal; readonly threads?: number | "auto" }>;

function call<Name extends keyof CallResults>(
  name: Name,
  options: CallOptions & { readonly onProgress?: (progress: never) => void },
  here: (engine: EngineHere) => Promise<CallResults[Name]>,
): Promise<CallResults[Name]> {
  const { signal, onProgress } = options;
  return onEngine(options, async (engine) => {
    if (!(engine instanceof RemoteEngine)) return here(engine);
    const { port1, port2 } = new MessageChannel();
    const ended = new Promise<void>((resolve) => {
      port1.onmessage = ({ data }: MessageEvent<Report>) => {
        if (data === "end") resolve();
        else onProgress?.(data.progress as never);
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
