// trainOn(), in place or in a worker.
import { floats, optional, signal } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { checkDistilledSet } from "../distill/check-set.ts";
import type { DistilledSet } from "../distill/distilled-set.ts";
import { placeChecks } from "../engine/options.ts";
import { engineOf } from "./on-engine.ts";
import { trainOnChecks } from "./options/call-checks.ts";
import type { TrainOnOptions as OptionsHere, TrainedNetwork } from "./options/train-on.ts";
import { abortable } from "./orchestrator/abortable.ts";
import { copied, crossing } from "./orchestrator/crossing.ts";
import { lookAgain, RemoteEngine } from "./orchestrator/engine.ts";
import type { Abortable } from "./orchestrator/interfaces.ts";
import type { Placed } from "./place.ts";

/** Options of {@link trainOn}. */
export type TrainOnOptions = Placed<OptionsHere> & Abortable;

const checks: Checks<TrainOnOptions> = { ...trainOnChecks, ...placeChecks, signal: optional(signal) };

/**
 * Trains a network on a distilled set: steps × epochs gradient steps, which take milliseconds. Dispose the network when
 * done, unless it is on an engine of yours.
 *
 * @throws TypeError or RangeError that names the field for an invalid set; ShapeError when set and model do not fit;
 * RangeError for parameters of another length.
 * @example
 * const network = await trainOn(set, { model: lenet() });
 * const { classes } = await network.predict(images);
 */
export async function trainOn(set: DistilledSet, options: TrainOnOptions): Promise<TrainedNetwork> {
  checkDistilledSet("set", set);
  checkOptions(options, checks);
  const { signal, model } = options;
  const { engine, owned } = await engineOf(options);
  const dispose = async (): Promise<void> => {
    if (owned) await engine.dispose();
  };
  try {
    if (!(engine instanceof RemoteEngine)) {
      signal?.throwIfAborted();
      const here = await import("./in-place/train-on.ts");
      return { ...(await here.trainOn(set, { ...options, engine })), dispose };
    }
    const { worker } = engine;
    return await abortable(signal, async () => {
      const network = await worker
        .call((api) => api.trainOn(copied(set), crossing(options)))
        .finally(() => lookAgain(engine));
      return {
        model,
        parameters: await worker.call(async () => network.parameters()),
        predict: async (images) => {
          floats("images", images);
          return worker.call(() => network.predict(copied(images))).finally(() => lookAgain(engine));
        },
        dispose,
      };
    });
  } catch (error) {
    await dispose();
    throw error;
  }
}
