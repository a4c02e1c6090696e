// Draws the initial weights of a run's or an evaluation's networks, or takes them from a pool (docs/math.md §4).
import { type Backend, write } from "../backend/backend.ts";
import type { Buffer, Floats } from "../backend/buffer.ts";
import { initialize, initialParameters, type NetworkStream } from "../nn/draw-weights.ts";
import type { Model } from "../nn/model.ts";
import { randomKey, randomOrder } from "../numeric/random.ts";
import type { Pretrained, WeightSource } from "./weight-source.ts";

/** Says which network is wanted. */
export interface WeightUse {
  readonly seed: number;
  readonly purpose: "distil" | "evaluate";
  readonly index: number;
  /** The number of networks in an outer step, whose indices are consecutive. Default 1. */
  readonly perStep?: number;
}

/**
 * Writes the weights of network `index` for `purpose`. The same use gives the same weights, and random networks of different
 * purposes differ. From a pretrained pool an outer step draws its networks without replacement; an evaluation takes them in
 * order, and starts again at the first if there are too few.
 */
export function writeWeights(
  source: WeightSource,
  backend: Backend,
  model: Model,
  theta: Buffer,
  use: WeightUse,
): void {
  if (source.kind === "pretrained") write(backend, theta, networkOfPool(source, use));
  else initialize(backend, model, theta, source, streamOf(source, use));
}

/** Returns the weights that `writeWeights` writes on kernels with strict SIMD. */
export function weightsOf(source: WeightSource, model: Model, use: WeightUse): Float32Array {
  if (source.kind === "pretrained") return Float32Array.from(networkOfPool(source, use));
  return initialParameters(model, source, streamOf(source, use));
}

function streamOf(source: Exclude<WeightSource, Pretrained>, { seed, purpose, index }: WeightUse): NetworkStream {
  return source.kind === "fixed"
    ? { seed: source.seed, purpose: "weights/fixed", index: 0 }
    : { seed, purpose: `weights/${purpose}`, index };
}

function networkOfPool({ weights }: Pretrained, use: WeightUse): Floats {
  return weights[placeInPool(weights.length, use)]!;
}

function placeInPool(size: number, { seed, purpose, index, perStep = 1 }: WeightUse): number {
  if (purpose === "evaluate") return index % size;
  const k = index % perStep;
  const step = (index - k) / perStep;
  return randomOrder(size, k + 1, randomKey(seed, "weights/pretrained", step))[k]!;
}
