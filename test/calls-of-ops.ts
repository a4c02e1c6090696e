// A right call of every op, with sizes drawn at random: for tests of what ops do with wrong ones.

import type { FrequencyOps, FrequencyShape } from "../src/backend/frequency-ops.ts";
import type { NormPoolOps } from "../src/backend/norm-pool-ops.ts";
import type { Ops } from "../src/backend/ops.ts";
import type { Conv2dPlan, Planner } from "../src/backend/plan.ts";
import { type Activation, ridgeFloats } from "../src/backend/shapes.ts";

/** An operand of `floats` floats. */
export class Operand {
  readonly floats: number;
  readonly isOutput: boolean;

  constructor(floats: number, isOutput: boolean) {
    this.floats = floats;
    this.isOutput = isOutput;
  }
}

const out = (floats: number): Operand => new Operand(floats, true);
const given = (floats: number): Operand => new Operand(floats, false);

/** Returns a whole number from `low` to `high`. */
export type Draw = (low: number, high: number) => number;

/** The arguments of a call, with an `Operand` in the place of each buffer, also within objects. */
export type Call = readonly unknown[];

const vector = (draw: Draw) => draw(1, 40);
const lanesOf = (draw: Draw) => 4 * draw(1, 3);
const activations: readonly Activation[] = ["tanh", "sigmoid", "softplus"];

function convolution(draw: Draw) {
  const [kernelHeight, kernelWidth, stride, outHeight, outWidth] = [1, 2, 3, 4, 5].map(() => draw(1, 3)) as Five;
  return {
    ...{ inChannels: draw(1, 5), outChannels: draw(1, 5), kernelHeight, kernelWidth, stride, outHeight, outWidth },
    inHeight: (outHeight - 1) * stride + kernelHeight,
    inWidth: (outWidth - 1) * stride + kernelWidth,
    lanes: lanesOf(draw),
  };
}

type Five = [number, number, number, number, number];
type Convolution = ReturnType<typeof convolution>;

/** A convolution that kernels transform when they are given a workspace. */
function transformed(draw: Draw): Convolution {
  const [outHeight, outWidth] = [4 * draw(1, 2), 4 * draw(1, 2)];
  const sides = { inHeight: outHeight + 2, inWidth: outWidth + 2, outHeight, outWidth };
  return { inChannels: 16, outChannels: 16, kernelHeight: 3, kernelWidth: 3, stride: 1, ...sides, lanes: 8 };
}

function conv2dCalls(draw: Draw, shape: Convolution, plan?: Conv2dPlan) {
  const { inChannels, inHeight, inWidth, outChannels, outHeight, outWidth, kernelHeight, kernelWidth, lanes } = shape;
  const [x, y] = [inChannels * inHeight * inWidth * lanes, outChannels * outHeight * outWidth * lanes];
  const w = outChannels * inChannels * kernelHeight * kernelWidth;
  const accumulate = draw(0, 1) === 1;
  const { stride: _, ...unpadded } = shape;
  const data = { ...unpadded, padding: 0, outHeight: inHeight - kernelHeight + 1, outWidth: inWidth - kernelWidth + 1 };
  const dy = outChannels * data.outHeight * data.outWidth * lanes;
  const workspace = plan ? [out(plan.workspace)] : [];
  const ofWeights = plan ? [out(plan.weightWorkspace)] : [];
  return {
    conv2dForward: [out(y), given(x), given(w), given(outChannels), shape, accumulate, ...workspace],
    conv2dBackwardData: [out(x), given(dy), given(w), data, accumulate, ...workspace],
    conv2dBackwardWeights: [out(w), given(y), given(x), shape, accumulate, ...ofWeights],
  };
}

/** The calls of the frequency domain, where the plan has it. */
function frequencyCalls(draw: Draw, plan: Planner) {
  if (plan.frequency === undefined) return {};
  const lanes = 4 * draw(1, 3);
  const sizes = { inChannels: 8 * draw(1, 2), outChannels: 8 * draw(1, 2), height: draw(1, 8), width: draw(1, 8) };
  const shape: FrequencyShape = { ...sizes, kernel: 3, side: 9, lanes, laneBlock: lanes };
  const { inputs, outputs, weights, gradient } = plan.frequency.floats(shape);
  const { inChannels, outChannels, height, width } = sizes;
  const w = 9 * inChannels * outChannels;
  const accumulate = draw(0, 1) === 1;
  return {
    spectrumForward: [out(inputs), given(inChannels * height * width * lanes), "inputs", shape],
    spectrumBack: [out(outChannels * height * width * lanes), given(outputs), given(outChannels), "outputs", shape],
    frequencyWeights: [out(weights), out(weights), given(w), shape],
    frequencyForward: [out(outputs), given(inputs), given(weights), shape, accumulate],
    frequencyBackwardData: [out(inputs), given(outputs), given(weights), shape, accumulate],
    frequencyBackwardWeights: [out(gradient), given(outputs), given(inputs), shape, accumulate],
    frequencyWeightsBack: [out(w), given(gradient), shape, accumulate],
  };
}

function linearCalls(draw: Draw) {
  const shape = { inFeatures: draw(1, 9), outFeatures: draw(1, 9), lanes: lanesOf(draw) };
  const { inFeatures, outFeatures, lanes } = shape;
  const [x, y, w] = [inFeatures * lanes, outFeatures * lanes, inFeatures * outFeatures];
  return {
    linearForward: [out(y), given(x), given(w), given(outFeatures), shape, false],
    linearBackwardData: [out(x), given(y), given(w), shape, true],
    linearBackwardWeights: [out(w), given(y), given(x), shape, false],
  };
}

function vectorCalls(draw: Draw) {
  const n = vector(draw);
  const [rows, length] = [draw(1, 4), draw(1, 9)];
  const f = activations[draw(0, 2)];
  return {
    fill: [out(n), 2, n],
    copy: [out(n), given(n), n],
    scale: [out(n), 2, given(n), n],
    axpy: [out(n), given(n), 2, given(n), n],
    axpyBy: [out(n), given(n), -1, given(1), given(n), n],
    scaleBy: [out(n), -1, given(1), given(n), n],
    multiply: [out(n), given(n), given(n), n],
    dot: [out(1), given(n), given(n), n],
    sum: [out(1), given(n), n, true],
    sumRows: [out(rows), given(rows * length), rows, length, false],
    reluForward: [out(n), given(n), n],
    reluMask: [out(n), given(n), given(n), n],
    leakyRelu: [out(n), given(n), given(n), n, 0.1],
    activationForward: [out(n), given(n), n, f],
    activationBackward: [out(n), given(n), given(n), n, f],
    activationBackwardR: [out(n), given(n), given(n), given(n), given(n), n, f],
  };
}

function layoutCalls(draw: Draw) {
  const lanes = lanesOf(draw);
  const [features, images] = [draw(1, 9), draw(1, lanes)];
  const packing = { features, images, lanes };
  const [channels, height, width, spread, top, left] = [1, 2, 3, 4, 5, 6].map(() => draw(1, 3)) as [...Five, number];
  const [outHeight, outWidth] = [top + height * spread, left + width * spread];
  const gathering = { ...packing, sourceLanes: lanesOf(draw) };
  const frame = { channels, height, width, outHeight, outWidth, top, left, spread, lanes };
  return {
    packImages: [out(features * lanes), given(images * features), packing],
    unpackImages: [out(images * features), given(features * lanes), packing],
    embed2d: [out(channels * outHeight * outWidth * lanes), given(channels * height * width * lanes), frame],
    gatherImages: [out(features * lanes), given(features * gathering.sourceLanes), given(images), gathering],
    scatterImages: [out(features * gathering.sourceLanes), given(features * lanes), given(images), gathering],
    oneHot: [out(features * lanes), given(images), { classes: features, images, lanes }],
  };
}

function augmentationCalls(draw: Draw) {
  const [channels, height, width, lanes] = [draw(1, 3), draw(1, 5), draw(1, 5), lanesOf(draw)];
  const shape = { channels, height, width, lanes };
  const n = channels * height * width * lanes;
  return {
    warp2dForward: [out(n), given(n), given(6 * lanes), shape],
    warp2dBackward: [out(n), given(n), given(6 * lanes), shape],
    recolor: [out(n), given(n), given(4 * lanes), shape, draw(0, 1) === 1],
    cutout: [out(n), given(n), given(4 * lanes), shape],
  };
}

function poolingCalls(draw: Draw) {
  const { inChannels: channels, outChannels: _o, stride, ...sizes } = convolution(draw);
  const max = { ...sizes, channels, stride, padding: 0 };
  const mean = { ...sizes, channels, strideHeight: stride, strideWidth: stride, padding: 0 };
  const x = channels * sizes.inHeight * sizes.inWidth * sizes.lanes;
  const y = channels * sizes.outHeight * sizes.outWidth * sizes.lanes;
  return {
    maxPool2dForward: [out(y), out(y), given(x), max],
    maxPool2dGather: [out(y), given(y), given(x), max],
    maxPool2dScatter: [out(x), given(y), given(y), max],
    avgPool2dForward: [out(y), given(x), mean],
    avgPool2dBackward: [out(x), given(y), mean],
    adaptiveAvgPool2dForward: [out(y), given(x), { ...sizes, channels }],
    adaptiveAvgPool2dBackward: [out(x), given(y), { ...sizes, channels }],
    resize2dForward: [out(y), given(x), { ...sizes, channels }],
    resize2dBackward: [out(x), given(y), { ...sizes, channels }],
  };
}

function normCalls(draw: Draw) {
  const [groups, area, lanes] = [draw(1, 3), draw(1, 5), lanesOf(draw)];
  const channels = groups * draw(1, 2);
  const shape = { channels, groups, area, images: draw(1, lanes), lanes, acrossImages: draw(0, 1) === 1 };
  const n = channels * area * lanes;
  const [pairs, sums] = [2 * groups * lanes, 2 * (channels + groups) * lanes];
  const response = { channels, area, size: 3, alpha: 0.1, beta: 0.75, k: 1, lanes };
  const tangent = { rdy: given(n), rx: given(n), rStatistics: given(pairs), rWeight: given(channels) };
  const primal = { dy: given(n), x: given(n), statistics: given(pairs), sums: given(sums), weight: given(channels) };
  const [a, c] = [() => given(n), () => given(channels)];
  return {
    normForward: [out(n), out(pairs), a(), c(), c(), 1e-5, shape],
    normBackward: [out(n), out(sums), a(), a(), given(pairs), c(), shape],
    normForwardR: [out(n), out(pairs), a(), a(), given(pairs), c(), c(), c(), shape],
    normBackwardR: [out(n), out(sums), tangent, primal, shape],
    localResponseNormForward: [out(n), out(n), a(), response],
    localResponseNormBackward: [out(n), out(n), a(), a(), a(), response],
    localResponseNormForwardR: [out(n), out(n), a(), a(), a(), response],
    localResponseNormBackwardR: [out(n), out(2 * n), a(), a(), a(), a(), a(), a(), response],
  };
}

function normPoolCalls(draw: Draw) {
  const [groups, width, lanes] = [draw(1, 3), 2 * draw(1, 3), lanesOf(draw)];
  const channels = groups * draw(1, 2);
  const area = 2 * draw(1, 3) * width;
  const shape = { channels, groups, area, width, images: draw(1, lanes), lanes, acrossImages: draw(0, 1) === 1 };
  const n = channels * area * lanes;
  const [pairs, sums] = [2 * groups * lanes, 2 * (channels + groups) * lanes];
  const c = () => given(channels);
  const primal = () => ({ x: given(n), statistics: given(pairs), weight: c(), bias: c() });
  const tangent = { rdy: given(n / 4), rx: given(n), rStatistics: given(pairs), rWeight: c() };
  const left = { dy: given(n / 4), sums: given(sums) };
  return {
    normPoolForward: [out(n / 4), out(pairs), given(n), c(), c(), 1e-5, shape],
    normPoolBackward: [out(n), out(sums), given(n / 4), primal(), shape],
    normPoolForwardR: [out(n / 4), out(pairs), out(n), given(n), primal(), c(), c(), shape],
    normPoolBackwardR: [out(n), out(sums), out(n), tangent, { ...primal(), ...left }, shape],
  };
}

function lossCalls(draw: Draw) {
  const lanes = lanesOf(draw);
  const shape = { classes: draw(2, 11), images: draw(1, lanes), lanes };
  const n = shape.classes * lanes;
  return {
    crossEntropy: [out(lanes), out(n), out(n), out(n), given(n), given(n), shape],
    crossEntropyR: [out(n), out(n), given(n), given(n), given(n), shape],
    squaredError: [out(lanes), out(n), out(n), given(n), given(n), shape],
    squaredErrorR: [out(n), out(n), given(n), shape],
    cosineDistance: [out(3), out(3 * n), given(3 * n), given(3 * n), 3, n],
    labelMargin: [out(lanes), out(n), given(n), 0.1, shape],
  };
}

function ridgeCalls(draw: Draw, plan: Planner) {
  const lanes = lanesOf(draw);
  const shape = { features: draw(1, 9), images: draw(1, lanes), lanes };
  const [rows, floats] = [draw(1, 4), ridgeFloats(shape.images, plan)];
  return {
    ridgeFactor: [out(floats.factor), given(shape.features * lanes), 0.1, shape],
    ridgeSolve: [out(rows * lanes), out(rows * floats.row), given(floats.factor), given(rows * lanes), rows, shape],
  };
}

function kernelCalls(draw: Draw, plan: Planner) {
  const [lanes, yLanes] = [lanesOf(draw), lanesOf(draw)];
  const [images, yImages] = [draw(1, lanes), draw(1, yLanes)];
  const shape = { features: draw(1, 9), images, lanes, yImages, yLanes, depth: draw(1, 3), tangent: draw(0, 1) === 1 };
  const [n, x] = [lanes * yLanes, shape.features * lanes];
  const [rows, length] = [draw(1, 4), draw(1, 9)];
  return {
    arcCosineKernel: [out(n), out(n), out(n), given(x), given(shape.features * yLanes), shape],
    arcCosineFactor: [out(ridgeFloats(images, plan).factor), given(x), 0.1, shape],
    wideProduct: [out(rows * lanes), given(rows * length), given(length * lanes), rows, length, lanes],
  };
}

function updateCalls(draw: Draw) {
  const n = vector(draw);
  const count = draw(1, 5);
  const moments = { beta1: 0.9, beta2: 0.99, eps: 1e-8, step: draw(1, 9) };
  const key = { seed: [draw(0, 99), 2], stream: draw(0, 9) };
  return {
    guard: [out(1), out(3), given(count), count, given(1), 2],
    adam: [out(n), out(n), out(n), given(n), n, { ...moments, learningRate: 0.1 }, given(1)],
    sgd: [out(n), out(n), given(n), n, { learningRate: 0.1, momentum: 0.5 }, given(1)],
    adamDirection: [out(n), out(n), out(n), given(n), given(n), n, { ...moments, weightDecay: 0.1 }, given(1)],
    adamAdjoint: [out(n), out(n), out(n), out(n), ...[1, 2, 3, 4].map(() => given(n)), given(1), n, moments],
    lambStep: [out(n), given(n), given(2), n, 0.1, given(1)],
    uniform: [out(n), n, key, -1, 1],
    normal: [out(n), n, key, 0, 1],
    dropoutMask: [out(n), n, key, 0.5],
  };
}

/** A call of each op, convolutions also with the workspace that `plan` gives them, with new sizes each time. */
export function callsOfOps(draw: Draw, plan: Planner): readonly (readonly [name: keyof Ops, call: Call])[] {
  const direct: Record<Exclude<keyof Ops, keyof FrequencyOps | keyof NormPoolOps>, Call> = {
    ...vectorCalls(draw),
    ...layoutCalls(draw),
    ...augmentationCalls(draw),
    ...conv2dCalls(draw, convolution(draw)),
    ...linearCalls(draw),
    ...poolingCalls(draw),
    ...normCalls(draw),
    ...lossCalls(draw),
    ...ridgeCalls(draw, plan),
    ...kernelCalls(draw, plan),
    ...updateCalls(draw),
  };
  const shape = transformed(draw);
  return [
    ...Object.entries(direct),
    ...Object.entries(conv2dCalls(draw, shape, plan.conv2d(shape))),
    ...Object.entries(frequencyCalls(draw, plan)),
    ...Object.entries(plan.normPool ? normPoolCalls(draw) : {}),
  ] as unknown as readonly (readonly [keyof Ops, Call])[];
}

/** The operands of a call, in order. */
export function operandsOf(call: Call): readonly Operand[] {
  return call.flatMap((value) => {
    if (value instanceof Operand) return [value];
    return typeof value === "object" && value !== null ? operandsOf(Object.values(value)) : [];
  });
}

/** The arguments with buffers in the place of operands. */
export function placed(call: Call, place: (operand: Operand) => unknown): unknown[] {
  const one = (value: unknown): unknown => {
    if (value instanceof Operand) return place(value);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inside]) => [key, one(inside)]));
  };
  return call.map(one);
}
