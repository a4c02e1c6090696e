// Multiplies the Hessian of one network, or of several, with several directions over one batch (docs/math.md §2).

import { write } from "../backend/backend.ts";
import type { Floats } from "../backend/buffer.ts";
import { outOfRange, wrongKind } from "../checks/refusal.ts";
import { elements } from "../nn/layer.ts";
import type { RandomKey } from "../numeric/philox.ts";
import { LabelledPass } from "./labelled-pass.ts";
import type { HessianVectorProduct } from "./passes.ts";
import { type Binding, type CheckedBatch, readColumns } from "./staging.ts";
import { checkFloats } from "./validate.ts";

/** A direction v in weight space, and the θ at which the Hessian is taken. */
export interface Direction {
  readonly parameters: Floats;
  readonly vector: Floats;
}

/**
 * Returns directions from what a user gives: vectors, and either one θ for all of them or one for each. Throws TypeError and
 * RangeError that name the argument.
 */
export function checkDirections(parameters: unknown, vectors: unknown, length: number): Direction[] {
  if (!Array.isArray(vectors)) throw wrongKind("vectors", "an array of at least one vector", vectors);
  if (vectors.length === 0) throw outOfRange("vectors", "an array of at least one vector", vectors);
  const several = Array.isArray(parameters);
  if (several && parameters.length !== vectors.length) {
    throw outOfRange("parameters", `one network, or ${vectors.length} of them as there are vectors`, parameters);
  }
  const one = several ? undefined : checkFloats("parameters", parameters, length);
  return vectors.map((vector: unknown, k) => ({
    parameters: one ?? checkFloats(`parameters[${k}]`, (parameters as unknown[])[k], length),
    vector: checkFloats(`vectors[${k}]`, vector, length),
  }));
}

/**
 * Computes H·v for each direction, in their order. Directions in a row that share a θ share its forward and backward pass; each
 * has its own pass of tangents.
 */
export async function hessianProducts(
  binding: Binding,
  batch: CheckedBatch,
  directions: readonly Direction[],
  random: RandomKey | undefined,
): Promise<HessianVectorProduct[]> {
  const { model, backend, arena } = binding;
  const { count } = batch;
  const reads = arena.scope(() => {
    const pass = new LabelledPass(binding, batch);
    const { network, tape } = pass;
    const tangent = network.tangent(arena, { images: true, targets: true });
    const [theta, v, product] = [0, 1, 2].map(() => arena.allocate(model.parameterCount)) as [number, number, number];
    const images = { features: elements(model.inputShape), images: count, lanes: network.lanes };
    const targets = { ...images, features: model.classes };
    let passed: Floats | undefined;
    return directions.map(({ parameters, vector }) => {
      if (parameters !== passed) {
        write(backend, theta, parameters);
        pass.run(theta, random);
        passed = parameters;
      }
      write(backend, v, vector);
      network.forwardR(theta, v, tape, tangent, count);
      network.backwardR(theta, v, tape, tangent, product);
      return [
        backend.read(product, model.parameterCount),
        readColumns(binding, tangent.dImages, images),
        readColumns(binding, tangent.dTargets, targets),
      ] as const;
    });
  });
  const values = await Promise.all(reads.map((three) => Promise.all(three)));
  return values.map(([parameters, images, targets]) => ({ parameters, images, targets }));
}
