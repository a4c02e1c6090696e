// Average pooling. It is linear, so its tangents are calls of the same two kernels (docs/math.md §2).
import type { Buffer } from "../backend/buffer.ts";
import { optional } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { ShapeError } from "../errors.ts";
import {
  checkSides,
  type ImageShape,
  type Layer,
  type LayerContext,
  sides,
  sizeFrom,
  type WeightlessLayer,
} from "./layer.ts";

/** Options of {@link avgPool2d}. */
export interface AvgPool2dOptions {
  /** Side of the square window, or [height, width]. */
  kernel: number | readonly [number, number];
  /** The distance between windows, one number or [down, right]. Default: the kernel. */
  stride?: number | readonly [number, number] | undefined;
  /** At most half the kernel; the padding's zeros count in the mean. Default 0. */
  padding?: number | undefined;
}

const avgPool2dChecks: Checks<AvgPool2dOptions> = {
  kernel: checkSides,
  stride: optional(checkSides),
  padding: optional(sizeFrom(0)),
};

/** Options of {@link adaptiveAvgPool2d}. */
export interface AdaptiveAvgPool2dOptions {
  /** The number of bins in height and in width, or [height, width]. */
  out: number | readonly [number, number];
}

const adaptiveAvgPool2dChecks: Checks<AdaptiveAvgPool2dOptions> = { out: checkSides };

/**
 * Averages each window (`nn.AvgPool2d` in floor mode, with `count_include_pad`): the sum of what is inside the image,
 * over the area of the window.
 *
 * @throws RangeError for sizes out of range; `sequential` throws ShapeError if the input is smaller than a window.
 * @example
 * sequential([1, 28, 28], [conv2d({ out: 6, kernel: 5 }), tanh(), avgPool2d({ kernel: 2 }), flatten(), linear({ out: 10 })])
 */
export function avgPool2d(options: AvgPool2dOptions): Layer {
  checkOptions(options, avgPool2dChecks);
  const { kernel, stride = kernel, padding = 0 } = options;
  const [kernelHeight, kernelWidth] = sides(kernel);
  const [strideHeight, strideWidth] = sides(stride);
  const most = Math.floor(Math.min(kernelHeight, kernelWidth) / 2);
  if (padding > most) throw new RangeError(`"padding" expected <= ${most}, half the kernel, got ${padding}`);

  const outputShape = ([channels, height, width]: ImageShape): ImageShape => {
    const outHeight = Math.floor((height + 2 * padding - kernelHeight) / strideHeight) + 1;
    const outWidth = Math.floor((width + 2 * padding - kernelWidth) / strideWidth) + 1;
    if (outHeight < 1 || outWidth < 1) {
      throw new ShapeError(
        `expected an input of at least ${kernelHeight - 2 * padding} × ${kernelWidth - 2 * padding}, got ${height} × ${width}`,
      );
    }
    return [channels, outHeight, outWidth];
  };
  return {
    kind: "avgPool2d",
    options: { kernel, stride, padding },
    outputShape,
    parameters: () => [],
    planned: () => ({ op: "avgPool2d" }),
    flops: () => 0,
    bind(input, context) {
      const { ops } = context;
      const window = { kernelHeight, kernelWidth, strideHeight, strideWidth, padding };
      const shape = { ...planes(input, outputShape(input), context), ...window };
      return bindLinearPool(
        (y, x) => ops.avgPool2dForward(y, x, shape),
        (dx, dy) => ops.avgPool2dBackward(dx, dy, shape),
      );
    },
  };
}

/**
 * Averages `out` × `out` bins that cover the image, or [height, width] bins (`nn.AdaptiveAvgPool2d`): bin i of an axis
 * goes from ⌊i·length / out⌋ to before ⌈(i + 1)·length / out⌉. `out: 1` is global average pooling.
 *
 * @throws RangeError when `out` is not a whole number ≥ 1.
 * @example
 * sequential([3, 32, 32], [conv2d({ out: 64, kernel: 3 }), relu(), adaptiveAvgPool2d({ out: 1 }), flatten(), linear({ out: 10 })])
 */
export function adaptiveAvgPool2d(options: AdaptiveAvgPool2dOptions): Layer {
  checkOptions(options, adaptiveAvgPool2dChecks);
  const { out } = options;
  const [outHeight, outWidth] = sides(out);
  const outputShape = ([channels]: ImageShape): ImageShape => [channels, outHeight, outWidth];
  return {
    kind: "adaptiveAvgPool2d",
    options: { out },
    outputShape,
    parameters: () => [],
    planned: () => ({ op: "avgPool2d" }),
    flops: () => 0,
    bind(input, context) {
      const { ops } = context;
      const shape = planes(input, outputShape(input), context);
      return bindLinearPool(
        (y, x) => ops.adaptiveAvgPool2dForward(y, x, shape),
        (dx, dy) => ops.adaptiveAvgPool2dBackward(dx, dy, shape),
      );
    },
  };
}

function planes([channels, inHeight, inWidth]: ImageShape, [, outHeight, outWidth]: ImageShape, context: LayerContext) {
  return { channels, inHeight, inWidth, outHeight, outWidth, lanes: context.lanes };
}

/** Binds the passes of y = Ax to kernels for y = Ax and dx = Aᵀdy. */
function bindLinearPool(
  forward: (y: Buffer, x: Buffer) => void,
  backward: (dx: Buffer, dy: Buffer) => void,
): WeightlessLayer {
  return {
    inPlace: false,
    savedFloats: 0,
    workspaceFloats: 0,
    forward: ({ x, y }) => forward(y, x),
    backward: ({ dx, dy }) => backward(dx, dy),
    forwardR: (_, { rx, ry }) => forward(ry, rx),
    backwardR: (_, { rdx, rdy }) => backward(rdx, rdy),
  };
}
