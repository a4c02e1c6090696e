// Gives the networks that runs start from as arrays, for those who train or match networks of their own.
import { oneOf, optional, whole } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { checkModel, type Model } from "../nn/model.ts";
import { seedCheck } from "../numeric/random.ts";
import { checkInit, checkWeightSource, type WeightSource } from "./weight-source.ts";
import { type WeightUse, weightsOf } from "./write-weights.ts";

/** Options of {@link initialWeights}. */
export interface InitialWeightsOptions {
  /** Default 0. */
  readonly seed?: number | undefined;
  /** Which network, from 0. It is step · networksPerStep + k in a run, and its number in an evaluation. Default 0. */
  readonly index?: number | undefined;
  /** Whether it is a network of a run, or one that sets are evaluated on, which no run has seen. Default "distil". */
  readonly purpose?: WeightUse["purpose"] | undefined;
  /** The number of networks in an outer step, which a run draws from a pretrained pool without replacement. Default 1. */
  readonly networksPerStep?: number | undefined;
}

const checks: Checks<InitialWeightsOptions> = {
  seed: optional(seedCheck),
  index: optional(whole(0)),
  purpose: optional(oneOf("distil", "evaluate")),
  networksPerStep: optional(whole(1)),
};

/**
 * Returns θ of a network, flat in module order, as `distill` and `evaluate` draw it: the same options give the same bits on every host,
 * those of an engine with strict SIMD.
 *
 * @param init What `randomInit`, `fixedInit` or `pretrained` gives.
 * @throws TypeError or RangeError for a wrong argument, naming it, and for a pool of networks of another model.
 * @example
 * const parameters = initialWeights(lenet(), randomInit("kaiming-fan-in"), { seed: 1, index: 7 });
 * const { loss } = await net.gradients({ parameters, images, targets });
 */
export function initialWeights(model: Model, init: WeightSource, options: InitialWeightsOptions = {}): Float32Array {
  checkModel("model", model);
  checkWeightSource("init", init);
  checkInit(init, model);
  checkOptions(options, checks);
  const { seed = 0, index = 0, purpose = "distil", networksPerStep = 1 } = options;
  return weightsOf(init, model, { seed, index, purpose, perStep: networksPerStep });
}
