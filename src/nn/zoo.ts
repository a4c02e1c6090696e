// Networks of this field's papers. Their parameters have the names of the usual PyTorch definitions, so that state dicts
// of those load.
import { listOf, optional } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { outOfRange } from "../checks/refusal.ts";
import { relu } from "./activation.ts";
import { conv2d } from "./conv2d.ts";
import { type ImageShape, sizeFrom } from "./layer.ts";
import { flatten, linear } from "./linear.ts";
import { checkImageShape, type Model, named, sequential } from "./model.ts";
import { maxPool2d } from "./pool2d.ts";

/** Options of {@link mlp}. */
export interface MlpOptions {
  /** Channels, height, width of the images. */
  input: ImageShape;
  /** Units of each hidden layer. */
  hidden: readonly number[];
  classes: number;
}

const mlpChecks: Checks<MlpOptions> = {
  input: checkImageShape,
  hidden: listOf("an array of numbers of units", sizeFrom(1)),
  classes: sizeFrom(1),
};

/** Options of {@link lenet}. */
export interface LenetOptions {
  /** Default 1. */
  channels?: number | undefined;
  /** Side of the images, 28 (default) or 32. */
  size?: number | undefined;
  /** Default 10. */
  classes?: number | undefined;
}

const lenetChecks: Checks<LenetOptions> = {
  channels: optional(sizeFrom(1)),
  size: optional(sizeFrom(1)),
  classes: optional(sizeFrom(1)),
};

/**
 * A multilayer perceptron: fully connected layers of `hidden` units with ReLU between them, and a last one of `classes`
 * units. Without hidden layers it is a linear classifier. Parameters are named fc_1, fc_2, … as in DC's evaluation networks,
 * whose MLP has hidden [128, 128] (docs/math.md §3).
 *
 * @throws RangeError for sizes that are not whole numbers ≥ 1.
 * @example
 * mlp({ input: [1, 28, 28], hidden: [128, 128], classes: 10 }).parameterCount; // 118282
 */
export function mlp(options: MlpOptions): Model {
  checkOptions(options, mlpChecks);
  const { input, hidden, classes } = options;
  const layers = [...hidden, classes].flatMap((out, i) => [named(`fc_${i + 1}`, linear({ out })), relu()]);
  return sequential(input, [flatten(), ...layers.slice(0, -1)]);
}

/**
 * LeNet as the paper uses it (docs/math.md §3): two 5×5 convolutions with max pooling, three fully connected layers;
 * 61,706 parameters for one channel and ten classes. `size` 28 is padded by 2, 32 is not, so both have the same θ.
 * Parameters are named as in the reference code, conv1 to fc3.
 *
 * @throws RangeError unless `size` is 28 or 32.
 * @example
 * lenet().parameterCount; // 61706
 * lenet({ channels: 3, size: 32 }).inputShape; // [3, 32, 32]
 */
export function lenet(options: LenetOptions = {}): Model {
  checkOptions(options, lenetChecks);
  const { channels = 1, size = 28, classes = 10 } = options;
  if (size !== 28 && size !== 32) throw outOfRange("size", "28 or 32", size);
  return sequential(
    [channels, size, size],
    [
      named("conv1", conv2d({ out: 6, kernel: 5, padding: (32 - size) / 2 })),
      relu(),
      maxPool2d({ kernel: 2 }),
      named("conv2", conv2d({ out: 16, kernel: 5 })),
      relu(),
      maxPool2d({ kernel: 2 }),
      flatten(),
      named("fc1", linear({ out: 120 })),
      relu(),
      named("fc2", linear({ out: 84 })),
      relu(),
      named("fc3", linear({ out: classes })),
    ],
  );
}

export { type AlexCifarNetOptions, alexCifarNet } from "./zoo/alex-cifar-net.ts";
export { type AlexNetOptions, alexNet } from "./zoo/alex-net.ts";
export { type ConvNetOptions, convNet } from "./zoo/conv-net.ts";
export { type Vgg11Options, vgg11 } from "./zoo/vgg11.ts";
