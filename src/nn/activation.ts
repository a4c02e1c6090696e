// Activations, element by element (docs/math.md §2).

import type { Buffer } from "../backend/buffer.ts";
import type { Activation } from "../backend/shapes.ts";
import { number, optional } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { elements, type ImageShape, type Layer, type LayerContext, type WeightlessLayer } from "./layer.ts";

/**
 * y = max(x, 0) (`nn.ReLU`). Its derivative is the mask y > 0, 0 at 0 as in PyTorch; its second derivative is 0 almost
 * everywhere, so one mask serves backward and both tangent passes.
 */
export function relu(): Layer {
  return elementwise("relu", {}, bindRelu);
}

/** Options of {@link leakyRelu}. */
export interface LeakyReluOptions {
  /** Default 0.01. */
  readonly slope?: number | undefined;
}

const leakyReluChecks: Checks<LeakyReluOptions> = {
  slope: optional(number("a finite number >= 0", (slope) => slope >= 0 && Number.isFinite(slope))),
};

/**
 * y = x where x > 0, else slope·x (`nn.LeakyReLU`), with PyTorch's `negative_slope` as `slope`; its derivative at 0 is
 * the slope.
 *
 * @throws RangeError unless `slope` is a finite number ≥ 0: the later passes tell the side by the sign of y.
 * @example
 * sequential([4, 1, 1], [linear({ out: 8 }), leakyRelu({ slope: 0.2 }), linear({ out: 2 })])
 */
export function leakyRelu(options: LeakyReluOptions = {}): Layer {
  checkOptions(options, leakyReluChecks);
  const { slope = 0.01 } = options;
  return elementwise("leakyRelu", { slope }, (input, context) => bindLeakyRelu(input, context, slope));
}

/** y = tanh x (`nn.Tanh`). */
export function tanh(): Layer {
  return elementwise("tanh", {}, (input, context) => bindSmooth(input, context, "tanh"));
}

/** y = 1 / (1 + e^−x) (`nn.Sigmoid`). */
export function sigmoid(): Layer {
  return elementwise("sigmoid", {}, (input, context) => bindSmooth(input, context, "sigmoid"));
}

/** y = ln(1 + eˣ) (`nn.Softplus` with its defaults, without its switch to y = x above 20, which float32 cannot show). */
export function softplus(): Layer {
  return elementwise("softplus", {}, (input, context) => bindSmooth(input, context, "softplus"));
}

function elementwise(kind: string, options: Layer["options"], bind: Layer["bind"]): Layer {
  return {
    kind,
    options,
    outputShape: (input) => input,
    parameters: () => [],
    planned: () => ({ op: "elementwise" }),
    flops: () => 0,
    bind,
  };
}

function bindRelu(input: ImageShape, { ops, lanes }: LayerContext): WeightlessLayer {
  const n = elements(input) * lanes;
  return {
    inPlace: true,
    keepsOutput: true,
    savedFloats: 0,
    workspaceFloats: 0,
    forward: ({ x, y }) => ops.reluForward(y, x, n),
    backward: ({ y, dx, dy }) => ops.reluMask(dx, y, dy, n),
    forwardR: ({ y }, { rx, ry }) => ops.reluMask(ry, y, rx, n),
    backwardR: ({ y }, { rdx, rdy }) => ops.reluMask(rdx, y, rdy, n),
  };
}

function bindLeakyRelu(input: ImageShape, { ops, lanes }: LayerContext, slope: number): WeightlessLayer {
  const n = elements(input) * lanes;
  return {
    inPlace: true,
    keepsOutput: true,
    savedFloats: 0,
    workspaceFloats: 0,
    forward: ({ x, y }) => ops.leakyRelu(y, x, x, n, slope),
    backward: ({ y, dx, dy }) => ops.leakyRelu(dx, y, dy, n, slope),
    forwardR: ({ y }, { rx, ry }) => ops.leakyRelu(ry, y, rx, n, slope),
    backwardR: ({ y }, { rdx, rdy }) => ops.leakyRelu(rdx, y, rdy, n, slope),
  };
}

/**
 * Smooth activations. f′ is a function of p, which is y or x (see `Activation`), and so
 * R{dx} = f′·ṙdy + (df′/dp)·ṙp·dy, which is f′·ṙdy + f″·ṙx·dy: it needs dy as backward found it.
 */
function bindSmooth(input: ImageShape, { ops, lanes }: LayerContext, f: Activation): WeightlessLayer {
  const n = elements(input) * lanes;
  const ofInput = f === "softplus";
  const p = (x: Buffer, y: Buffer): Buffer => (ofInput ? x : y);
  return {
    inPlace: !ofInput,
    keepsOutput: !ofInput,
    keepsGradient: true,
    savedFloats: 0,
    workspaceFloats: 0,
    forward: ({ x, y }) => ops.activationForward(y, x, n, f),
    backward: ({ x, y, dx, dy }) => ops.activationBackward(dx, p(x, y), dy, n, f),
    forwardR: ({ x, y }, { rx, ry }) => ops.activationBackward(ry, p(x, y), rx, n, f),
    backwardR: ({ x, y, dy }, { rx, ry, rdx, rdy }) => ops.activationBackwardR(rdx, p(x, y), p(rx, ry), dy, rdy, n, f),
  };
}
