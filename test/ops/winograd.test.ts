// Convolutions by transformed tiles against the reference's direct sums, and which layers take that way.
import { describe, expect, test } from "vitest";
import { none } from "../../src/backend/buffer.ts";
import type { Conv2dBackwardDataShape, Conv2dShape } from "../../src/backend/shapes.ts";
import { WINOGRAD_SIDE } from "../../src/backend/wasm/tiles.gen.ts";
import {
  isGradientTransformed,
  isTransformed,
  winogradBlocks,
  winogradGradientFloats,
} from "../../src/backend/wasm/winograd-plan.ts";
import { paint } from "../helpers.ts";
import { checkOp, unwritten } from "./parity.ts";

interface Row {
  readonly why: string;
  /** Input and output channels. */
  readonly channels: readonly [number, number];
  readonly kernel: 3 | 5;
  readonly out: readonly [number, number];
  /** Input rows and columns that no window reaches. */
  readonly rest?: readonly [number, number];
  readonly lanes?: number;
}

/** Outputs of one tile and of two, one less and one more of each: of both kernels, in rows and columns. */
const edges: readonly Row[] = ([3, 5] as const).flatMap((kernel) => {
  const m = WINOGRAD_SIDE + 1 - kernel;
  return [m, 2 * m].flatMap((size) =>
    [size - 1, size, size + 1].flatMap((n): Row[] => [
      { why: `${n} rows, ${kernel}×${kernel}`, channels: [4, 8], kernel, out: [n, m] },
      { why: `${n} columns, ${kernel}×${kernel}`, channels: [8, 4], kernel, out: [m, n] },
    ]),
  );
});

// A tile gives 4×4 outputs of a 3×3 kernel, 2×2 of a 5×5 one; a block has at most 32 images and 64 images × tiles.
const rows: readonly Row[] = [
  ...edges,
  { why: "one tile, 3×3", channels: [4, 4], kernel: 3, out: [4, 4] },
  { why: "one tile, 5×5", channels: [4, 4], kernel: 5, out: [2, 2] },
  { why: "part of a tile, 3×3", channels: [4, 8], kernel: 3, out: [3, 1] },
  { why: "part of a tile, 5×5", channels: [8, 4], kernel: 5, out: [1, 1] },
  { why: "two tiles and a column", channels: [4, 4], kernel: 3, out: [4, 9] },
  { why: "two tiles and a row, 5×5", channels: [4, 4], kernel: 5, out: [5, 4] },
  { why: "many channels in", channels: [68, 4], kernel: 3, out: [5, 6], lanes: 8 },
  { why: "many channels out", channels: [4, 68], kernel: 5, out: [3, 4], lanes: 8 },
  { why: "12 images", channels: [8, 12], kernel: 3, out: [6, 7], lanes: 12 },
  { why: "20 images", channels: [8, 8], kernel: 5, out: [4, 3], lanes: 20 },
  { why: "36 images: two blocks of lanes", channels: [4, 8], kernel: 3, out: [5, 9], lanes: 36 },
  { why: "100 images: four blocks, one smaller", channels: [4, 4], kernel: 5, out: [3, 6], lanes: 100 },
  { why: "several blocks along a row", channels: [8, 4], kernel: 5, out: [4, 41], lanes: 8 },
  { why: "many blocks: eight sums of the weight gradient", channels: [4, 4], kernel: 5, out: [40, 40], lanes: 4 },
  { why: "an input larger than windows reach", channels: [4, 4], kernel: 3, out: [4, 4], rest: [2, 3] },
  { why: "so many channels that a block is small", channels: [384, 256], kernel: 3, out: [2, 3] },
  { why: "AlexCifarNet's channels", channels: [64, 64], kernel: 5, out: [4, 6], lanes: 12 },
  { why: "ConvNet-3's channels", channels: [128, 128], kernel: 3, out: [8, 4] },
];

/** Ten times what direct sums are held to: the price of fewer products. */
const tolerance = 1e-4;
const workspaceRule = { tolerance: 0, means: () => false, mayBeNaN: true };

const cases = rows.map(({ why, channels, kernel, out, rest = [0, 0], lanes = 4 }, row) => {
  const shape: Conv2dShape = {
    inChannels: channels[0],
    inHeight: out[0] + kernel - 1 + rest[0],
    inWidth: out[1] + kernel - 1 + rest[1],
    outChannels: channels[1],
    outHeight: out[0],
    outWidth: out[1],
    kernelHeight: kernel,
    kernelWidth: kernel,
    stride: 1,
    lanes,
  };
  const { inChannels, inHeight, inWidth, outChannels } = shape;
  return {
    why,
    shift: row % 4,
    shape,
    xFloats: inChannels * inHeight * inWidth * lanes,
    wFloats: inChannels * outChannels * kernel * kernel,
    yFloats: outChannels * out[0] * out[1] * lanes,
    workspace: { values: unwritten(winogradGradientFloats(shape)) },
  };
});

describe.each(cases)("$why:", ({ why, shape, shift, xFloats, wFloats, yFloats, workspace }) => {
  const x = { values: paint(xFloats, 1) };
  const w = { values: paint(wFloats, 2), shift };
  const dy = { values: paint(yFloats, 5) };

  test.each([false, true])("forward, accumulate %s, is the reference's", async (accumulate) => {
    const bias = { values: paint(shape.outChannels, 3), shift: (shift + 1) % 4 };
    const y = { values: accumulate ? paint(yFloats, 4) : unwritten(yFloats) };
    await checkOp({
      label: `${why}, seeds 1 2 3 4`,
      operands: { x, w, bias, y, workspace },
      outputs: { y: { tolerance }, workspace: workspaceRule },
      call: (ops, at) => ops.conv2dForward(at.y, at.x, at.w, at.bias, shape, accumulate, at.workspace),
    });
    await checkOp({
      label: `${why}, no bias, seeds 1 2 4`,
      operands: { x, w, y, workspace },
      outputs: { y: { tolerance }, workspace: workspaceRule },
      call: (ops, at) => ops.conv2dForward(at.y, at.x, at.w, none, shape, accumulate, at.workspace),
    });
  });

  test.each([false, true])("the data gradient, accumulate %s, is the reference's", async (accumulate) => {
    const { inChannels, outChannels, outHeight, outWidth, kernelHeight, kernelWidth, lanes } = shape;
    const paddings = [0, (kernelHeight - 1) / 2, kernelHeight - 1];
    // Odd ones too, with which tiles begin on other rows and columns of the padding.
    if (kernelHeight === 5 && inChannels * outChannels <= 64) paddings.push(1, 3);
    for (const padding of paddings) {
      const [inHeight, inWidth] = [shape.inHeight - 2 * padding, shape.inWidth - 2 * padding];
      if (inHeight < 1 || inWidth < 1) continue;
      const sizes = { inChannels, inHeight, inWidth, outChannels, outHeight, outWidth };
      const back: Conv2dBackwardDataShape = { ...sizes, kernelHeight, kernelWidth, padding, lanes };
      const floats = inChannels * inHeight * inWidth * lanes;
      await checkOp({
        label: `${why}, padding ${padding}, seeds 2 5 6`,
        operands: { dy, w, workspace, dx: { values: accumulate ? paint(floats, 6) : unwritten(floats) } },
        outputs: { dx: { tolerance }, workspace: workspaceRule },
        call: (ops, at) => ops.conv2dBackwardData(at.dx, at.dy, at.w, back, accumulate, at.workspace),
      });
    }
  });

  test.each([false, true])("the weight gradient, accumulate %s, is the reference's", async (accumulate) => {
    if (!isGradientTransformed(shape)) return;
    await checkOp({
      label: `${why}, seeds 1 5 7`,
      operands: { dy, x, workspace, dw: { values: accumulate ? paint(wFloats, 7) : unwritten(wFloats), shift } },
      outputs: { dw: { tolerance }, workspace: workspaceRule },
      call: (ops, at) => ops.conv2dBackwardWeights(at.dw, at.dy, at.x, shape, accumulate, at.workspace),
    });
  });
});

describe("what is transformed", () => {
  const layer = (inChannels: number, outChannels: number, kernel: number, out: number, stride = 1) => ({
    inChannels,
    outChannels,
    kernelHeight: kernel,
    kernelWidth: kernel,
    outHeight: out,
    outWidth: out,
    stride,
    lanes: 8,
  });

  test.each([
    ["AlexCifarNet's second layer", layer(64, 64, 5, 16), true],
    ["a block of ConvNet", layer(128, 128, 3, 16), true],
    ["AlexNet's last layers", layer(256, 384, 3, 13), true],
    ["a layer of three channels", layer(3, 64, 5, 32), false],
    ["LeNet's second layer", layer(6, 16, 5, 10), false],
    ["channels that are no whole blocks", layer(66, 64, 3, 16), false],
    ["a stride", layer(64, 64, 3, 16, 2), false],
    ["a 1×1 kernel", layer(64, 64, 1, 16), false],
    ["one output", layer(64, 64, 3, 1), false],
    ["more channels than a block has room for", layer(1024, 1024, 3, 16), false],
  ])("%s: %s", (_, sizes, expected) => {
    expect(isTransformed(sizes)).toBe(expected);
  });

  test("every sum of a weight gradient has a block", () => {
    for (const { shape } of cases) {
      const { groups, blocks } = winogradBlocks(shape);
      expect(groups).toBeGreaterThanOrEqual(1);
      expect(groups).toBeLessThanOrEqual(blocks);
    }
  });
});
