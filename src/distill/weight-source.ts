// Where the initial weights θ_0 come from: fresh random ones each time, or one fixed network.
import type { Buffer, Ops } from "../backend/backend.ts";
import { type InitScheme, initialize } from "../nn/init.ts";
import type { Model } from "../nn/model.ts";
import { checkSeed } from "../random.ts";

/** Initial weights of the networks that a set is distilled for and evaluated on. Plain data. */
export type WeightSource =
  | { readonly kind: "random"; readonly scheme: InitScheme }
  | { readonly kind: "fixed"; readonly scheme: InitScheme; readonly seed: number };

/** A fresh network for every use: the set must serve networks nobody has seen. */
export function randomInit(scheme: InitScheme = "xavier-normal"): WeightSource {
  return { kind: "random", scheme };
}

/** One network, made from `seed`, known to the set: fewer images do, but they serve this network alone. */
export function fixedInit(seed: number = 0, scheme: InitScheme = "xavier-normal"): WeightSource {
  return { kind: "fixed", scheme, seed: checkSeed(seed) };
}

/**
 * Writes the weights of network `index` for `purpose` ("distil" or "evaluate"): the same index gives the same weights,
 * and no network of one purpose is one of the other's.
 */
export function writeWeights(
  source: WeightSource,
  ops: Ops,
  model: Model,
  theta: Buffer,
  use: { seed: number; purpose: "distil" | "evaluate"; index: number },
): void {
  const stream =
    source.kind === "fixed"
      ? { seed: source.seed, purpose: "weights/fixed", index: 0 }
      : { seed: use.seed, purpose: `weights/${use.purpose}`, index: use.index };
  initialize(ops, model, theta, source.scheme, stream);
}
