// Computes the output of a layer, and the gradient that goes back from there. Algorithms that match distributions of features,
// or solve for a last layer of their own, need both.
import { type Floats, nowhere } from "../backend/buffer.ts";
import { wholeNumber } from "../checks/checks.ts";
import { outOfRange } from "../checks/refusal.ts";
import { elements } from "../nn/layer.ts";
import type { Model } from "../nn/model.ts";
import { featureLayer, modelUpTo } from "../nn/model-up-to.ts";
import { laneCount, Network } from "../nn/network.ts";
import type { FeatureGradients } from "./passes.ts";
import { type Binding, loadColumns, readColumns, store } from "./staging.ts";

/** Returns the layers up to the one that is asked for. Throws TypeError and RangeError for an invalid `layer`. */
export function checkLayer(model: Model, layer: number | undefined): Model {
  const last = model.layers.length - 1;
  if (layer !== undefined) return modelUpTo(model, wholeNumber("layer", layer, 0, last));
  const found = featureLayer(model);
  if (found >= 0) return modelUpTo(model, found);
  throw outOfRange(
    "layer",
    `integer from 0 to ${last}, because the model has no layer before its last linear one`,
    layer,
  );
}

/** Computes (∂features/∂images)ᵀ·cotangents and (∂features/∂θ)ᵀ·cotangents. */
export async function featureGradients(
  binding: Binding,
  upTo: Model,
  given: { parameters: Floats; images: Floats; count: number; cotangents: Floats },
): Promise<FeatureGradients> {
  const { model, backend, arena } = binding;
  const { ops } = backend;
  const reads = arena.scope(() => {
    const network = new Network(upTo, backend, laneCount(upTo, given.count, backend.plan), arena);
    const columns = { features: elements(model.inputShape), images: given.count, lanes: network.lanes };
    const images = arena.allocate(columns.features * columns.lanes);
    const tape = network.tape(arena, images, nowhere, { images: true, targets: false });
    const theta = store(binding, given.parameters);
    const dTheta = arena.allocate(model.parameterCount);
    loadColumns(binding, images, given.images, columns);
    loadColumns(binding, tape.dLogits, given.cotangents, { ...columns, features: upTo.classes });
    network.forward(theta, tape, given.count);
    // The features do not depend on the layers above.
    ops.fill(dTheta, 0, model.parameterCount);
    network.backward(theta, tape, dTheta);
    return [readColumns(binding, tape.dImages, columns), backend.read(dTheta, model.parameterCount)] as const;
  });
  const [images, parameters] = await Promise.all(reads);
  return { images, parameters };
}
