// Models as plain data: a saved set says which network it was distilled for, and anybody can build that network again.
import { checkOptions } from "../checks/options.ts";
import { shown, wrongKind } from "../checks/refusal.ts";
import { ShapeError } from "../errors.ts";
import { leakyRelu, relu, sigmoid, softplus, tanh } from "./activation.ts";
import { adaptiveAvgPool2d, avgPool2d } from "./avg-pool2d.ts";
import { conv2d } from "./conv2d.ts";
import { dropout } from "./dropout.ts";
import type { ImageShape, Layer } from "./layer.ts";
import { flatten, linear } from "./linear.ts";
import { localResponseNorm } from "./local-response-norm.ts";
import { checkModel, type Model, named, sequential } from "./model.ts";
import { batchNorm2d, groupNorm, instanceNorm2d } from "./norm.ts";
import { maxPool2d } from "./pool2d.ts";

/** A model as JSON. */
export interface ModelDescription {
  readonly inputShape: ImageShape;
  /** `kind`, the layer's name if it has one, and the options of the function called `kind`. */
  readonly layers: readonly ({ readonly kind: string } & Readonly<Record<string, unknown>>)[];
}

/** Makes a layer that has no options, and refuses any. */
const without = (make: () => Layer) => (options: unknown) => {
  checkOptions(options, {});
  return make();
};

// biome-ignore lint/suspicious/noExplicitAny: each function checks its own options
const layerKinds = new Map<string, (options: any) => Layer>([
  ["conv2d", conv2d],
  ["linear", linear],
  ["relu", without(relu)],
  ["leakyRelu", leakyRelu],
  ["tanh", without(tanh)],
  ["sigmoid", without(sigmoid)],
  ["softplus", without(softplus)],
  ["maxPool2d", maxPool2d],
  ["avgPool2d", avgPool2d],
  ["adaptiveAvgPool2d", adaptiveAvgPool2d],
  ["dropout", dropout],
  ["flatten", without(flatten)],
  ["instanceNorm2d", instanceNorm2d],
  ["groupNorm", groupNorm],
  ["batchNorm2d", batchNorm2d],
  ["localResponseNorm", localResponseNorm],
]);

/**
 * Describes a model so that `modelFromDescription` makes the same one.
 *
 * @throws TypeError for a value that is not a model.
 * @example
 * const json = JSON.stringify(describeModel(lenet()));
 */
export function describeModel(model: Model): ModelDescription {
  checkModel("model", model);
  return {
    inputShape: model.inputShape,
    layers: model.layers.map(({ kind, name, options }) => ({ kind, ...(name !== undefined && { name }), ...options })),
  };
}

/**
 * Makes the model of a description, such as the one in the recipe of a saved set.
 *
 * @throws TypeError for an invalid description, RangeError and ShapeError if its layers do not fit.
 * @example
 * const model = modelFromDescription(set.recipe.model); // the network that the set was distilled for
 */
export function modelFromDescription(description: unknown): Model {
  const { inputShape, layers } = (description ?? {}) as Partial<ModelDescription>;
  if (!Array.isArray(inputShape) || !Array.isArray(layers)) {
    throw wrongKind("model", "{ inputShape, layers }", description);
  }
  return sequential(
    inputShape as unknown as ImageShape,
    layers.map((layer: { kind?: unknown; name?: unknown }, index) => {
      const { kind, name, ...options } = layer ?? {};
      const make = layerKinds.get(kind as string);
      if (!make) {
        throw new ShapeError(
          `layer ${index}: expected one of ${[...layerKinds.keys()].join(", ")}, got ${shown(kind)}`,
        );
      }
      return name === undefined ? make(options) : named(name as string, make(options));
    }),
  );
}
