// ConvNet, the network of dataset condensation (DC, DSA, DM, MTT) and of nearly all later papers.

import { checksOf, completed, type Filled, filled, type Given, whole, word } from "../../checks/declare.ts";
import { type Checks, checkOptions } from "../../checks/options.ts";
import { leakyRelu, relu, sigmoid, tanh } from "../activation.ts";
import { avgPool2d } from "../avg-pool2d.ts";
import { conv2d } from "../conv2d.ts";
import { type ImageShape, type Layer, largestSize, sizeFrom } from "../layer.ts";
import { flatten, linear } from "../linear.ts";
import { checkImageShape, type Model, named, sequential } from "../model.ts";
import { batchNorm2d, groupNorm, instanceNorm2d } from "../norm.ts";
import { maxPool2d } from "../pool2d.ts";
import { block } from "./block.ts";

const norms = { instance: instanceNorm2d, group: () => groupNorm({ groups: 4 }), batch: batchNorm2d, none: undefined };
const activations = { relu, leakyrelu: leakyRelu, sigmoid, tanh };
const poolings = { avg: () => avgPool2d({ kernel: 2 }), max: () => maxPool2d({ kernel: 2 }), none: undefined };

/** Declares the options of ConvNet that a recipe may have too. */
export const convNetOptions = {
  /** Blocks. Default 3. */
  depth: filled(whole(1, largestSize), 3, { inRecipe: whole(1, 8), help: "how many blocks it has" }) as Filled<number>,
  /** Channels of each block. Default 128. */
  width: filled(whole(1, largestSize), 128, {
    inRecipe: whole(1, 4096),
    help: "how many channels each block has",
  }) as Filled<number>,
  /** `group` has four groups. Default "instance". */
  norm: filled(word("instance", "group", "batch", "none"), "instance", {
    help: "how activations are normalised; group has four groups",
  }) as Filled<"instance" | "group" | "batch" | "none">,
  /** Default "relu". `leakyrelu` has a slope of 0.01. */
  activation: filled(word("relu", "leakyrelu", "sigmoid", "tanh"), "relu", {
    help: "which function follows the norm; leakyrelu has a slope of 0.01",
  }) as Filled<"relu" | "leakyrelu" | "sigmoid" | "tanh">,
  /** The pooling of 2×2 that ends each block. Default "avg". */
  pooling: filled(word("avg", "max", "none"), "avg", { help: "how each block is pooled, 2×2" }) as Filled<
    "avg" | "max" | "none"
  >,
};

/** Options of {@link convNet}. */
export interface ConvNetOptions extends Given<typeof convNetOptions> {
  /** Channels, height, width of the images. */
  input: ImageShape;
  classes: number;
}

const checks: Checks<ConvNetOptions> = {
  input: checkImageShape,
  classes: sizeFrom(1),
  ...checksOf(convNetOptions),
};

/**
 * ConvNet (docs/math.md §3): `depth` blocks of 3×3 convolution, norm, activation and pooling, then one fully connected
 * layer; 320,010 parameters for ten classes of colour images of 32×32. The first convolution makes 32×32 maps of
 * 28×28 images. Parameters are named as in DC's code, features.0.weight to classifier.bias.
 *
 * @throws RangeError for options other than those listed; ShapeError when the images are too small for so many
 * poolings, or four groups do not divide the width.
 * @example
 * convNet({ input: [3, 32, 32], classes: 10 }).parameterCount; // 320010
 */
export function convNet(options: ConvNetOptions): Model {
  checkOptions(options, checks);
  const { input, classes } = options;
  const { depth, width, norm, activation, pooling } = completed(convNetOptions, options);
  const layersOf: readonly ((() => Layer) | undefined)[] = [norms[norm], activations[activation], poolings[pooling]];
  const [, height, columns] = input;
  const features: Layer[] = [];
  for (let d = 0; d < depth; d++) {
    const padding = d === 0 && height === 28 && columns === 28 ? 3 : 1;
    features.push(conv2d({ out: width, kernel: 3, padding }));
    for (const make of layersOf) if (make) features.push(make());
  }
  return sequential(input, [...block("features", features), flatten(), named("classifier", linear({ out: classes }))]);
}
