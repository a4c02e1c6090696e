// A model: a chain of layers whose parameters lie in one flat vector θ, in module order, weight before bias.
import { ShapeError } from "../errors.ts";
import { elements, type ImageShape, type Layer, wholeNumber } from "./layer.ts";

/** A named view into θ. */
export interface Parameter {
  /** As PyTorch names it: "conv1.weight" for a `named` layer, else as `nn.Sequential` does, "0.weight", "0.bias", … */
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
 * A layer whose parameters are called `name.weight` and `name.bias`, as those of an attribute of a PyTorch module are.
 *
 * @throws RangeError for a name that is empty or no string.
 * @example
 * sequential([1, 28, 28], [flatten(), named("fc", linear({ out: 10 }))]).parameters[0].name; // "fc.weight"
 */
export function named(name: string, layer: Layer): Layer {
  if (typeof name !== "string" || name === "") {
    throw new RangeError(`"name" expected a string that is not empty, got ${JSON.stringify(name)}`);
  }
  return { ...layer, name };
}

/**
 * A chain of layers over images [channels, height, width], ending in one flat vector of logits.
 *
 * @throws ShapeError naming the layer whose input does not fit, RangeError for an input shape that is none or two
 * parameters of one name.
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
        name: `${layer.name ?? index}.${spec.name}`,
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
  const names = parameters.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new RangeError(`"layers" expected each name once, got "${twice}" twice`);
  return { inputShape, classes: shape[0], layers, shapes, parameters, parameterCount: offset };
}
