// Convolution: y = w ⋆ x + b over an input padded with zeros. It is bilinear, so its tangents use the same kernels.
// docs/math.md §2 has the formulas.
import { type Buffer, none, type OptionalBuffer } from "../backend/buffer.ts";
import type { Conv2dPlan } from "../backend/plan.ts";
import type { PaddedConv2d } from "../backend/planned-conv2d.ts";
import type { Conv2dBackwardDataShape, Conv2dShape, Embed2dShape } from "../backend/shapes.ts";
import { flag, optional } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { ShapeError } from "../errors.ts";
import { FrequencyConv2d } from "./frequency-conv2d.ts";
import {
  type BoundLayer,
  checkSides,
  elements,
  type GradientTape,
  type ImageShape,
  type Layer,
  type LayerContext,
  type LayerTape,
  type MovingTangent,
  type ParameterSpec,
  type Passes,
  sides,
  sizeFrom,
} from "./layer.ts";

/** Options of {@link conv2d}. */
export interface Conv2dOptions {
  /** Output channels. */
  out: number;
  /** Side of the square kernel, or [height, width]. */
  kernel: number | readonly [number, number];
  /** Default 1. */
  stride?: number | undefined;
  /** Zeros added on every side. Default 0. */
  padding?: number | undefined;
  /** Default true. */
  bias?: boolean | undefined;
}

const conv2dChecks: Checks<Conv2dOptions> = {
  out: sizeFrom(1),
  kernel: checkSides,
  stride: optional(sizeFrom(1)),
  padding: optional(sizeFrom(0)),
  bias: optional(flag),
};

/**
 * A 2-d convolution with PyTorch's meaning (`nn.Conv2d`): weight [out, in, kh, kw], bias [out].
 *
 * @throws RangeError for sizes that are not whole numbers in range.
 * @example
 * sequential([1, 28, 28], [conv2d({ out: 6, kernel: 5, padding: 2 }), relu()])
 */
export function conv2d(options: Conv2dOptions): Layer {
  checkOptions(options, conv2dChecks);
  const { out, kernel, stride = 1, padding = 0, bias = true } = options;
  const [kernelHeight, kernelWidth] = sides(kernel);

  const outputShape = ([, height, width]: ImageShape): ImageShape => {
    const outHeight = Math.floor((height + 2 * padding - kernelHeight) / stride) + 1;
    const outWidth = Math.floor((width + 2 * padding - kernelWidth) / stride) + 1;
    if (outHeight < 1 || outWidth < 1) {
      throw new ShapeError(
        `expected an input of at least ${kernelHeight - 2 * padding} × ${kernelWidth - 2 * padding}, got ${height} × ${width}`,
      );
    }
    return [out, outHeight, outWidth];
  };

  const sizes = (input: ImageShape): PaddedConv2d => {
    const [, outHeight, outWidth] = outputShape(input);
    return { inChannels: input[0], outChannels: out, outHeight, outWidth, kernelHeight, kernelWidth, stride, padding };
  };

  return {
    kind: "conv2d",
    options: { out, kernel, stride, padding, bias },
    outputShape,
    parameters([channels]): readonly ParameterSpec[] {
      const area = kernelHeight * kernelWidth;
      const fans = { fanIn: channels * area, fanOut: out * area };
      const weight: ParameterSpec = { name: "weight", shape: [out, channels, kernelHeight, kernelWidth], ...fans };
      return bias ? [weight, { name: "bias", shape: [out], ...fans }] : [weight];
    },
    planned: (input) => ({ op: "conv2d", ...sizes(input) }),
    flops(input) {
      const { inChannels, outHeight, outWidth } = sizes(input);
      return 2 * out * outHeight * outWidth * inChannels * kernelHeight * kernelWidth;
    },
    bind(input, context) {
      const { ops, plan, lanes } = context;
      const frequency = plan.frequency?.shape({ ...sizes(input), lanes });
      if (frequency) return new FrequencyConv2d(frequency, bias, ops, plan.frequency!.floats(frequency));
      return new BoundConv2d(input, outputShape(input), [kernelHeight, kernelWidth], stride, padding, bias, context);
    },
  };
}

/** Some output channels of a strided convolution, whose gradient is spread to stride 1 before dx is computed from it. */
interface SpreadChannels {
  /** Where these channels begin in dy, and where their weights begin in w. */
  readonly dy: number;
  readonly w: number;
  readonly spread: Embed2dShape;
  readonly data: Conv2dBackwardDataShape;
}

class BoundConv2d implements BoundLayer {
  readonly inPlace = false;
  readonly savedFloats: number;
  readonly workspaceFloats: Readonly<Record<Passes, number>>;
  readonly #ops;
  readonly #forward: Conv2dShape;
  readonly #backwardData: Conv2dBackwardDataShape;
  readonly #pad: Embed2dShape | undefined;
  /** Empty for stride 1. As many channels at a time as the plan says. */
  readonly #spread: readonly SpreadChannels[];
  readonly #plan: Conv2dPlan;
  readonly #weights: number;
  readonly #bias: boolean;

  constructor(
    input: ImageShape,
    output: ImageShape,
    [kernelHeight, kernelWidth]: readonly [number, number],
    stride: number,
    padding: number,
    bias: boolean,
    { ops, plan, lanes }: LayerContext,
  ) {
    const [inChannels, height, width] = input;
    const [outChannels, outHeight, outWidth] = output;
    const inHeight = height + 2 * padding;
    const inWidth = width + 2 * padding;
    const kernel = { kernelHeight, kernelWidth, lanes };
    this.#ops = ops;
    this.#bias = bias;
    this.#weights = outChannels * inChannels * kernelHeight * kernelWidth;
    this.#forward = { inChannels, inHeight, inWidth, outChannels, outHeight, outWidth, stride, ...kernel };
    this.#pad =
      padding === 0
        ? undefined
        : {
            channels: inChannels,
            height,
            width,
            outHeight: inHeight,
            outWidth: inWidth,
            top: padding,
            left: padding,
            spread: 1,
            lanes,
          };
    const spreadHeight = (outHeight - 1) * stride + 1;
    const spreadWidth = (outWidth - 1) * stride + 1;
    const data = { inChannels, inHeight: height, inWidth: width, outHeight: spreadHeight, outWidth: spreadWidth };
    this.#backwardData = { ...data, outChannels, padding, ...kernel };
    this.#plan = plan.conv2d(this.#forward);
    const together = this.#plan.spread;
    this.#spread = Array.from({ length: together && Math.ceil(outChannels / together) }, (_, i) => {
      const first = i * together;
      const channels = Math.min(together, outChannels - first);
      const frame = { height: outHeight, width: outWidth, outHeight: spreadHeight, outWidth: spreadWidth };
      return {
        dy: first * outHeight * outWidth * lanes,
        w: first * inChannels * kernelHeight * kernelWidth,
        spread: { channels, ...frame, top: 0, left: 0, spread: stride, lanes },
        data: { ...this.#backwardData, outChannels: channels },
      };
    });
    this.savedFloats = this.#pad ? elements([inChannels, inHeight, inWidth, lanes]) : 0;
    const { workspace: forward, weightWorkspace } = this.#plan;
    const toImages = Math.max(forward, elements([together, spreadHeight, spreadWidth, lanes]));
    this.workspaceFloats = { forward, "to images": toImages, all: Math.max(toImages, weightWorkspace) };
  }

  forward(tape: LayerTape, w: Buffer, _random: unknown, workspace: Buffer): void {
    if (this.#pad) this.#ops.embed2d(tape.saved, tape.x, this.#pad);
    this.#convolve(tape.y, this.#padded(tape), w, this.#biasOf(w), false, workspace);
  }

  backward(tape: GradientTape, w: Buffer, dw: OptionalBuffer, accumulate: boolean, workspace: Buffer): void {
    if (dw !== none) {
      this.#weightGradient(dw, tape.dy, this.#padded(tape), accumulate, workspace);
      this.#biasGradient(dw, tape.dy, accumulate);
    }
    if (tape.dx !== none) this.#dataGradient(tape.dx, tape.dy, w, workspace, false);
  }

  // R{w ⋆ x + b} = w ⋆ ṙx + v ⋆ x + v_b
  forwardR(tape: LayerTape, { rx, ry, saved }: MovingTangent, w: Buffer, v: Buffer, workspace: Buffer): void {
    const known = rx !== none;
    if (known) {
      if (this.#pad) this.#ops.embed2d(saved, rx, this.#pad);
      this.#convolve(ry, this.#pad ? saved : rx, w, none, false, workspace);
    }
    this.#convolve(ry, this.#padded(tape), v, this.#biasOf(v), known, workspace);
  }

  // R{dw} = ṙdy ⋆ x + dy ⋆ ṙx;  R{dx} = wᵀ ⋆ ṙdy + vᵀ ⋆ dy
  backwardR(
    tape: GradientTape,
    { rx, rdx, rdy, saved }: MovingTangent,
    w: Buffer,
    v: Buffer,
    rdw: OptionalBuffer,
    workspace: Buffer,
  ): void {
    if (rdw !== none) {
      this.#weightGradient(rdw, rdy, this.#padded(tape), false, workspace);
      if (rx !== none) this.#weightGradient(rdw, tape.dy, this.#pad ? saved : rx, true, workspace);
      this.#biasGradient(rdw, rdy, false);
    }
    if (rdx !== none) {
      this.#dataGradient(rdx, rdy, w, workspace, false);
      this.#dataGradient(rdx, tape.dy, v, workspace, true);
    }
  }

  #padded(tape: LayerTape): Buffer {
    return this.#pad ? tape.saved : tape.x;
  }

  #biasOf(w: Buffer): OptionalBuffer {
    return this.#bias ? w + this.#weights : none;
  }

  #biasGradient(dw: Buffer, dy: Buffer, accumulate: boolean): void {
    if (!this.#bias) return;
    const { outChannels, outHeight, outWidth, lanes } = this.#forward;
    this.#ops.sumRows(dw + this.#weights, dy, outChannels, outHeight * outWidth * lanes, accumulate);
  }

  #convolve(y: Buffer, x: Buffer, w: Buffer, bias: OptionalBuffer, accumulate: boolean, workspace: Buffer): void {
    this.#ops.conv2dForward(y, x, w, bias, this.#forward, accumulate, this.#plan.workspace > 0 ? workspace : none);
  }

  #weightGradient(dw: Buffer, dy: Buffer, x: Buffer, accumulate: boolean, workspace: Buffer): void {
    const transforms = this.#plan.weightWorkspace > 0 ? workspace : none;
    this.#ops.conv2dBackwardWeights(dw, dy, x, this.#forward, accumulate, transforms);
  }

  #dataGradient(dx: Buffer, dy: Buffer, w: Buffer, workspace: Buffer, accumulate: boolean): void {
    if (this.#spread.length === 0) {
      const transforms = this.#plan.workspace > 0 ? workspace : none;
      this.#ops.conv2dBackwardData(dx, dy, w, this.#backwardData, accumulate, transforms);
    }
    this.#spread.forEach((channels, i) => {
      this.#ops.embed2d(workspace, dy + channels.dy, channels.spread);
      this.#ops.conv2dBackwardData(dx, workspace, w + channels.w, channels.data, accumulate || i > 0);
    });
  }
}
