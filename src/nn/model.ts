// A model: a chain of layers whose parameters lie in one flat vector θ, in module order, weight before bias.
import { ShapeError } from "../errors.ts";
import { elements, type ImageShape, type Layer, wholeNumber } from "./layer.ts";

/** A named view into θ. */
export interface Parameter {
  /** As PyTorch's `nn.Sequential` names it: "0.weight", "0.bias", … */
  readonly name: string;
  readonly shape: readonly number[];
  /** Where it begins in θ, in floats. */
  readonly offset: number;
  readonly size: number;
  readonly fanIn: number;
  readonly fanOut: number;
  readonly role: "weight" | "bias" | "scale" | "shift";
}

/** A checked chain of layers. Plain data, bound to an engine with `engine.bind`. */
export interface Model {
  readonly inputShape: ImageShape;
  /** Logits a network of this model gives for one image. */
  readonly classes: number;
  readonly layers: readonly Layer[];
  /** Input shape of each layer, and after the last one the output's. */
  readonly shapes: readonly ImageShape[];
  readonly parameters: readonly Parameter[];
  readonly parameterCount: number;
}

/**
 * A chain of layers over images [channels, height, width], ending in one flat vector of logits.
 *
 * @throws ShapeError naming the layer whose input does not fit, RangeError for an input shape that is none.
 * @example
 * const model = sequential([1, 28, 28], [flatten(), linear({ out: 10 })]);
 * model.parameterCount; // 7850
 */
export function sequential(inputShape: ImageShape, layers: readonly Layer[]): Model {
  if (inputShape.length !== 3) throw new RangeError(`"inputShape" expected [c, h, w], got [${inputShape}]`);
  for (const side of inputShape) wholeNumber("inputShape", side, 1);
  const shapes: ImageShape[] = [inputShape];
  const parameters: Parameter[] = [];
  let offset = 0;
  let shape = inputShape;
  layers.forEach((layer, index) => {
    for (const spec of layer.parameters(shape)) {
      const size = elements(spec.shape);
      const { fanIn, fanOut } = spec;
      parameters.push({
        name: `${index}.${spec.name}`,
        shape: spec.shape,
        offset,
        size,
        fanIn,
        fanOut,
        role: spec.role ?? spec.name,
      });
      offset += size;
    }
    try {
      shape = layer.outputShape(shape);
    } catch (error) {
      if (error instanceof ShapeError) throw new ShapeError(`layer ${index} (${layer.kind}): ${error.message}`);
      throw error;
    }
    shapes.push(shape);
  });
  if (shape[1] !== 1 || shape[2] !== 1) {
    throw new ShapeError(
      `the last layer must give a flat vector of logits, got [${shape}]: add flatten() and linear()`,
    );
  }
  return { inputShape, classes: shape[0], layers, shapes, parameters, parameterCount: offset };
}
