// Average pooling, with windows and with bins, and its adjoint against the reference.

import { describe, test } from "vitest";
import type { Ops } from "../../src/backend/ops.ts";
import type { AdaptivePool2dShape, AvgPool2dShape } from "../../src/backend/shapes.ts";
import { float32Tolerance, paint } from "../helpers.ts";
import { checkOp, unwritten } from "./parity.ts";

type Pair = readonly [number, number];

interface Row {
  readonly why: string;
  readonly channels?: number;
  /** Input rows and columns, without padding. */
  readonly size: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding?: number;
  readonly lanes?: number;
}

const rows: readonly Row[] = [
  { why: "one pixel", size: [1, 1], kernel: [1, 1], stride: [1, 1] },
  { why: "no channels", channels: 0, size: [4, 4], kernel: [2, 2], stride: [2, 2] },
  { why: "1x1 windows copy", channels: 3, size: [3, 5], kernel: [1, 1], stride: [1, 1] },
  { why: "1x1 windows, stride 2", channels: 3, size: [5, 5], kernel: [1, 1], stride: [2, 2] },
  { why: "one window", size: [2, 2], kernel: [2, 2], stride: [2, 2] },
  { why: "one window, 3 channels", channels: 3, size: [2, 2], kernel: [2, 2], stride: [2, 2] },
  { why: "one window of the whole plane", channels: 2, size: [5, 7], kernel: [5, 7], stride: [5, 7] },
  { why: "2x2 windows", size: [4, 4], kernel: [2, 2], stride: [2, 2] },
  { why: "2x2 windows, 2 channels", channels: 2, size: [4, 6], kernel: [2, 2], stride: [2, 2] },
  { why: "2x2 windows, 5 channels", channels: 5, size: [6, 4], kernel: [2, 2], stride: [2, 2] },
  { why: "2x2 windows, 7 channels", channels: 7, size: [4, 4], kernel: [2, 2], stride: [2, 2] },
  { why: "2x2 windows, a row left over", channels: 3, size: [5, 4], kernel: [2, 2], stride: [2, 2] },
  { why: "2x2 windows, a column left over", channels: 3, size: [4, 5], kernel: [2, 2], stride: [2, 2] },
  { why: "2x2 windows, both left over", channels: 3, size: [7, 5], kernel: [2, 2], stride: [2, 2] },
  { why: "2x2 windows, overlapping", channels: 3, size: [4, 5], kernel: [2, 2], stride: [1, 1] },
  { why: "2x2 windows, overlapping across", channels: 3, size: [4, 5], kernel: [2, 2], stride: [2, 1] },
  { why: "2x2 windows, overlapping down", channels: 3, size: [5, 4], kernel: [2, 2], stride: [1, 2] },
  { why: "2x2 windows, stride 3: unseen pixels", channels: 3, size: [8, 8], kernel: [2, 2], stride: [3, 3] },
  { why: "3x3 windows side by side", channels: 3, size: [6, 9], kernel: [3, 3], stride: [3, 3] },
  { why: "3x3 windows, stride 1", channels: 2, size: [6, 5], kernel: [3, 3], stride: [1, 1] },
  { why: "3x3 windows, stride 2", channels: 3, size: [7, 7], kernel: [3, 3], stride: [2, 2] },
  { why: "3x3 windows, one row left over", channels: 3, size: [8, 7], kernel: [3, 3], stride: [2, 2] },
  { why: "5x5 windows, stride 2", channels: 2, size: [9, 9], kernel: [5, 5], stride: [2, 2] },
  { why: "7x7 windows", size: [9, 8], kernel: [7, 7], stride: [1, 1] },
  { why: "1x2 windows", channels: 2, size: [3, 6], kernel: [1, 2], stride: [1, 2] },
  { why: "2x1 windows", channels: 2, size: [6, 3], kernel: [2, 1], stride: [2, 1] },
  { why: "2x3 windows", channels: 2, size: [5, 6], kernel: [2, 3], stride: [2, 3] },
  { why: "3x2 windows, stride 1 and 2", channels: 2, size: [6, 5], kernel: [3, 2], stride: [1, 2] },
  { why: "2x4 windows, stride 2", channels: 3, size: [6, 8], kernel: [2, 4], stride: [2, 2] },
  { why: "4x2 windows, stride 2", channels: 3, size: [8, 6], kernel: [4, 2], stride: [2, 2] },
  { why: "1x4 windows, stride 3", channels: 3, size: [2, 9], kernel: [1, 4], stride: [3, 3] },
  { why: "padding 1, 2x2 windows", channels: 2, size: [4, 4], kernel: [2, 2], stride: [2, 2], padding: 1 },
  { why: "padding 1, 3x3 windows, stride 1", channels: 2, size: [4, 5], kernel: [3, 3], stride: [1, 1], padding: 1 },
  { why: "padding 1, 3x3 windows, stride 2", channels: 3, size: [7, 7], kernel: [3, 3], stride: [2, 2], padding: 1 },
  { why: "padding 1, even plane", channels: 3, size: [8, 6], kernel: [3, 3], stride: [2, 2], padding: 1 },
  { why: "padding 1, stride 3", channels: 2, size: [7, 8], kernel: [3, 3], stride: [3, 3], padding: 1 },
  { why: "padding 2, 5x5 windows", channels: 2, size: [5, 6], kernel: [5, 5], stride: [2, 2], padding: 2 },
  { why: "padding 1, 2x3 windows", channels: 2, size: [4, 5], kernel: [2, 3], stride: [2, 3], padding: 1 },
  { why: "padding 1 around one pixel", channels: 3, size: [1, 1], kernel: [3, 3], stride: [1, 1], padding: 1 },
  { why: "padding 2 around two pixels", size: [2, 1], kernel: [4, 4], stride: [1, 1], padding: 2 },
  { why: "lanes 8", channels: 3, size: [5, 5], kernel: [2, 2], stride: [2, 2], lanes: 8 },
  { why: "lanes 12", channels: 3, size: [5, 5], kernel: [3, 3], stride: [2, 2], padding: 1, lanes: 12 },
  { why: "lanes 16", channels: 3, size: [5, 5], kernel: [2, 2], stride: [1, 1], lanes: 16 },
  { why: "lanes 20", channels: 3, size: [5, 5], kernel: [3, 3], stride: [2, 2], lanes: 20 },
  { why: "lanes 64", channels: 3, size: [5, 5], kernel: [3, 3], stride: [2, 2], padding: 1, lanes: 64 },
  {
    why: "work for threads, odd sizes",
    channels: 5,
    size: [13, 11],
    kernel: [3, 3],
    stride: [2, 2],
    padding: 1,
    lanes: 20,
  },
  { why: "LeNet's first", channels: 6, size: [28, 28], kernel: [2, 2], stride: [2, 2], lanes: 12 },
  { why: "ConvNet's last", channels: 32, size: [8, 8], kernel: [2, 2], stride: [2, 2], lanes: 12 },
];

interface BinRow {
  readonly why: string;
  readonly channels?: number;
  readonly size: Pair;
  readonly out: Pair;
  readonly lanes?: number;
}

const binRows: readonly BinRow[] = [
  { why: "one pixel", size: [1, 1], out: [1, 1] },
  { why: "no channels", channels: 0, size: [4, 4], out: [2, 2] },
  { why: "one bin", channels: 3, size: [2, 2], out: [1, 1] },
  { why: "one bin of one row", channels: 2, size: [1, 7], out: [1, 1] },
  { why: "one bin of one column", channels: 2, size: [7, 1], out: [1, 1] },
  { why: "one bin of a prime plane", channels: 3, size: [7, 5], out: [1, 1] },
  { why: "one bin, 7 channels", channels: 7, size: [4, 4], out: [1, 1] },
  { why: "one bin a row", channels: 2, size: [4, 6], out: [4, 1] },
  { why: "one bin a column", channels: 2, size: [4, 6], out: [1, 6] },
  { why: "a bin a pixel copies", channels: 3, size: [3, 5], out: [3, 5] },
  { why: "2x2 of 4x4: no overlap", channels: 2, size: [4, 4], out: [2, 2] },
  { why: "2x3 of 4x6: no overlap", channels: 2, size: [4, 6], out: [2, 3] },
  { why: "3x3 of 6x9: no overlap", channels: 5, size: [6, 9], out: [3, 3] },
  { why: "work for threads, wide", channels: 5, size: [13, 11], out: [3, 4], lanes: 24 },
  { why: "work for threads, high", channels: 5, size: [13, 11], out: [4, 3], lanes: 24 },
  { why: "2x2 of 3x3: the middle is shared", channels: 2, size: [3, 3], out: [2, 2] },
  { why: "2x2 of 5x5", channels: 3, size: [5, 5], out: [2, 2] },
  { why: "2x2 of 5x4: overlap down", channels: 3, size: [5, 4], out: [2, 2] },
  { why: "2x2 of 4x5: overlap across", channels: 3, size: [4, 5], out: [2, 2] },
  { why: "3x3 of 4x4", channels: 2, size: [4, 4], out: [3, 3] },
  { why: "3x3 of 5x5", channels: 2, size: [5, 5], out: [3, 3] },
  { why: "3x3 of 7x7", channels: 2, size: [7, 7], out: [3, 3] },
  { why: "3x3 of 8x8", channels: 3, size: [8, 8], out: [3, 3] },
  { why: "4x4 of 6x6", channels: 2, size: [6, 6], out: [4, 4] },
  { why: "4x4 of 7x7", channels: 2, size: [7, 7], out: [4, 4] },
  { why: "5x5 of 6x6: every bin has two", channels: 2, size: [6, 6], out: [5, 5] },
  { why: "5x3 of 7x8", channels: 3, size: [7, 8], out: [5, 3] },
  { why: "3x5 of 8x7", channels: 3, size: [8, 7], out: [3, 5] },
  { why: "2x7 of 9x11", channels: 2, size: [9, 11], out: [2, 7] },
  { why: "7x7 of 13x13", channels: 1, size: [13, 13], out: [7, 7] },
  { why: "more bins than pixels", channels: 2, size: [2, 2], out: [3, 3] },
  { why: "twice the bins", channels: 2, size: [2, 3], out: [4, 6] },
  { why: "many bins of one pixel", channels: 3, size: [1, 1], out: [4, 3] },
  { why: "more rows, fewer columns", channels: 2, size: [3, 7], out: [5, 2] },
  { why: "more columns, fewer rows", channels: 2, size: [7, 3], out: [2, 5] },
  { why: "lanes 8", channels: 3, size: [5, 5], out: [2, 2], lanes: 8 },
  { why: "lanes 12", channels: 3, size: [5, 5], out: [3, 3], lanes: 12 },
  { why: "lanes 16", channels: 3, size: [5, 5], out: [1, 1], lanes: 16 },
  { why: "lanes 20", channels: 3, size: [5, 7], out: [3, 2], lanes: 20 },
  { why: "lanes 64", channels: 3, size: [5, 5], out: [4, 4], lanes: 64 },
  { why: "work for threads, odd sizes", channels: 5, size: [13, 11], out: [5, 4], lanes: 20 },
  { why: "work for threads, one bin", channels: 13, size: [11, 13], out: [1, 1], lanes: 20 },
  { why: "AlexNet's 6x6 of 7x7", channels: 8, size: [7, 7], out: [6, 6], lanes: 12 },
  { why: "AlexNet's 6x6 of 13x13", channels: 8, size: [13, 13], out: [6, 6], lanes: 12 },
  { why: "ResNet's global mean", channels: 32, size: [7, 7], out: [1, 1], lanes: 12 },
];

interface Case {
  readonly why: string;
  readonly xFloats: number;
  readonly yFloats: number;
  readonly forward: (ops: Ops, y: number, x: number) => void;
  readonly backward: (ops: Ops, dx: number, dy: number) => void;
}

function sizes(channels: number, size: Pair, out: Pair, lanes: number) {
  const shape: AdaptivePool2dShape = {
    channels,
    inHeight: size[0],
    inWidth: size[1],
    outHeight: out[0],
    outWidth: out[1],
    lanes,
  };
  return { shape, xFloats: channels * size[0] * size[1] * lanes, yFloats: channels * out[0] * out[1] * lanes };
}

const windows = rows.map(({ why, channels = 1, size, kernel, stride, padding = 0, lanes = 4 }): Case => {
  const outSide = (i: 0 | 1) => Math.floor((size[i] + 2 * padding - kernel[i]) / stride[i]) + 1;
  const { shape, ...floats } = sizes(channels, size, [outSide(0), outSide(1)], lanes);
  const [kernelHeight, kernelWidth] = kernel;
  const [strideHeight, strideWidth] = stride;
  const full: AvgPool2dShape = { ...shape, kernelHeight, kernelWidth, strideHeight, strideWidth, padding };
  return {
    why,
    ...floats,
    forward: (ops, y, x) => ops.avgPool2dForward(y, x, full),
    backward: (ops, dx, dy) => ops.avgPool2dBackward(dx, dy, full),
  };
});

const bins = binRows.map(({ why, channels = 1, size, out, lanes = 4 }): Case => {
  const { shape, ...floats } = sizes(channels, size, out, lanes);
  return {
    why,
    ...floats,
    forward: (ops, y, x) => ops.adaptiveAvgPool2dForward(y, x, shape),
    backward: (ops, dx, dy) => ops.adaptiveAvgPool2dBackward(dx, dy, shape),
  };
});

describe.for([
  ["avgPool2d", windows],
  ["adaptiveAvgPool2d", bins],
] as const)("%s", ([name, cases]) => {
  test.for(cases)("forward: $why", async ({ why, xFloats, yFloats, forward }) => {
    await checkOp({
      label: `${name}Forward, ${why}, seed 1`,
      operands: { x: { values: paint(xFloats, 1) }, y: { values: unwritten(yFloats) } },
      outputs: { y: { tolerance: float32Tolerance } },
      call: (ops, at) => forward(ops, at.y, at.x),
    });
  });

  test.for(cases)("backward: $why", async ({ why, xFloats, yFloats, backward }) => {
    await checkOp({
      label: `${name}Backward, ${why}, seed 2`,
      operands: { dy: { values: paint(yFloats, 2) }, dx: { values: unwritten(xFloats) } },
      outputs: { dx: { tolerance: float32Tolerance } },
      call: (ops, at) => backward(ops, at.dx, at.dy),
    });
  });
});
