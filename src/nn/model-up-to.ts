// Makes a model of the first layers of another, which gives the features of a layer.
import { elements } from "./layer.ts";
import type { Model } from "./model.ts";

/**
 * Returns layers 0 … `layer` of a model as a model. As a `Network` its logits are that layer's output, [c, h, w] in one
 * vector, `forward` runs the chain up to there, and `backward` starts there, from whatever cotangent is put into
 * `tape.dLogits`. Its parameters are the first ones of θ, in the same places, so that both networks read one θ and write one
 * gradient. Targets and losses mean nothing.
 */
export function modelUpTo(model: Model, layer: number): Model {
  const layers = model.layers.slice(0, layer + 1);
  const shapes = model.shapes.slice(0, layer + 2);
  const parameters = model.parameters.slice(0, layers.flatMap((one, i) => one.parameters(shapes[i]!)).length);
  const last = parameters.at(-1);
  const parameterCount = last ? last.offset + last.size : 0;
  return { ...model, classes: elements(shapes.at(-1)!), layers, shapes, parameters, parameterCount };
}

/** Finds the layer before the last linear one, whose output distribution matching and kernel methods compare; −1 if there is no linear layer. */
export function featureLayer({ layers }: Model): number {
  const last = layers.findLastIndex(({ kind }) => kind === "linear");
  return Math.max(last, 0) - 1;
}
