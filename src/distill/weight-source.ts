// Where the initial weights θ_0 come from: fresh random ones each time, or one fixed network.
import type { Backend, Buffer } from "../backend/backend.ts";
import { type Initializer, type InitOptions, type InitScheme, initialize, initializer } from "../nn/init.ts";
import type { Model } from "../nn/model.ts";
import { checkSeed } from "../random.ts";

/** Initial weights of the networks that a set is distilled for and evaluated on. Plain data. */
export type WeightSource =
  | ({ readonly kind: "random" } & Initializer)
  | ({ readonly kind: "fixed"; readonly seed: number } & Initializer);

/**
 * A fresh network for every use: the set must serve networks nobody has seen.
 *
 * @throws RangeError for a scheme there is not, or an option that it does not have.
 * @example randomInit("kaiming-fan-in", { gain: 1 })
 */
export function randomInit(scheme: InitScheme = "xavier-normal", options: InitOptions = {}): WeightSource {
  return { kind: "random", ...initializer(scheme, options) };
}

/**
 * One network, made from `seed`, known to the set: fewer images do, but they serve this network alone.
 *
 * @throws RangeError as {@link randomInit}, and for a seed that is none.
 */
export function fixedInit(
  seed: number = 0,
  scheme: InitScheme = "xavier-normal",
  options: InitOptions = {},
): WeightSource {
  return { kind: "fixed", ...initializer(scheme, options), seed: checkSeed(seed) };
}

/**
 * Writes the weights of network `index` for `purpose` ("distil" or "evaluate"): the same index gives the same weights,
 * and no network of one purpose is one of the other's.
 */
export function writeWeights(
  source: WeightSource,
  backend: Backend,
  model: Model,
  theta: Buffer,
  use: { seed: number; purpose: "distil" | "evaluate"; index: number },
): void {
  const stream =
    source.kind === "fixed"
      ? { seed: source.seed, purpose: "weights/fixed", index: 0 }
      : { seed: use.seed, purpose: `weights/${use.purpose}`, index: use.index };
  initialize(backend, model, theta, source, stream);
}
