// VGG-11 for small images (Simonyan and Zisserman, ICLR 2015), as dataset condensation tests sets on it.
import { type Checks, checkOptions } from "../../checks/options.ts";
import { outOfRange } from "../../checks/refusal.ts";
import { relu } from "../activation.ts";
import { conv2d } from "../conv2d.ts";
import { type ImageShape, type Layer, sizeFrom } from "../layer.ts";
import { flatten, linear } from "../linear.ts";
import { checkImageShape, type Model, named, sequential } from "../model.ts";
import { instanceNorm2d } from "../norm.ts";
import { maxPool2d } from "../pool2d.ts";
import { block } from "./block.ts";

/** Options of {@link vgg11}. */
export interface Vgg11Options {
  /** Channels, height, width of the images: 32×32, or 28×28. */
  input: ImageShape;
  classes: number;
}

const checks: Checks<Vgg11Options> = { input: checkImageShape, classes: sizeFrom(1) };

/** The channels of the convolutions between two poolings. */
const stages = [[64], [128], [256, 256], [512, 512], [512, 512]];

/**
 * VGG-11 with instance norm (docs/math.md §3): eight 3×3 convolutions, each with norm and ReLU, five max poolings, and one fully
 * connected layer; 9,231,114 parameters for ten classes of colour images. The first convolution makes 32×32 maps of 28×28 images.
 * Parameters are named as in DC's code, features.0.weight to classifier.bias.
 *
 * @throws RangeError for images of another size than 32×32 or 28×28.
 * @example
 * vgg11({ input: [3, 32, 32], classes: 10 }).parameterCount; // 9231114
 */
export function vgg11(options: Vgg11Options): Model {
  checkOptions(options, checks);
  const { input, classes } = options;
  const [, height, width] = input;
  if (height !== width || (height !== 28 && height !== 32)) {
    throw outOfRange("input", "images of 28×28 or 32×32", input);
  }
  const features = stages.flatMap((stage, s): Layer[] => [
    ...stage.flatMap((out) => [
      conv2d({ out, kernel: 3, padding: s === 0 && height === 28 ? 3 : 1 }),
      instanceNorm2d(),
      relu(),
    ]),
    maxPool2d({ kernel: 2 }),
  ]);
  return sequential(input, [...block("features", features), flatten(), named("classifier", linear({ out: classes }))]);
}
