// Convolutions through the frequency domain against the reference's direct sums, and which layers take that way.
import { describe, expect, test } from "vitest";
import { none } from "../../src/backend/buffer.ts";
import type { FrequencyOps, FrequencyShape } from "../../src/backend/frequency-ops.ts";
import type { Ops } from "../../src/backend/ops.ts";
import { frequencyFloats, frequencyShape } from "../../src/backend/wasm/frequency-plan.ts";
import { onGpu } from "../backends-under-test.ts";
import { paint } from "../helpers.ts";
import { checkOp, unwritten } from "./parity.ts";

interface Row {
  readonly why: string;
  /** Input and output channels. */
  readonly channels: readonly [number, number];
  readonly kernel: 3 | 5;
  readonly plane: readonly [number, number];
  readonly side: 9 | 18;
  readonly lanes: number;
  readonly laneBlock?: number;
}

const rows: readonly Row[] = [
  { why: "a whole plane of 8", channels: [8, 8], kernel: 3, plane: [8, 8], side: 9, lanes: 8 },
  { why: "a whole plane of 16, 3×3", channels: [8, 8], kernel: 3, plane: [16, 16], side: 18, lanes: 8 },
  { why: "a whole plane of 16, 5×5", channels: [8, 8], kernel: 5, plane: [16, 16], side: 18, lanes: 8 },
  { why: "fewer rows", channels: [8, 8], kernel: 3, plane: [5, 8], side: 9, lanes: 4 },
  { why: "fewer columns", channels: [8, 8], kernel: 5, plane: [16, 11], side: 18, lanes: 4 },
  { why: "fewer of both", channels: [8, 16], kernel: 3, plane: [13, 12], side: 18, lanes: 8 },
  { why: "one value", channels: [8, 8], kernel: 3, plane: [1, 1], side: 9, lanes: 4 },
  { why: "more inputs than outputs", channels: [24, 8], kernel: 3, plane: [8, 8], side: 9, lanes: 8 },
  { why: "more outputs than inputs", channels: [8, 40], kernel: 3, plane: [7, 6], side: 9, lanes: 8 },
  { why: "4 images", channels: [8, 8], kernel: 3, plane: [8, 8], side: 9, lanes: 4 },
  { why: "12 images: half a group at the end", channels: [16, 8], kernel: 3, plane: [8, 8], side: 9, lanes: 12 },
  { why: "20 images: a strip and half a group", channels: [8, 8], kernel: 3, plane: [8, 8], side: 9, lanes: 20 },
  { why: "44 images in two blocks", channels: [8, 8], kernel: 3, plane: [6, 8], side: 9, lanes: 44, laneBlock: 24 },
  { why: "100 images in three blocks", channels: [8, 8], kernel: 3, plane: [4, 3], side: 9, lanes: 100, laneBlock: 40 },
  { why: "AlexCifarNet's channels", channels: [64, 64], kernel: 5, plane: [16, 16], side: 18, lanes: 12 },
  { why: "ConvNet-3's channels", channels: [128, 128], kernel: 3, plane: [8, 8], side: 9, lanes: 8 },
];

const workspaceRule = { tolerance: 0, opaque: true };
/** As direct sums are held to, with the terms that cancel between the frequencies. */
const tolerance = 2e-5;

const withFrequency = (ops: Ops): FrequencyOps | undefined =>
  ops.spectrumForward ? (ops as Ops & FrequencyOps) : undefined;

const cases = rows.map(({ why, channels, kernel, plane, side, lanes, laneBlock = lanes }, row) => {
  const [height, width] = plane;
  const [inChannels, outChannels] = channels;
  const shape: FrequencyShape = { inChannels, outChannels, height, width, kernel, side, lanes, laneBlock };
  return { why, shape, shift: row % 4 };
});

// Only the kernels have these ops.
describe.skipIf(onGpu).each(cases)("$why:", ({ why, shape, shift }) => {
  const { inChannels, outChannels, height, width, kernel, lanes } = shape;
  const floats = frequencyFloats(shape);
  const padding = (kernel - 1) / 2;
  const sides = { inChannels, outChannels, kernelHeight: kernel, kernelWidth: kernel, lanes };
  const padded = { inHeight: height + 2 * padding, inWidth: width + 2 * padding };
  const direct = { ...sides, ...padded, outHeight: height, outWidth: width, stride: 1 };
  const back = { ...sides, inHeight: height, inWidth: width, outHeight: height, outWidth: width, padding };
  const frame = { channels: inChannels, height, width, top: padding, left: padding, spread: 1, lanes };
  const embed = { ...frame, outHeight: padded.inHeight, outWidth: padded.inWidth };
  const [xFloats, yFloats] = [inChannels, outChannels].map((c) => c * height * width * lanes) as [number, number];
  const x = { values: paint(xFloats, 1) };
  const w = { values: paint(inChannels * outChannels * kernel * kernel, 2), shift };
  const dy = { values: paint(yFloats, 5) };
  const room = (n: number) => ({ values: unwritten(n) });
  const inputs = room(Math.max(floats.inputs, inChannels * padded.inHeight * padded.inWidth * lanes));
  const [outputs, weights, gradient] = [room(floats.outputs), room(floats.weights), room(floats.gradient)];

  test.each([false, true])("forward, twice as spectra %s, is the reference's", async (twice) => {
    const bias = { values: paint(outChannels, 3), shift: (shift + 1) % 4 };
    await checkOp({
      label: `${why}, seeds 1 2 3`,
      operands: { x, w, bias, y: room(yFloats), inputs, outputs, weights },
      outputs: { y: { tolerance }, inputs: workspaceRule, outputs: workspaceRule, weights: workspaceRule },
      call(ops, at) {
        const by = withFrequency(ops);
        if (by === undefined) {
          ops.embed2d(at.inputs, at.x, embed);
          ops.conv2dForward(at.y, at.inputs, at.w, at.bias, direct, false);
          if (twice) ops.conv2dForward(at.y, at.inputs, at.w, none, direct, true);
          return;
        }
        by.spectrumForward(at.inputs, at.x, "inputs", shape);
        by.frequencyWeights(at.weights, none, at.w, shape);
        by.frequencyForward(at.outputs, at.inputs, at.weights, shape, false);
        if (twice) by.frequencyForward(at.outputs, at.inputs, at.weights, shape, true);
        by.spectrumBack(at.y, at.outputs, at.bias, "outputs", shape);
      },
    });
  });

  test.each([false, true])("the data gradient, twice as spectra %s, is the reference's", async (twice) => {
    await checkOp({
      label: `${why}, seeds 2 5`,
      operands: { dy, w, dx: room(xFloats), inputs, outputs, weights },
      outputs: { dx: { tolerance }, inputs: workspaceRule, outputs: workspaceRule, weights: workspaceRule },
      call(ops, at) {
        const by = withFrequency(ops);
        if (by === undefined) {
          ops.conv2dBackwardData(at.dx, at.dy, at.w, back, false);
          if (twice) ops.conv2dBackwardData(at.dx, at.dy, at.w, back, true);
          return;
        }
        by.spectrumForward(at.outputs, at.dy, "outputs", shape);
        by.frequencyWeights(none, at.weights, at.w, shape);
        by.frequencyBackwardData(at.inputs, at.outputs, at.weights, shape, false);
        if (twice) by.frequencyBackwardData(at.inputs, at.outputs, at.weights, shape, true);
        by.spectrumBack(at.dx, at.inputs, none, "inputs", shape);
      },
    });
  });

  test.each([
    [false, false],
    [true, false],
    [false, true],
  ])("the weight gradient, added %s, twice as spectra %s, is the reference's", async (accumulate, twice) => {
    const dw = { values: accumulate ? paint(w.values.length, 7) : unwritten(w.values.length), shift };
    await checkOp({
      label: `${why}, seeds 1 5 7`,
      operands: { x, dy, dw, inputs, outputs, gradient },
      outputs: { dw: { tolerance }, inputs: workspaceRule, outputs: workspaceRule, gradient: workspaceRule },
      call(ops, at) {
        const by = withFrequency(ops);
        if (by === undefined) {
          ops.embed2d(at.inputs, at.x, embed);
          ops.conv2dBackwardWeights(at.dw, at.dy, at.inputs, direct, accumulate);
          if (twice) ops.conv2dBackwardWeights(at.dw, at.dy, at.inputs, direct, true);
          return;
        }
        by.spectrumForward(at.inputs, at.x, "inputs", shape);
        by.spectrumForward(at.outputs, at.dy, "outputs", shape);
        by.frequencyBackwardWeights(at.gradient, at.outputs, at.inputs, shape, false);
        if (twice) by.frequencyBackwardWeights(at.gradient, at.outputs, at.inputs, shape, true);
        by.frequencyWeightsBack(at.dw, at.gradient, shape, accumulate);
      },
    });
  });
});

describe("what goes through the frequency domain", () => {
  const layer = (inChannels: number, outChannels: number, kernel: number, out: number, lanes: number) => ({
    ...{ inChannels, outChannels, kernelHeight: kernel, kernelWidth: kernel, outHeight: out, outWidth: out },
    ...{ stride: 1, padding: (kernel - 1) / 2, lanes },
  });

  test.each([
    ["AlexCifarNet's second layer", layer(64, 64, 5, 16, 100), 18],
    ["a layer of ConvNet, 32 images", layer(128, 128, 3, 16, 32), 18],
    ["a layer of ConvNet, 12 images: Winograd's weights are fewer", layer(128, 128, 3, 16, 12), undefined],
    ["the last layer of ConvNet", layer(128, 128, 3, 8, 12), 9],
    ["a layer of VGG-11", layer(256, 256, 3, 8, 32), 9],
    ["AlexNet's last layers: their weights would take too much room", layer(256, 384, 3, 13, 32), undefined],
    ["a layer of three channels", layer(3, 64, 5, 16, 32), undefined],
    ["channels that are no whole blocks", layer(68, 64, 3, 8, 32), undefined],
    ["a plane that no codelet takes", layer(64, 64, 3, 17, 32), undefined],
    ["a 1×1 kernel", layer(64, 64, 1, 16, 32), undefined],
    ["a stride", { ...layer(64, 64, 3, 8, 32), stride: 2 }, undefined],
    ["an input that loses its borders", { ...layer(64, 64, 3, 8, 32), padding: 0 }, undefined],
  ])("%s", (_, sizes, side) => {
    expect(frequencyShape(sizes)?.side).toBe(side);
  });

  test("blocks of many images are whole groups of eight, but the last one", () => {
    const blocks = [32, 36, 48, 64, 100, 128].map((lanes) => frequencyShape(layer(64, 64, 5, 16, lanes))!.laneBlock);
    expect(blocks).toEqual([32, 40, 24, 32, 40, 32]);
  });
});
