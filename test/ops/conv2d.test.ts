// conv2d forward, backward-data and backward-weights against the reference.

import { describe, test } from "vitest";
import { none } from "../../src/backend/buffer.ts";
import type { Conv2dBackwardDataShape, Conv2dShape } from "../../src/backend/shapes.ts";
import {
  COLUMNS,
  DATA_TAPS,
  FORWARD_TAPS,
  ROWS,
  WEIGHT_CHANNELS,
  WEIGHT_SPAN,
  WEIGHT_SWEEP,
  WEIGHT_TAPS,
} from "../../src/backend/wasm/tiles.gen.ts";
import { checkOp, paints, unwritten } from "./parity.ts";

interface Row {
  readonly why: string;
  /** Input and output channels. */
  readonly channels: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly out: readonly [number, number];
  readonly stride?: number;
  /** Input rows and columns that no window reaches. */
  readonly rest?: readonly [number, number];
  readonly lanes?: number;
}

/** A size at which a kernel changes its way, one below and one above. */
const around = (size: number): readonly number[] => [size - 1, size, size + 1];

/** One output of as many taps as are summed in a pass, or two passes; and so for the pass of the data gradient. */
const passes: readonly Row[] = [FORWARD_TAPS, 2 * FORWARD_TAPS, DATA_TAPS].flatMap((size) =>
  around(size).flatMap((taps): Row[] => [
    { why: `${taps} taps forward`, channels: [taps, 5], kernel: [1, 1], out: [1, 2] },
    { why: `${taps} taps back`, channels: [5, taps], kernel: [1, 1], out: [2, 1] },
    { why: `${taps} taps in a row`, channels: [1, 2], kernel: [1, taps], out: [1, 1] },
    { why: `${taps} taps in a column`, channels: [1, 2], kernel: [taps, 1], out: [2, 1] },
  ]),
);
/** Tiles of channels, of floats of a row, of weights; sweeps over weights and spans of rows. */
const tiles: readonly Row[] = [
  ...around(2 * ROWS).map((n): Row => ({ why: `${n} channels`, channels: [n, n], kernel: [2, 2], out: [2, 3] })),
  // Rows are whole vectors: of 2 lanes, rows of an even number of pixels.
  ...[-4, -2, 0, 2, 4].flatMap((more): Row[] => {
    const columns = (COLUMNS + more) / 2;
    const row = { kernel: [1, 2] as const, out: [2, columns - (columns % 2)] as const, lanes: 2 };
    return [1, 2, 3, ROWS].map((n) => ({
      why: `${n} rows of ${2 * row.out[1]} floats, ${more}`,
      channels: [n, n],
      ...row,
    }));
  }),
  ...around(WEIGHT_TAPS).flatMap((n): Row[] =>
    around(WEIGHT_CHANNELS).map((m) => ({ why: `${m} × ${n} weights`, channels: [n, m], kernel: [1, 1], out: [2, 2] })),
  ),
  ...around(WEIGHT_SWEEP).map(
    (n): Row => ({
      why: `${n} tiles of weights`,
      channels: [WEIGHT_TAPS * n, WEIGHT_CHANNELS],
      kernel: [1, 1],
      out: [1, 2],
    }),
  ),
  ...around(WEIGHT_SPAN / 16).map(
    (n): Row => ({ why: `${n} rows of 16 floats`, channels: [1, 2], kernel: [1, 1], out: [n, 4] }),
  ),
];

const rows: readonly Row[] = [
  { why: "one multiplication per image", channels: [1, 1], kernel: [1, 1], out: [1, 1] },
  { why: "2 output channels", channels: [3, 2], kernel: [3, 3], out: [3, 3] },
  { why: "3 output channels", channels: [3, 3], kernel: [3, 3], out: [3, 3] },
  { why: "one tile of output channels", channels: [3, 4], kernel: [3, 3], out: [3, 3] },
  { why: "a tile of output channels and 1", channels: [3, 5], kernel: [3, 3], out: [3, 3] },
  { why: "a tile of output channels and 2", channels: [3, 6], kernel: [3, 3], out: [3, 3] },
  { why: "two tiles of output channels less 1", channels: [3, 7], kernel: [3, 3], out: [3, 3] },
  { why: "two tiles of output channels and 1", channels: [3, 9], kernel: [3, 3], out: [3, 3] },
  { why: "1 input channel", channels: [1, 5], kernel: [2, 2], out: [2, 3] },
  { why: "2 input channels", channels: [2, 5], kernel: [2, 2], out: [2, 3] },
  { why: "5 input channels", channels: [5, 3], kernel: [2, 2], out: [2, 3] },
  { why: "6 input channels", channels: [6, 3], kernel: [2, 2], out: [2, 3] },
  { why: "7 input channels", channels: [7, 3], kernel: [2, 2], out: [2, 3] },
  { why: "1x1 kernel over a plane", channels: [5, 7], kernel: [1, 1], out: [4, 3] },
  { why: "1x3 kernel", channels: [2, 3], kernel: [1, 3], out: [3, 2] },
  { why: "3x1 kernel", channels: [2, 3], kernel: [3, 1], out: [2, 3] },
  { why: "2x3 kernel", channels: [3, 5], kernel: [2, 3], out: [3, 4] },
  { why: "5x2 kernel", channels: [3, 5], kernel: [5, 2], out: [2, 5] },
  { why: "5x5 kernel", channels: [2, 6], kernel: [5, 5], out: [3, 3] },
  { why: "7x7 kernel", channels: [1, 3], kernel: [7, 7], out: [2, 2] },
  { why: "the kernel covers the input", channels: [3, 5], kernel: [4, 6], out: [1, 1] },
  { why: "one row of output", channels: [3, 4], kernel: [3, 3], out: [1, 7] },
  { why: "one column of output", channels: [3, 4], kernel: [3, 3], out: [7, 1] },
  { why: "row of 8 floats", channels: [3, 5], kernel: [3, 3], out: [3, 2], lanes: 4 },
  { why: "row of 12 floats", channels: [3, 5], kernel: [3, 3], out: [3, 1], lanes: 12 },
  { why: "row of 16 floats", channels: [3, 5], kernel: [3, 3], out: [3, 4], lanes: 4 },
  { why: "row of 20 floats", channels: [3, 5], kernel: [3, 3], out: [3, 5], lanes: 4 },
  { why: "row of 28 floats", channels: [3, 5], kernel: [3, 3], out: [2, 7], lanes: 4 },
  { why: "row of 36 floats", channels: [3, 5], kernel: [3, 3], out: [2, 3], lanes: 12 },
  { why: "lanes 8", channels: [3, 5], kernel: [3, 3], out: [3, 3], lanes: 8 },
  { why: "lanes 16", channels: [3, 5], kernel: [3, 3], out: [3, 3], lanes: 16 },
  { why: "lanes 20", channels: [3, 5], kernel: [3, 3], out: [3, 3], lanes: 20 },
  { why: "lanes 64", channels: [3, 5], kernel: [3, 3], out: [2, 3], lanes: 64 },
  { why: "2 lanes", channels: [3, 5], kernel: [3, 3], out: [3, 4], lanes: 2 },
  { why: "2 lanes, one pair of columns", channels: [5, 7], kernel: [3, 2], out: [4, 2], lanes: 2 },
  { why: "6 lanes, a row of 12 floats", channels: [4, 5], kernel: [3, 3], out: [5, 2], lanes: 6 },
  { why: "10 lanes, a row of 20 floats", channels: [3, 6], kernel: [3, 3], out: [3, 2], lanes: 10 },
  { why: "10 lanes, a row of 40 floats", channels: [6, 9], kernel: [5, 3], out: [6, 4], lanes: 10 },
  { why: "18 lanes", channels: [5, 5], kernel: [3, 3], out: [4, 6], lanes: 18 },
  { why: "22 lanes", channels: [7, 4], kernel: [2, 3], out: [4, 4], lanes: 22 },
  // The gradient of the input copies channels so far apart, some lanes and rows at a time.
  { why: "channels 2 KiB apart", channels: [3, 9], kernel: [3, 3], out: [8, 8], lanes: 8 },
  { why: "channels 10 KiB apart, 20 lanes", channels: [3, 10], kernel: [3, 3], out: [8, 16], lanes: 20 },
  { why: "channels 48 KiB apart", channels: [1, 20], kernel: [5, 5], out: [32, 32], lanes: 12 },
  { why: "stride 2", channels: [3, 5], kernel: [3, 3], out: [3, 3], stride: 2 },
  { why: "stride 3", channels: [3, 5], kernel: [3, 3], out: [2, 3], stride: 3 },
  { why: "stride 2, 5x5 kernel", channels: [2, 7], kernel: [5, 5], out: [3, 2], stride: 2, lanes: 12 },
  { why: "stride 2, even kernel", channels: [2, 4], kernel: [2, 4], out: [3, 5], stride: 2, lanes: 8 },
  { why: "stride over pixels that no window sees", channels: [3, 5], kernel: [1, 1], out: [3, 3], stride: 2 },
  { why: "stride 3 over unseen pixels", channels: [2, 3], kernel: [2, 1], out: [3, 4], stride: 3, lanes: 20 },
  { why: "stride 4, 11x11 kernel (AlexNet)", channels: [3, 5], kernel: [11, 11], out: [2, 2], stride: 4 },
  { why: "rows left over by stride 2", channels: [3, 5], kernel: [3, 3], out: [3, 3], stride: 2, rest: [1, 0] },
  { why: "columns left over by stride 2", channels: [3, 5], kernel: [3, 3], out: [3, 3], stride: 2, rest: [0, 1] },
  { why: "both left over by stride 3", channels: [2, 4], kernel: [3, 2], out: [2, 2], stride: 3, rest: [2, 1] },
  { why: "input larger than stride 1 reaches", channels: [2, 3], kernel: [3, 3], out: [2, 2], rest: [2, 3] },
  { why: "long sum: 70 channels", channels: [70, 6], kernel: [3, 3], out: [2, 2], lanes: 8 },
  { why: "sums in more than one pass: 4,140 taps", channels: [460, 5], kernel: [3, 3], out: [1, 2] },
  { why: "the same for the backward pass", channels: [5, 460], kernel: [3, 3], out: [2, 1] },
  { why: "long weight gradient sum", channels: [1, 2], kernel: [2, 2], out: [24, 25], lanes: 64 },
  { why: "work for threads, odd sizes", channels: [5, 7], kernel: [3, 3], out: [5, 7], lanes: 12 },
  { why: "work for threads, stride 2", channels: [3, 9], kernel: [5, 5], out: [4, 5], stride: 2, lanes: 20 },
  { why: "work for threads, 1x1 kernel", channels: [7, 10], kernel: [1, 1], out: [9, 9], lanes: 8 },
  ...passes,
  ...tiles,
  { why: "LeNet's first layer", channels: [1, 6], kernel: [5, 5], out: [28, 28], lanes: 10 },
  { why: "LeNet's second layer", channels: [6, 16], kernel: [5, 5], out: [10, 10], lanes: 10 },
];

const cases = rows.map(({ why, channels, kernel, out, stride = 1, rest = [0, 0], lanes = 4 }, row) => {
  const shape: Conv2dShape = {
    inChannels: channels[0],
    inHeight: (out[0] - 1) * stride + kernel[0] + rest[0],
    inWidth: (out[1] - 1) * stride + kernel[1] + rest[1],
    outChannels: channels[1],
    outHeight: out[0],
    outWidth: out[1],
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    stride,
    lanes,
  };
  return {
    why,
    // Parameters lie at any alignment; over the table, at all of them.
    shift: row % 4,
    shape,
    xFloats: shape.inChannels * shape.inHeight * shape.inWidth * lanes,
    wFloats: channels[0] * channels[1] * kernel[0] * kernel[1],
    yFloats: shape.outChannels * shape.outHeight * shape.outWidth * lanes,
  };
});

describe("conv2dForward", () => {
  for (const { why, shape, shift, xFloats, wFloats, yFloats } of cases) {
    test(why, async () => {
      for (const { kind, values, tolerance } of paints) {
        const x = { values: values(xFloats, 1) };
        const w = { values: values(wFloats, 2), shift };
        const bias = { values: values(shape.outChannels, 3), shift: (shift + 1) % 4 };
        for (const accumulate of [false, true]) {
          const label = `conv2dForward, ${why}, ${kind}, accumulate ${accumulate}, seeds 1 2 3 4`;
          const y = { values: accumulate ? values(yFloats, 4) : unwritten(yFloats) };
          const outputs = { y: { tolerance } };
          await checkOp({
            label: `${label}, bias`,
            operands: { x, w, bias, y },
            outputs,
            call: (ops, at) => ops.conv2dForward(at.y, at.x, at.w, at.bias, shape, accumulate),
          });
          await checkOp({
            label,
            operands: { x, w, y },
            outputs,
            call: (ops, at) => ops.conv2dForward(at.y, at.x, at.w, none, shape, accumulate),
          });
        }
      }
    });
  }
});

describe("conv2dBackwardData", () => {
  for (const { why, shape: forward, shift, wFloats } of cases) {
    test(why, async () => {
      const { kernelHeight, kernelWidth, stride, lanes, inChannels, outChannels } = forward;
      const outHeight = (forward.outHeight - 1) * stride + 1;
      const outWidth = (forward.outWidth - 1) * stride + 1;
      // No padding, half the kernel, and all of it: then only some columns, or none, see every tap.
      const most = Math.min(kernelHeight, kernelWidth) - 1;
      for (const padding of new Set([0, Math.floor(most / 2), most])) {
        const inHeight = forward.inHeight - 2 * padding;
        const inWidth = forward.inWidth - 2 * padding;
        if (inHeight < 1 || inWidth < 1) continue;
        const sizes = { inChannels, inHeight, inWidth, outChannels, outHeight, outWidth };
        const shape: Conv2dBackwardDataShape = { ...sizes, kernelHeight, kernelWidth, padding, lanes };
        const xFloats = inChannels * inHeight * inWidth * lanes;
        for (const { kind, values, tolerance } of paints) {
          const dy = { values: values(outChannels * outHeight * outWidth * lanes, 5) };
          const w = { values: values(wFloats, 2), shift };
          for (const accumulate of [false, true]) {
            await checkOp({
              label: `conv2dBackwardData, ${why}, padding ${padding}, ${kind}, accumulate ${accumulate}, seeds 2 5 6`,
              operands: { dy, w, dx: { values: accumulate ? values(xFloats, 6) : unwritten(xFloats) } },
              outputs: { dx: { tolerance } },
              call: (ops, at) => ops.conv2dBackwardData(at.dx, at.dy, at.w, shape, accumulate),
            });
          }
        }
      }
    });
  }
});

describe("conv2dBackwardWeights", () => {
  for (const { why, shape, shift, xFloats, wFloats, yFloats } of cases) {
    test(why, async () => {
      for (const { kind, values, tolerance } of paints) {
        const dy = { values: values(yFloats, 5) };
        const x = { values: values(xFloats, 1) };
        for (const accumulate of [false, true]) {
          await checkOp({
            label: `conv2dBackwardWeights, ${why}, ${kind}, accumulate ${accumulate}, seeds 1 5 7`,
            operands: { dy, x, dw: { values: accumulate ? values(wFloats, 7) : unwritten(wFloats), shift } },
            outputs: { dw: { tolerance } },
            call: (ops, at) => ops.conv2dBackwardWeights(at.dw, at.dy, at.x, shape, accumulate),
          });
        }
      }
    });
  }
});
