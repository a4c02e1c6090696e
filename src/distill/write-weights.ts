// The initial weights of a run's and an evaluation's networks, drawn or taken from a pool.
import type { Backend, Buffer, Floats } from "../backend/backend.ts";
import { initialize, initialParameters, type NetworkStream } from "../nn/draw-weights.ts";
import type { Model } from "../nn/model.ts";
import { randomKey, randomOrder } from "../numeric/random.ts";
import type { Pretrained, WeightSource } from "./weight-source.ts";

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
  if (source.kind === "pretrained") backend.write(theta, networkOfPool(source, use));
  else initialize(backend, model, theta, source, streamOf(source, use));
}

/** The weights that `writeWeights` writes, where kernels with strict SIMD draw them. */
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
