// Average pooling, reference. x and dx [c, h, w, B]; y and dy [c, oh, ow, B]. A window is the input elements it covers
// and the number it divides by.

import type { Ops } from "../ops.ts";
import type { AdaptivePool2dShape, AvgPool2dShape } from "../shapes.ts";
import type { Memory } from "./memory.ts";

/** Elements `from` to before `to` of one axis. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** How output row `row` and column `column` are made. */
type WindowOf = (row: number, column: number) => { rows: Span; columns: Span; divisor: number };

/** Windows over an input with zeros around it: the part that is inside, but the area of all. */
function paddedWindows(shape: AvgPool2dShape): WindowOf {
  const { inHeight, inWidth, kernelHeight, kernelWidth, strideHeight, strideWidth, padding } = shape;
  const span = (i: number, stride: number, kernel: number, length: number): Span => ({
    from: Math.max(0, i * stride - padding),
    to: Math.min(length, i * stride - padding + kernel),
  });
  return (row, column) => ({
    rows: span(row, strideHeight, kernelHeight, inHeight),
    columns: span(column, strideWidth, kernelWidth, inWidth),
    divisor: kernelHeight * kernelWidth,
  });
}

function bins({ inHeight, inWidth, outHeight, outWidth }: AdaptivePool2dShape): WindowOf {
  const span = (i: number, length: number, count: number): Span => ({
    from: Math.floor((i * length) / count),
    to: Math.ceil(((i + 1) * length) / count),
  });
  return (row, column) => {
    const rows = span(row, inHeight, outHeight);
    const columns = span(column, inWidth, outWidth);
    return { rows, columns, divisor: (rows.to - rows.from) * (columns.to - columns.from) };
  };
}

/** Calls `visit` with the offset of every output, those of the inputs of its window, and what it divides by. */
function forEachWindow(
  { channels, inHeight, inWidth, outHeight, outWidth, lanes }: AdaptivePool2dShape,
  windowOf: WindowOf,
  visit: (output: number, inputs: readonly number[], divisor: number) => void,
): void {
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < outHeight; i++) {
      for (let j = 0; j < outWidth; j++) {
        const { rows, columns, divisor } = windowOf(i, j);
        for (let b = 0; b < lanes; b++) {
          const inputs: number[] = [];
          for (let row = rows.from; row < rows.to; row++) {
            for (let column = columns.from; column < columns.to; column++) {
              inputs.push(((c * inHeight + row) * inWidth + column) * lanes + b);
            }
          }
          visit(((c * outHeight + i) * outWidth + j) * lanes + b, inputs, divisor);
        }
      }
    }
  }
}

export function avgPool2dOps(
  memory: Memory,
): Pick<Ops, "avgPool2dForward" | "avgPool2dBackward" | "adaptiveAvgPool2dForward" | "adaptiveAvgPool2dBackward"> {
  const forward = (y: number, x: number, shape: AdaptivePool2dShape, windowOf: WindowOf): void => {
    const f = memory.floats;
    forEachWindow(shape, windowOf, (output, inputs, divisor) => {
      let sum = 0;
      for (const input of inputs) sum += f[x + input]!;
      f[y + output] = sum / divisor;
    });
  };
  const backward = (dx: number, dy: number, shape: AdaptivePool2dShape, windowOf: WindowOf): void => {
    const f = memory.floats;
    f.fill(0, dx, dx + shape.channels * shape.inHeight * shape.inWidth * shape.lanes);
    forEachWindow(shape, windowOf, (output, inputs, divisor) => {
      for (const input of inputs) f[dx + input]! += f[dy + output]! / divisor;
    });
  };
  return {
    avgPool2dForward: (y, x, shape) => forward(y, x, shape, paddedWindows(shape)),
    avgPool2dBackward: (dx, dy, shape) => backward(dx, dy, shape, paddedWindows(shape)),
    adaptiveAvgPool2dForward: (y, x, shape) => forward(y, x, shape, bins(shape)),
    adaptiveAvgPool2dBackward: (dx, dy, shape) => backward(dx, dy, shape, bins(shape)),
  };
}
