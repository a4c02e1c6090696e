// Max pooling and its gather and scatter against the reference.

import { describe, test } from "vitest";
import type { Pool2dShape } from "../../src/backend/shapes.ts";
import { float32Tolerance, paint, paintWhole } from "../helpers.ts";
import { checkOp, unwritten } from "./parity.ts";

interface Row {
  readonly why: string;
  readonly channels?: number;
  /** Input rows and columns, without padding. */
  readonly size: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: number;
  readonly padding?: number;
  readonly lanes?: number;
}

const rows: readonly Row[] = [
  { why: "one pixel", size: [1, 1], kernel: [1, 1], stride: 1 },
  { why: "no channels", channels: 0, size: [4, 4], kernel: [2, 2], stride: 2 },
  { why: "1x1 windows copy", channels: 3, size: [3, 5], kernel: [1, 1], stride: 1 },
  { why: "1x1 windows, stride 2", channels: 3, size: [5, 5], kernel: [1, 1], stride: 2 },
  { why: "one window", size: [2, 2], kernel: [2, 2], stride: 2 },
  { why: "one window, 3 channels", channels: 3, size: [2, 2], kernel: [2, 2], stride: 2 },
  { why: "one window of the whole plane", channels: 2, size: [5, 7], kernel: [5, 7], stride: 1 },
  { why: "2x2 windows", size: [4, 4], kernel: [2, 2], stride: 2 },
  { why: "2x2 windows, 2 channels", channels: 2, size: [4, 6], kernel: [2, 2], stride: 2 },
  { why: "2x2 windows, 5 channels", channels: 5, size: [6, 4], kernel: [2, 2], stride: 2 },
  { why: "2x2 windows, 7 channels", channels: 7, size: [4, 4], kernel: [2, 2], stride: 2 },
  { why: "a row left over", channels: 3, size: [5, 4], kernel: [2, 2], stride: 2 },
  { why: "a column left over", channels: 3, size: [4, 5], kernel: [2, 2], stride: 2 },
  { why: "one of three rows left over", channels: 3, size: [3, 4], kernel: [2, 2], stride: 2 },
  { why: "one of three columns left over", channels: 3, size: [4, 3], kernel: [2, 2], stride: 2 },
  { why: "both left over", channels: 3, size: [7, 5], kernel: [2, 2], stride: 2 },
  { why: "overlapping 2x2 windows", channels: 3, size: [4, 5], kernel: [2, 2], stride: 1 },
  { why: "overlapping 3x3 windows, stride 1", channels: 2, size: [6, 5], kernel: [3, 3], stride: 1 },
  { why: "overlapping 3x3 windows, stride 2", channels: 3, size: [7, 7], kernel: [3, 3], stride: 2 },
  { why: "overlapping 3x3 windows, one row left over", channels: 3, size: [8, 7], kernel: [3, 3], stride: 2 },
  { why: "overlapping 5x5 windows, stride 2", channels: 2, size: [9, 9], kernel: [5, 5], stride: 2 },
  { why: "3x3 windows side by side", channels: 3, size: [6, 9], kernel: [3, 3], stride: 3 },
  { why: "2x2 windows, stride 3: unseen pixels", channels: 3, size: [8, 8], kernel: [2, 2], stride: 3 },
  { why: "1x2 windows", channels: 2, size: [3, 6], kernel: [1, 2], stride: 2 },
  { why: "2x1 windows", channels: 2, size: [6, 3], kernel: [2, 1], stride: 2 },
  { why: "2x3 windows", channels: 2, size: [5, 6], kernel: [2, 3], stride: 2 },
  { why: "3x2 windows", channels: 2, size: [6, 5], kernel: [3, 2], stride: 1 },
  { why: "3x2 windows, stride 2", channels: 2, size: [7, 6], kernel: [3, 2], stride: 2 },
  { why: "4x2 windows, stride 2", channels: 2, size: [8, 6], kernel: [4, 2], stride: 2 },
  { why: "2x4 windows, stride 2", channels: 2, size: [6, 8], kernel: [2, 4], stride: 2 },
  { why: "2x2 windows, stride 4", channels: 2, size: [8, 8], kernel: [2, 2], stride: 4 },
  { why: "1x4 windows", channels: 3, size: [2, 9], kernel: [1, 4], stride: 3 },
  { why: "7x7 windows", channels: 1, size: [9, 8], kernel: [7, 7], stride: 1 },
  { why: "padding 1, 2x2 windows", channels: 2, size: [4, 4], kernel: [2, 2], stride: 2, padding: 1 },
  { why: "padding 1, 3x3 windows, stride 1", channels: 2, size: [4, 5], kernel: [3, 3], stride: 1, padding: 1 },
  {
    why: "padding 1, 3x3 windows, stride 2 (ResNet)",
    channels: 3,
    size: [7, 7],
    kernel: [3, 3],
    stride: 2,
    padding: 1,
  },
  { why: "padding 1, even plane", channels: 3, size: [8, 6], kernel: [3, 3], stride: 2, padding: 1 },
  { why: "padding 1, stride 3", channels: 2, size: [7, 8], kernel: [3, 3], stride: 3, padding: 1 },
  { why: "padding 2, 5x5 windows", channels: 2, size: [5, 6], kernel: [5, 5], stride: 2, padding: 2 },
  { why: "padding 1, 2x3 windows", channels: 2, size: [4, 5], kernel: [2, 3], stride: 2, padding: 1 },
  { why: "padding 1 around one pixel", channels: 3, size: [1, 1], kernel: [3, 3], stride: 1, padding: 1 },
  { why: "padding 2 around two pixels", channels: 1, size: [2, 1], kernel: [4, 4], stride: 1, padding: 2 },
  { why: "lanes 8", channels: 3, size: [5, 5], kernel: [2, 2], stride: 2, lanes: 8 },
  { why: "lanes 12", channels: 3, size: [5, 5], kernel: [3, 3], stride: 2, padding: 1, lanes: 12 },
  { why: "lanes 16", channels: 3, size: [5, 5], kernel: [2, 2], stride: 1, lanes: 16 },
  { why: "lanes 20", channels: 3, size: [5, 5], kernel: [3, 3], stride: 2, lanes: 20 },
  { why: "lanes 64", channels: 3, size: [5, 5], kernel: [3, 3], stride: 2, padding: 1, lanes: 64 },
  { why: "2 lanes", channels: 3, size: [4, 6], kernel: [2, 2], stride: 2, lanes: 2 },
  { why: "2 lanes, overlapping", channels: 3, size: [5, 5], kernel: [3, 3], stride: 2, padding: 1, lanes: 2 },
  { why: "6 lanes, both left over", channels: 3, size: [5, 7], kernel: [2, 2], stride: 2, lanes: 6 },
  { why: "10 lanes, overlapping", channels: 3, size: [7, 7], kernel: [3, 3], stride: 2, lanes: 10 },
  { why: "work for threads, odd sizes", channels: 5, size: [13, 11], kernel: [3, 3], stride: 2, padding: 1, lanes: 20 },
  { why: "LeNet's first", channels: 6, size: [28, 28], kernel: [2, 2], stride: 2, lanes: 10 },
  { why: "LeNet's second", channels: 16, size: [10, 10], kernel: [2, 2], stride: 2, lanes: 10 },
  { why: "AlexCifarNet's first", channels: 8, size: [16, 16], kernel: [3, 3], stride: 2, padding: 1, lanes: 12 },
];

const cases = rows.map(({ why, channels = 1, size, kernel, stride, padding = 0, lanes = 4 }) => {
  const shape: Pool2dShape = {
    channels,
    inHeight: size[0],
    inWidth: size[1],
    outHeight: Math.floor((size[0] + 2 * padding - kernel[0]) / stride) + 1,
    outWidth: Math.floor((size[1] + 2 * padding - kernel[1]) / stride) + 1,
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    stride,
    padding,
    lanes,
  };
  return {
    why,
    shape,
    xFloats: channels * size[0] * size[1] * lanes,
    yFloats: channels * shape.outHeight * shape.outWidth * lanes,
  };
});

/** A winner for every window, anywhere in it but never in the padding. */
function paintIndex(shape: Pool2dShape, n: number): Float32Array {
  const { kernelHeight, kernelWidth, inHeight, inWidth, outHeight, outWidth, stride, padding, lanes } = shape;
  const choices = paint(n, 9);
  return Float32Array.from({ length: n }, (_, output) => {
    const top = (Math.floor(output / (outWidth * lanes)) % outHeight) * stride - padding;
    const left = (Math.floor(output / lanes) % outWidth) * stride - padding;
    const inside: number[] = [];
    for (let k = 0; k < kernelHeight * kernelWidth; k++) {
      const row = top + Math.floor(k / kernelWidth);
      const column = left + (k % kernelWidth);
      if (row >= 0 && row < inHeight && column >= 0 && column < inWidth) inside.push(k);
    }
    return inside[Math.floor(((choices[output]! + 1) / 2) * inside.length)]!;
  });
}

describe("maxPool2dForward", () => {
  const inputs = [
    { kind: "real", values: (n: number) => paint(n, 1) },
    // 7 values over thousands of pixels: most windows hold their largest value more than once.
    { kind: "ties", values: (n: number) => paintWhole(n, 1) },
    { kind: "all equal", values: (n: number) => new Float32Array(n).fill(-1) },
    // Below zero everywhere: padding that counted as zero would win.
    { kind: "below zero", values: (n: number) => paint(n, 1).map((value) => value - 1e4) },
    // A diverged run must show: a NaN is the largest of its window.
    { kind: "NaN", values: (n: number) => paint(n, 1).map((value) => (Math.abs(value) < 0.1 ? Number.NaN : value)) },
  ];
  for (const { why, shape, xFloats, yFloats } of cases) {
    test(why, async () => {
      for (const { kind, values } of inputs) {
        await checkOp({
          label: `maxPool2dForward, ${why}, ${kind}, seed 1`,
          operands: {
            x: { values: values(xFloats) },
            y: { values: unwritten(yFloats) },
            index: { values: unwritten(yFloats) },
          },
          outputs: { y: { tolerance: 0, mayBeNaN: kind === "NaN" }, index: { tolerance: 0 } },
          call: (ops, at) => ops.maxPool2dForward(at.y, at.index, at.x, shape),
        });
      }
    });
  }
});

describe("maxPool2dGather", () => {
  for (const { why, shape, xFloats, yFloats } of cases) {
    test(why, async () => {
      await checkOp({
        label: `maxPool2dGather, ${why}, seeds 2 9`,
        operands: {
          rx: { values: paint(xFloats, 2) },
          index: { values: paintIndex(shape, yFloats) },
          ry: { values: unwritten(yFloats) },
        },
        outputs: { ry: { tolerance: 0 } },
        call: (ops, at) => ops.maxPool2dGather(at.ry, at.index, at.rx, shape),
      });
    });
  }
});

describe("maxPool2dScatter", () => {
  for (const { why, shape, xFloats, yFloats } of cases) {
    test(why, async () => {
      await checkOp({
        label: `maxPool2dScatter, ${why}, seeds 3 9`,
        operands: {
          dy: { values: paint(yFloats, 3) },
          index: { values: paintIndex(shape, yFloats) },
          dx: { values: unwritten(xFloats) },
        },
        outputs: { dx: { tolerance: float32Tolerance } },
        call: (ops, at) => ops.maxPool2dScatter(at.dx, at.index, at.dy, shape),
      });
    });
  }
});
