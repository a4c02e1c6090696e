// The calls that give one result, wherever they run. In full they are described where they run in place (in-place.ts).
import { transfer } from "comlink";
import { Callbacks } from "../distill/callbacks.ts";
import { MessageChannel } from "../platform.ts";
import { abortable } from "./abortable.ts";
import type { Control, Report } from "./api.ts";
import { crossing } from "./crossing.ts";
import { RemoteEngine } from "./engine.ts";
import type { CallName, OptionsOf, ResultOf } from "./in-place.ts";
import { followable, onEngine, type Placed } from "./place.ts";

/** Options of {@link evaluate}. */
export type EvaluateOptions = Placed<OptionsOf<"evaluate">>;
/** Options of {@link baseline}. */
export type BaselineOptions = Placed<OptionsOf<"baseline">>;
/** Options of {@link nearestNeighbors}. */
export type NearestNeighborsOptions = Placed<OptionsOf<"nearestNeighbors">>;
/** Options of {@link trainPool}. */
export type TrainPoolOptions = Placed<OptionsOf<"trainPool">>;

type Call<Name extends CallName> = (options: Placed<OptionsOf<Name>>) => Promise<ResultOf<Name>>;

/**
 * Trains `networks` fresh networks on the set, in its learned order, and reports their accuracy on `test`. From a worker
 * `onProgress` hears at most ten times a second, and so perhaps not of each network.
 *
 * @throws TypeError or RangeError, naming the field, for a set that could not be saved or test images whose fields do not
 * fit; ShapeError where set, model and test images do not fit each other; the signal's reason when aborted; WorkerError
 * where a worker died.
 * @example
 * const { mean, std } = await evaluate({ set, model: lenet(), init: randomInit(), test: (await digits()).test });
 */
export const evaluate: Call<"evaluate"> = (options) => call("evaluate", options);

/**
 * Accuracy of networks trained on real images in the place of distilled ones, the same number of each class: random ones,
 * the best of many random draws, class averages or k-means centres (`kind`).
 *
 * @throws RangeError where images per step are no multiple of the classes, a class has no image, or none has two; TypeError
 * or RangeError for data whose fields do not fit; ShapeError where model and images do not fit; the signal's reason when
 * aborted; WorkerError where a worker died.
 * @example
 * const { mean, std } = await baseline({ kind: "k-means", train, test, model, init, like: set, networks: 200 });
 */
export const baseline: Call<"baseline"> = (options) => call("baseline", options);

/**
 * Accuracy of K nearest neighbours among a few images that stand for a data set.
 *
 * @throws RangeError for `k`, `p` or counts out of range; TypeError or RangeError for data or a set whose fields do not fit;
 * ShapeError where images or classes do not fit; the signal's reason.
 * @example
 * const { mean } = await nearestNeighbors({ points: "k-means", train, test }); // 10 per class, the nearest one
 */
export const nearestNeighbors: Call<"nearestNeighbors"> = (options) => call("nearestNeighbors", options);

/**
 * Trains networks on real images with Adam, to distil for with `pretrained`. Network k is a function of the options and
 * k alone: it does not depend on how many there are, on threads or workers. In a worker the next network is begun while
 * `onNetwork` has the last.
 *
 * @throws TypeError, RangeError and ShapeError for data whose fields do not fit or that lack a class, and for options out
 * of range or that do not fit; DivergedError where a loss is not finite, with the `networks` that were trained before; the
 * signal's reason when aborted; WorkerError where a worker died.
 * @example
 * const pool = await trainPool({ data: train, test, model: lenet(), networks: 8, epochs: 10, workers: 2 });
 * const run = distill({ data: train, model: lenet(), method, init: pretrained(pool), networksPerStep: 4 });
 */
export const trainPool: Call<"trainPool"> = (options) => call("trainPool", options);

interface Watched {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: unknown) => void;
  readonly onNetwork?: (network: unknown) => unknown;
}

async function call<Name extends CallName>(name: Name, given: Placed<OptionsOf<Name>>): Promise<ResultOf<Name>> {
  const options = followable(given);
  const { signal, onProgress, onNetwork } = options as Watched;
  return onEngine(options, async (engine) => {
    if (!(engine instanceof RemoteEngine)) {
      const { calls } = await import("./in-place.ts");
      return (calls[name] as (options: OptionsOf<Name>) => Promise<ResultOf<Name>>)({ ...options, engine } as never);
    }
    const { port1, port2 } = new MessageChannel();
    const callbacks = new Callbacks();
    const ended = new Promise<void>((resolve) => {
      let handled: Promise<unknown> = Promise.resolve();
      port1.onmessage = ({ data }: MessageEvent<Report>) => {
        if (data === "end") resolve(handled.then(() => callbacks.settled()));
        else if ("progress" in data) callbacks.tell(onProgress, data.progress);
        else handled = handled.then(() => callbacks.tell(onNetwork, data.network)).then(() => callbacks.settled());
        handled.catch(() => {});
      };
    });
    const control: Control = "abort";
    const abort = (): void => port1.postMessage(control);
    signal?.addEventListener("abort", abort);
    try {
      return await abortable(signal, async () => {
        const result = engine.worker.call(
          (api) => api.call(name, crossing(options), transfer(port2, [port2])) as Promise<ResultOf<Name>>,
        );
        const failed = callbacks.failed.catch((error) => {
          // Nobody waits for the result any more: an engine that is not ours shall have its hands free.
          abort();
          throw error;
        });
        await Promise.race([Promise.all([result, ended]), failed]);
        return result;
      });
    } finally {
      signal?.removeEventListener("abort", abort);
      port1.close();
    }
  });
}
