// A model: a chain of layers whose parameters lie in one flat vector θ, in module order, weight before bias.
import { type Check, callback, listOf, text } from "../checks/checks.ts";
import { thing } from "../checks/options.ts";
import { outOfRange, wrongKind } from "../checks/refusal.ts";
import { ShapeError } from "../errors.ts";
import { elements, type ImageShape, type Layer, sizeFrom } from "./layer.ts";

/** A named view into θ. */
export interface Parameter {
  /** The name that PyTorch gives it: "conv1.weight" for a `named` layer, else "0.weight", "0.bias", … as in an `nn.Sequential`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Where it begins in θ, in floats. */
  readonly offset: number;
  readonly size: number;
  readonly fanIn: number;
  readonly fanOut: number;
  readonly role: "weight" | "bias" | "scale" | "shift";
  /** The number that it starts from, if its layer says one. */
  readonly initial?: number | undefined;
}

/** A checked chain of layers. It is plain data; `engine.bind` binds it to an engine. */
export interface Model {
  readonly inputShape: ImageShape;
  /** The number of logits that a network of this model gives for one image. */
  readonly classes: number;
  readonly layers: readonly Layer[];
  /** The input shape of each layer, and after them the output shape of the last. */
  readonly shapes: readonly ImageShape[];
  readonly parameters: readonly Parameter[];
  readonly parameterCount: number;
}

/** WebAssembly addresses 4 GiB, and a parameter takes 4 bytes. */
const mostParameters = 1_073_741_824;

const checkLayer: Check = thing("a layer, such as relu()", {
  kind: text,
  outputShape: callback,
  parameters: callback,
  planned: callback,
  flops: callback,
  bind: callback,
});
const checkLayers: Check = listOf("an array of layers", checkLayer);

/** The check of channels, height and width. */
export const checkImageShape: Check = (name, value) => {
  if (!Array.isArray(value)) throw wrongKind(name, "[c, h, w]", value);
  if (value.length !== 3) throw outOfRange(name, "[c, h, w]", value);
  for (const side of value) sizeFrom(1)(name, side);
};

/** The check of a model, as `sequential` makes them. */
export const checkModel: Check = thing("a model, such as lenet()", {
  inputShape: checkImageShape,
  classes: sizeFrom(1),
  layers: checkLayers,
  shapes: listOf("an array of shapes", checkImageShape),
  parameters: listOf("an array of parameters", thing("a parameter", { name: text, offset: sizeFrom(0) })),
  parameterCount: sizeFrom(0),
});

/**
 * Names the parameters of a layer `name.weight` and `name.bias`, as those of an attribute of a PyTorch module are.
 *
 * @throws TypeError for a name that is not a string, RangeError for an empty one.
 * @example
 * sequential([1, 28, 28], [flatten(), named("fc", linear({ out: 10 }))]).parameters[0].name; // "fc.weight"
 */
export function named(name: string, layer: Layer): Layer {
  const expected = "a string that is not empty";
  if (typeof name !== "string") throw wrongKind("name", expected, name);
  if (name === "") throw outOfRange("name", expected, name);
  checkLayer("layer", layer);
  return { ...layer, name };
}

/**
 * Chains layers over images [channels, height, width], ending in one flat vector of logits.
 *
 * @throws ShapeError that names the layer whose input does not fit, RangeError for an invalid input shape or two
 * parameters of one name.
 * @example
 * const model = sequential([1, 28, 28], [flatten(), linear({ out: 10 })]);
 * model.parameterCount; // 7850
 */
export function sequential(inputShape: ImageShape, layers: readonly Layer[]): Model {
  checkImageShape("inputShape", inputShape);
  checkLayers("layers", layers);
  const shapes: ImageShape[] = [inputShape];
  const parameters: Parameter[] = [];
  let offset = 0;
  let shape = inputShape;
  layers.forEach((layer, index) => {
    for (const spec of layer.parameters(shape)) {
      const size = elements(spec.shape);
      const { fanIn, fanOut, initial } = spec;
      parameters.push({
        name: `${layer.name ?? index}.${spec.name}`,
        shape: spec.shape,
        offset,
        size,
        fanIn,
        fanOut,
        role: spec.role ?? spec.name,
        ...(initial !== undefined && { initial }),
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
  if (offset > mostParameters) throw outOfRange("layers", `at most ${mostParameters} parameters`, offset);
  const names = new Set<string>();
  const twice = parameters.find(({ name }) => names.size === names.add(name).size);
  if (twice) throw new RangeError(`"layers" expected each name once, got "${twice.name}" twice`);
  return { inputShape, classes: shape[0], layers, shapes, parameters, parameterCount: offset };
}
