// trainOn(): one network from a distilled set, to use.
import type { Floats } from "../backend/backend.ts";
import { createEngine, type Engine } from "../engine/engine.ts";
import { checkFloats, checkImages } from "../engine/validate.ts";
import { checkDistilledSet } from "../formats/check-set.ts";
import { elements } from "../nn/layer.ts";
import { checkLoss, type Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import { checkSeed } from "../random.ts";
import type { DistilledSet } from "./distilled-set.ts";
import { checkSet } from "./fit.ts";
import { RealBatch } from "./outer-loss.ts";
import { checkInit } from "./pretrained.ts";
import { predictedClasses } from "./test-images.ts";
import { checkReplay, type Replay, Trainer } from "./train.ts";
import { randomInit, type WeightSource, writeWeights } from "./weight-source.ts";

/** Options of {@link trainOn}. */
export interface TrainOnOptions extends Replay {
  readonly model: Model;
  /** θ_0; drawn from `init` if left out. */
  readonly parameters?: Floats;
  /** Default `randomInit()`. Of a pretrained pool it is the first network. */
  readonly init?: WeightSource;
  /** Default: the loss that the set was distilled for. */
  readonly loss?: Loss;
  /** Which network `init` draws, what its dropout drops, and a shuffled order of blocks. Default 0. */
  readonly seed?: number;
  readonly engine?: Engine;
  readonly threads?: number | "auto";
}

/** A trained network. */
export interface TrainedNetwork {
  readonly model: Model;
  /** θ_T, flat in module order. */
  readonly parameters: Floats;
  /** Classes and logits [n, classes] of images [n, c, h, w], normalised as the set is (its `mean` and `std`). */
  predict(images: Floats): Promise<{ classes: Uint8Array; logits: Floats }>;
  /** Gives up the engine, if the network has one of its own. */
  dispose(): Promise<void>;
}

/**
 * Trains a network on a distilled set: steps × epochs gradient steps, a matter of milliseconds.
 *
 * @throws TypeError or RangeError, naming the field, for a set that could not be saved; ShapeError where set and model do
 * not fit; RangeError for parameters of another length.
 * @example
 * const network = await trainOn(set, { model: lenet() });
 * const { classes } = await network.predict(images);
 */
export async function trainOn(set: DistilledSet, options: TrainOnOptions): Promise<TrainedNetwork> {
  const { model, init = randomInit(), loss, order, epochs, seed = 0, threads = "auto" } = options;
  checkDistilledSet("set", set);
  checkSet(set, model);
  checkSeed(seed);
  if (loss !== undefined) checkLoss("loss", loss);
  checkReplay(options);
  checkInit(init, model);
  const given = options.parameters && checkFloats("parameters", options.parameters, model.parameterCount);
  const engine = options.engine ?? (await createEngine({ threads }));
  const { backend, arena } = engine;
  const owned = options.engine === undefined;
  try {
    const parameters = arena.scope(() => {
      const trainer = new Trainer(set, model, backend, arena, { loss, order, epochs });
      if (given) backend.write(trainer.theta, given);
      else writeWeights(init, backend, model, trainer.theta, { seed, purpose: "evaluate", index: 0 });
      trainer.train({ seed, purpose: "evaluate", index: 0 });
      return backend.read(trainer.theta, model.parameterCount);
    });
    return trained(model, parameters, engine, owned);
  } catch (error) {
    if (owned) await engine.dispose();
    throw error;
  }
}

function trained(model: Model, parameters: Floats, engine: Engine, owned: boolean): TrainedNetwork {
  const { backend, arena } = engine;
  return {
    model,
    parameters,
    async predict(input) {
      const { images, count } = checkImages("images", input, elements(model.inputShape));
      return arena.scope(() => {
        const theta = arena.allocate(model.parameterCount);
        backend.write(theta, parameters);
        const logits = new RealBatch(model, backend, arena, count).logits(theta, images, count);
        return { classes: predictedClasses(logits, model.classes), logits };
      });
    },
    async dispose() {
      if (owned) await engine.dispose();
    },
  };
}
