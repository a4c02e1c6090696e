// ConvNet, the network of dataset condensation (DC, DSA, DM, MTT) and of nearly all later papers.

import { oneOf, optional } from "../../checks/checks.ts";
import { type Checks, checkOptions } from "../../checks/options.ts";
import { leakyRelu, relu, sigmoid, tanh } from "../activation.ts";
import { avgPool2d } from "../avg-pool2d.ts";
import { conv2d } from "../conv2d.ts";
import { type ImageShape, type Layer, sizeFrom } from "../layer.ts";
import { flatten, linear } from "../linear.ts";
import { checkImageShape, type Model, named, sequential } from "../model.ts";
import { batchNorm2d, groupNorm, instanceNorm2d } from "../norm.ts";
import { maxPool2d } from "../pool2d.ts";
import { block } from "./block.ts";

/** Options of {@link convNet}. */
export interface ConvNetOptions {
  /** Channels, height, width of the images. */
  input: ImageShape;
  classes: number;
  /** The number of blocks. Default 3. */
  depth?: number | undefined;
  /** The channels of each block. Default 128. */
  width?: number | undefined;
  /** The normalisation; `group` has four groups. Default "instance". */
  norm?: "instance" | "group" | "batch" | "none" | undefined;
  /** The activation. Default "relu". `leakyrelu` has a slope of 0.01. */
  activation?: "relu" | "leakyrelu" | "sigmoid" | "tanh" | undefined;
  /** The pooling of 2×2 windows. Default "avg". */
  pooling?: "avg" | "max" | "none" | undefined;
}

const norms = { instance: instanceNorm2d, group: () => groupNorm({ groups: 4 }), batch: batchNorm2d, none: undefined };
const activations = { relu, leakyrelu: leakyRelu, sigmoid, tanh };
const poolings = { avg: () => avgPool2d({ kernel: 2 }), max: () => maxPool2d({ kernel: 2 }), none: undefined };

const checks: Checks<ConvNetOptions> = {
  input: checkImageShape,
  classes: sizeFrom(1),
  depth: optional(sizeFrom(1)),
  width: optional(sizeFrom(1)),
  norm: optional(oneOf(...Object.keys(norms))),
  activation: optional(oneOf(...Object.keys(activations))),
  pooling: optional(oneOf(...Object.keys(poolings))),
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
  const { input, classes, depth = 3, width = 128, norm = "instance", activation = "relu", pooling = "avg" } = options;
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
