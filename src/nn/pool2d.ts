// Max pooling. The winners of the forward pass decide all other passes: gradients are scattered to them, tangents are
// gathered from them.
// docs/math.md §2 has the formulas.
import type { Pool2dShape } from "../backend/shapes.ts";
import { optional } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { ShapeError } from "../errors.ts";
import {
  checkSides,
  elements,
  type ImageShape,
  type Layer,
  type LayerContext,
  sides,
  sizeFrom,
  type WeightlessLayer,
} from "./layer.ts";

/** Options of {@link maxPool2d}. */
export interface MaxPool2dOptions {
  /** Side of the square window, or [height, width]. */
  kernel: number | readonly [number, number];
  /** Default: the kernel's height. */
  stride?: number | undefined;
  /** At most half the kernel; padding never wins. Default 0. */
  padding?: number | undefined;
}

const maxPool2dChecks: Checks<MaxPool2dOptions> = {
  kernel: checkSides,
  stride: optional(sizeFrom(1)),
  padding: optional(sizeFrom(0)),
};

/**
 * Takes the largest value of each window (`nn.MaxPool2d`, floor mode), and of equal ones the first in row order.
 *
 * @throws RangeError for sizes out of range.
 * @example
 * sequential([1, 28, 28], [conv2d({ out: 6, kernel: 5 }), relu(), maxPool2d({ kernel: 2 }), flatten(), linear({ out: 10 })])
 */
export function maxPool2d(options: MaxPool2dOptions): Layer {
  checkOptions(options, maxPool2dChecks);
  const { kernel, padding = 0 } = options;
  const [kernelHeight, kernelWidth] = sides(kernel);
  const { stride: step = kernelHeight } = options;
  const most = Math.floor(Math.min(kernelHeight, kernelWidth) / 2);
  if (padding > most) throw new RangeError(`"padding" expected <= ${most}, half the kernel, got ${padding}`);

  const outputShape = ([channels, height, width]: ImageShape): ImageShape => {
    const outHeight = Math.floor((height + 2 * padding - kernelHeight) / step) + 1;
    const outWidth = Math.floor((width + 2 * padding - kernelWidth) / step) + 1;
    if (outHeight < 1 || outWidth < 1) {
      throw new ShapeError(`expected an input of at least ${kernelHeight} × ${kernelWidth}, got ${height} × ${width}`);
    }
    return [channels, outHeight, outWidth];
  };
  return {
    kind: "maxPool2d",
    options: { kernel, stride: step, padding },
    outputShape,
    parameters: () => [],
    planned: () => ({ op: "maxPool2d" }),
    flops: () => 0,
    bind(input, context) {
      const [channels, inHeight, inWidth] = input;
      const [, outHeight, outWidth] = outputShape(input);
      return bindMaxPool2d(
        {
          channels,
          inHeight,
          inWidth,
          outHeight,
          outWidth,
          kernelHeight,
          kernelWidth,
          stride: step,
          padding,
          lanes: context.lanes,
        },
        context,
      );
    },
  };
}

function bindMaxPool2d(shape: Pool2dShape, { ops, lanes }: LayerContext): WeightlessLayer {
  return {
    inPlace: false,
    forgetsInput: true,
    savedFloats: elements([shape.channels, shape.outHeight, shape.outWidth, lanes]),
    savesNoTangent: true,
    workspaceFloats: 0,
    forward: ({ x, y, saved }) => ops.maxPool2dForward(y, saved, x, shape),
    backward: ({ saved, dx, dy }) => ops.maxPool2dScatter(dx, saved, dy, shape),
    forwardR: ({ saved }, { rx, ry }) => ops.maxPool2dGather(ry, saved, rx, shape),
    backwardR: ({ saved }, { rdx, rdy }) => ops.maxPool2dScatter(rdx, saved, rdy, shape),
  };
}
