// The order in which a network's layers are run, where that is not the order in which they are written.
import type { ImageShape, Layer } from "./layer.ts";
import type { Model } from "./model.ts";

/**
 * The same network with every ReLU that a max pooling follows moved behind it, where it has fewer elements:
 * max(relu x) = relu(max x). Gradients and tangents are the same as well: where the largest of a window is not above 0,
 * the one order passes nothing on at any of its places, the other nothing at all. Parameters keep their places.
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
