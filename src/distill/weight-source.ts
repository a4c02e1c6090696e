// The source of the initial weights θ_0: new random networks each time, one fixed network, or networks that were trained
// before.
import type { Floats } from "../backend/buffer.ts";
import { type Check, floats, listOf } from "../checks/checks.ts";
import { checkOptions } from "../checks/options.ts";
import { wrongKind } from "../checks/refusal.ts";
import { hexadecimal, sha256 } from "../codecs/sha256.ts";
import { checkFloats } from "../engine/validate.ts";
import { isObject } from "../kinds.ts";
import { type Initializer, type InitOptions, type InitScheme, initChecks, initializer } from "../nn/init.ts";
import type { Model } from "../nn/model.ts";
import { checkSeed } from "../numeric/random.ts";
import { checkTrajectories, type ExpertPool, type Experts, epochsOf } from "./experts.ts";

/** The initial weights of the networks that a set is distilled for and evaluated on. Plain data. */
export type WeightSource =
  | ({ readonly kind: "random" } & Initializer)
  | ({ readonly kind: "fixed"; readonly seed: number } & Initializer)
  | Pretrained
  | Experts;

/** Returns the message for a pool without networks. */
const noNetwork = (name: string): string => `"${name}" expected at least one network, got none`;

/** Checks that a value is what one of the functions that make a source returns. */
export const checkWeightSource: Check = (name, value) => {
  const { kind, scheme, weights, trajectories, seed, ...options } = isObject(value) ? value : {};
  if (kind === "pretrained") {
    listOf("an array of networks", floats)(`${name}.weights`, weights);
    if ((weights as readonly unknown[]).length === 0) throw new RangeError(noNetwork(`${name}.weights`));
  } else if ((kind === "random" || kind === "fixed" || kind === "experts") && scheme !== undefined) {
    checkOptions(options, initChecks, name, `${name}.`);
    initializer(scheme as InitScheme, options);
    if (kind === "fixed") checkSeed(seed, `${name}.seed`);
    if (kind === "experts") checkTrajectories(`${name}.trajectories`, trajectories);
  } else throw wrongKind(name, "what randomInit(), fixedInit(), pretrained() or experts() gives", value);
};

/**
 * Draws a new network for every use: the set must serve networks that it has never seen.
 *
 * @throws TypeError or RangeError for an unknown scheme, or an option that it does not have.
 * @example randomInit("kaiming-fan-in", { gain: 1 })
 */
export function randomInit(scheme: InitScheme = "xavier-normal", options: InitOptions = {}): WeightSource {
  checkOptions(options, initChecks);
  return { kind: "random", ...initializer(scheme, options) };
}

/**
 * Uses one network, made from `seed` and known to the set. Fewer images are enough, but they serve only this network.
 *
 * @throws as {@link randomInit}, and RangeError for an invalid seed.
 * @example
 * const run = distill({ data: train, model, method, init: fixedInit(1, "kaiming-fan-in") });
 */
export function fixedInit(
  seed: number = 0,
  scheme: InitScheme = "xavier-normal",
  options: InitOptions = {},
): WeightSource {
  checkOptions(options, initChecks);
  return { kind: "fixed", ...initializer(scheme, options), seed: checkSeed(seed) };
}

/** Returns how many different networks there are to evaluate a set on. */
export function networksOf(source: WeightSource): number {
  if (source.kind === "fixed") return 1;
  return source.kind === "pretrained" ? source.weights.length : Number.POSITIVE_INFINITY;
}

/** Networks of one model, trained or given. */
export interface PretrainedPool extends ExpertPool {
  /** θ of each network, flat in module order. */
  readonly weights: readonly Floats[];
}

/** A {@link WeightSource} of trained networks. */
export interface Pretrained {
  readonly kind: "pretrained";
  /** θ of each network, flat in module order. */
  readonly weights: readonly Floats[];
}

/**
 * Uses networks that were trained before. A single network is fixed: the set is distilled for it and evaluated on it. Out of
 * several, each outer step draws `networksPerStep` without replacement. Evaluate on others that were kept apart: network k
 * of an evaluation is the k-th of the pool that it is given.
 *
 * A recipe names them by number and SHA-256, and does not contain them.
 *
 * @param networks θ of each network, or a pool from `trainPool` or `loadPool`.
 * @throws TypeError and RangeError for no network, or one that is not an array of finite floats as long as the first.
 * @example
 * const pool = await trainPool({ data: source.train, model, networks: 100, epochs: 5 });
 * const held = await trainPool({ data: source.train, model, networks: 20, epochs: 5, pool: "test" });
 * const run = distill({ data: target.train, model, method, init: pretrained(pool), networksPerStep: 4 });
 * await evaluate({ set: await run.result(), model, init: pretrained(held), test: target.test });
 */
export function pretrained(networks: readonly Floats[] | PretrainedPool): WeightSource {
  const weights = isObject(networks) ? (networks as PretrainedPool).weights : networks;
  if (!Array.isArray(weights)) throw wrongKind("weights", "an array of networks, or a pool of them", weights);
  if (weights.length === 0) throw new RangeError(noNetwork("weights"));
  const length = (weights[0] as Floats)?.length ?? 0;
  weights.forEach((theta, k) => {
    checkFloats(`weights[${k}]`, theta, length);
  });
  return { kind: "pretrained", weights };
}

/**
 * Throws RangeError unless the networks of `init` fit the model, and there are at least `networks` of them when so many
 * different ones are needed.
 */
export function checkInit(init: WeightSource, model: Model, networks: number = 1): void {
  const all = weightsIn(init);
  if (all.length === 0) return;
  const [{ length }, { parameterCount }] = [all[0]!, model];
  if (length !== parameterCount) {
    throw new RangeError(`"init" expected networks of ${parameterCount} parameters, as the model has, got ${length}`);
  }
  if (init.kind === "pretrained" && networks > init.weights.length) {
    throw new RangeError(`"init" expected a pool of at least ${networks} networks, got ${init.weights.length}`);
  }
}

/** Returns every θ that a source holds; none if its networks are drawn. */
function weightsIn(init: WeightSource): readonly Floats[] {
  if (init.kind === "pretrained") return init.weights;
  return init.kind === "experts" ? init.trajectories.flat() : [];
}

/** Returns the bytes of the weights themselves, which lie in the host's memory. */
export function weightBytes(init: WeightSource): number {
  return weightsIn(init).reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/**
 * Describes the source in a recipe, as plain data. Pretrained weights are replaced by the SHA-256 of the SHA-256s of the
 * networks' little-endian bytes, in order; those of experts likewise, epoch by epoch and expert by expert.
 *
 * @throws UnsupportedError if the host offers no SHA-256.
 */
export async function describeInit(init: WeightSource): Promise<object> {
  const weights = weightsIn(init);
  if (weights.length === 0) return init;
  const digests: Uint8Array[] = [];
  for (const theta of weights) digests.push(await sha256([theta]));
  const held = { parameters: weights[0]!.length, sha256: hexadecimal(await sha256(digests)) };
  if (init.kind !== "experts") return { kind: init.kind, networks: weights.length, ...held };
  const { trajectories, ...drawn } = init;
  return { ...drawn, networks: trajectories.length, epochs: epochsOf(init), ...held };
}

/** A trained network of a pool. */
export interface PoolNetwork {
  /** Its number, from 0. */
  readonly network: number;
  /** θ, flat in module order. */
  readonly parameters: Float32Array;
  /** The accuracy on the test images, if there are any. */
  readonly accuracy?: number;
  /** The weights before training and after each epoch, if they are kept; the last are `parameters`. */
  readonly trajectory?: readonly Float32Array[];
}
