// trainOn(): trains one network on a distilled set, to use.

import { write } from "../../backend/backend.ts";
import type { Floats } from "../../backend/buffer.ts";
import { checkValues } from "../../checks/options.ts";
import { checkDistilledSet } from "../../distill/check-set.ts";
import type { DistilledSet } from "../../distill/distilled-set.ts";
import { checkSet } from "../../distill/fit.ts";
import { checkInit, randomInit } from "../../distill/weight-source.ts";
import { writeWeights } from "../../distill/write-weights.ts";
import { createEngine, Engine } from "../../engine/engine.ts";
import { checkFloats, checkImages } from "../../engine/validate.ts";
import { predictedClasses } from "../../evaluate/test-images.ts";
import { checkReplay, Trainer } from "../../evaluate/trainer.ts";
import type { AbortSignal } from "../../host-types.ts";
import { RealBatch } from "../../inner/real-batch.ts";
import { elements } from "../../nn/layer.ts";
import type { Model } from "../../nn/model.ts";
import { trainOnChecks } from "../options/call-checks.ts";
import type { TrainedNetwork, TrainOnOptions } from "../options/train-on.ts";

/**
 * Trains a network on a distilled set: steps × epochs gradient steps, which take milliseconds, or by the protocol that the
 * set names.
 *
 * @throws TypeError or RangeError that names the field for an invalid set; ShapeError when set and model do not fit;
 * RangeError for parameters of another length, and for `order: "learned"` of a set that has no learned order.
 * @example
 * const network = await trainOn(set, { model: lenet() });
 * const { classes } = await network.predict(images);
 */
export async function trainOn(
  set: DistilledSet,
  options: TrainOnOptions & { readonly signal?: AbortSignal | undefined },
): Promise<TrainedNetwork> {
  const { model, init = randomInit(), loss, order, epochs, seed = 0, threads = "auto" } = options;
  checkDistilledSet("set", set);
  checkValues(options, trainOnChecks);
  checkSet(set, model);
  checkReplay(set, options);
  checkInit(init, model);
  const given = options.parameters && checkFloats("parameters", options.parameters, model.parameterCount);
  const engine = options.engine ?? (await createEngine({ threads }));
  const owned = options.engine === undefined;
  const use = { seed, purpose: "evaluate", index: 0 } as const;
  try {
    const parameters = await Engine.compute(engine, async (backend, arena) => {
      const mark = arena.mark();
      try {
        const trainer = new Trainer(set, model, backend, arena, { loss, order, epochs });
        if (given) write(backend, trainer.theta, given);
        else writeWeights(init, backend, model, trainer.theta, use);
        await trainer.train(use, options.signal);
        return await backend.read(trainer.theta, model.parameterCount);
      } finally {
        arena.release(mark);
      }
    });
    return trained(model, parameters, engine, owned);
  } catch (error) {
    if (owned) await engine.dispose();
    throw error;
  }
}

function trained(model: Model, parameters: Floats, engine: Engine, owned: boolean): TrainedNetwork {
  return {
    model,
    parameters: parameters as Float32Array,
    async predict(input) {
      const { images, count } = checkImages("images", input, elements(model.inputShape));
      const logits = await Engine.compute(engine, (backend, arena) =>
        arena.scope(() => {
          const theta = arena.allocate(model.parameterCount);
          write(backend, theta, parameters);
          return new RealBatch(model, backend, arena, count).logits(theta, images, count);
        }),
      );
      return { classes: predictedClasses(logits, model.classes), logits: logits as Float32Array };
    },
    async dispose() {
      if (owned) await engine.dispose();
    },
  };
}
