// Where the initial weights θ_0 come from: fresh random ones each time, one fixed network, or networks that were trained
// before.
import type { Backend, Buffer } from "../backend/backend.ts";
import { type Check, floats, listOf } from "../checks/checks.ts";
import { checkOptions } from "../checks/options.ts";
import { wrongKind } from "../checks/refusal.ts";
import { isObject } from "../kinds.ts";
import {
  type Initializer,
  type InitOptions,
  type InitScheme,
  initChecks,
  initialize,
  initializer,
} from "../nn/init.ts";
import type { Model } from "../nn/model.ts";
import { checkSeed, randomKey, randomOrder } from "../random.ts";
import type { Pretrained } from "./pretrained.ts";

/** Initial weights of the networks that a set is distilled for and evaluated on. Plain data. */
export type WeightSource =
  | ({ readonly kind: "random" } & Initializer)
  | ({ readonly kind: "fixed"; readonly seed: number } & Initializer)
  | Pretrained;

/** What is said of a pool without networks. */
export const noNetwork = (name: string): string => `"${name}" expected at least one network, got none`;

/** What one of the functions for it gives. */
export const checkWeightSource: Check = (name, value) => {
  const { kind, scheme, weights, seed, ...options } = isObject(value) ? value : {};
  if (kind === "pretrained") {
    listOf("an array of networks", floats)(`${name}.weights`, weights);
    if ((weights as readonly unknown[]).length === 0) throw new RangeError(noNetwork(`${name}.weights`));
  } else if ((kind === "random" || kind === "fixed") && scheme !== undefined) {
    checkOptions(options, initChecks, name, `${name}.`);
    initializer(scheme as InitScheme, options);
    if (kind === "fixed") checkSeed(seed, `${name}.seed`);
  } else throw wrongKind(name, "what randomInit(), fixedInit() or pretrained() gives", value);
};

/**
 * A fresh network for every use: the set must serve networks nobody has seen.
 *
 * @throws TypeError or RangeError for an unknown scheme, or an option that it does not have.
 * @example randomInit("kaiming-fan-in", { gain: 1 })
 */
export function randomInit(scheme: InitScheme = "xavier-normal", options: InitOptions = {}): WeightSource {
  checkOptions(options, initChecks);
  return { kind: "random", ...initializer(scheme, options) };
}

/**
 * One network, made from `seed`, known to the set: fewer images do, but they serve this network alone.
 *
 * @throws RangeError as {@link randomInit}, and for an invalid seed.
 */
export function fixedInit(
  seed: number = 0,
  scheme: InitScheme = "xavier-normal",
  options: InitOptions = {},
): WeightSource {
  checkOptions(options, initChecks);
  return { kind: "fixed", ...initializer(scheme, options), seed: checkSeed(seed) };
}

/** How many different networks there are to evaluate a set on. */
export function networksOf(source: WeightSource): number {
  if (source.kind === "random") return Number.POSITIVE_INFINITY;
  return source.kind === "fixed" ? 1 : source.weights.length;
}

/** Which network is wanted. */
export interface WeightUse {
  readonly seed: number;
  readonly purpose: "distil" | "evaluate";
  readonly index: number;
  /** Networks of an outer step, whose indices follow each other. Default 1. */
  readonly perStep?: number;
}

/**
 * Writes the weights of network `index` for `purpose`: the same use gives the same weights, and no random network of one
 * purpose is one of the other's. Of a pretrained pool an outer step draws its networks without replacement; an
 * evaluation takes them in their order, and from the first again where there are too few.
 */
export function writeWeights(
  source: WeightSource,
  backend: Backend,
  model: Model,
  theta: Buffer,
  use: WeightUse,
): void {
  if (source.kind === "pretrained") {
    backend.write(theta, source.weights[placeInPool(source.weights.length, use)]!);
    return;
  }
  const stream =
    source.kind === "fixed"
      ? { seed: source.seed, purpose: "weights/fixed", index: 0 }
      : { seed: use.seed, purpose: `weights/${use.purpose}`, index: use.index };
  initialize(backend, model, theta, source, stream);
}

function placeInPool(size: number, { seed, purpose, index, perStep = 1 }: WeightUse): number {
  if (purpose === "evaluate") return index % size;
  const k = index % perStep;
  const step = (index - k) / perStep;
  return randomOrder(size, k + 1, randomKey(seed, "weights/pretrained", step))[k]!;
}
