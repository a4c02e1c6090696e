// Moves some layers of a network to places where they cost less.
import type { ImageShape, Layer } from "./layer.ts";
import type { Model } from "./model.ts";

/**
 * Returns the same network with every ReLU directly before a max pooling moved behind it, where it has fewer elements:
 * max(relu x) = relu(max x). Gradients and tangents are the same as well: where the largest value of a window is not above
 * 0, neither order passes on anything. Parameters keep their places.
 */
export function poolingFirst(model: Model): Model {
  const layers: Layer[] = [...model.layers];
  const shapes: ImageShape[] = [...model.shapes];
  for (let i = 0; i + 1 < layers.length; i++) {
    const [first, second] = [layers[i]!, layers[i + 1]!];
    if (first.kind !== "relu" || second.kind !== "maxPool2d") continue;
    layers.splice(i, 2, second, first);
    shapes[i + 1] = shapes[i + 2]!;
  }
  return { ...model, layers, shapes };
}
