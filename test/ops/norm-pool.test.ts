// Normalisation, ReLU and average pooling in one, all four passes, against the reference's three ops one after the other.
import { describe, test } from "vitest";
import { none, type OptionalBuffer } from "../../src/backend/buffer.ts";
import type { NormPoolOps, NormPoolShape } from "../../src/backend/norm-pool-ops.ts";
import type { Ops } from "../../src/backend/ops.ts";
import { NORM_LANES, NORM_SPAN } from "../../src/backend/wasm/tiles.gen.ts";
import { float32Tolerance, paint } from "../helpers.ts";
import { checkOp, type OutputRule, unwritten } from "./parity.ts";

const eps = 1e-5;

interface Row {
  readonly why: string;
  readonly channels: number;
  readonly plane: readonly [height: number, width: number];
  readonly images: number;
  readonly lanes?: number;
}

/** Lanes in one vector, one tile, several; positions in one block of float32 sums and in several. */
const rows: readonly Row[] = [
  { why: "two windows", channels: 4, plane: [2, 4], images: 3 },
  { why: "a row of windows", channels: 2, plane: [2, 10], images: 4 },
  { why: "a column of windows", channels: 4, plane: [10, 2], images: 5 },
  { why: "more rows than columns", channels: 6, plane: [6, 4], images: 10 },
  { why: "more columns than rows", channels: 2, plane: [4, 12], images: 12 },
  { why: "a tile less one", channels: 4, plane: [4, 4], images: NORM_LANES - 1 },
  { why: "a tile", channels: 4, plane: [4, 4], images: NORM_LANES },
  { why: "a tile and one", channels: 2, plane: [4, 4], images: NORM_LANES + 1 },
  { why: "a span and one", channels: 2, plane: [2, 4], images: NORM_SPAN + 1 },
  { why: "a chunk of 40 with 17 images", channels: 4, plane: [4, 6], images: 17, lanes: 40 },
  { why: "large enough for two threads", channels: 8, plane: [16, 16], images: 10 },
];

const kinds = [
  { kind: "instance", groups: (channels: number) => channels, acrossImages: false },
  { kind: "group", groups: () => 2, acrossImages: false },
  { kind: "batch", groups: (channels: number) => channels, acrossImages: true },
];

const cases = kinds.flatMap(({ kind, groups, acrossImages }) =>
  rows.map(({ why, channels, plane: [height, width], images, lanes = Math.ceil(images / 4) * 4 }) => {
    const shape = { channels, groups: groups(channels), area: height * width, width, images, lanes, acrossImages };
    return { label: `${kind} norm, ${why}`, shape: shape as NormPoolShape };
  }),
);

/** Kernels have the four passes as ops of their own. */
const inOne = (ops: Ops): NormPoolOps | undefined => (ops.normPoolForward ? (ops as Ops & NormPoolOps) : undefined);

type Affine = Readonly<Record<"weight" | "bias" | "rWeight" | "rBias", OptionalBuffer>>;
type Places = Readonly<
  Record<"x" | "y" | "z" | "statistics" | "dx" | "dz" | "dy" | "sums" | "rx" | "ry" | "rz", number> &
    Record<"rStatistics" | "rdx" | "rdz" | "rdy" | "rSums", number>
>;

function inSteps(ops: Ops, at: Places, { weight, bias, rWeight, rBias }: Affine, shape: NormPoolShape): void {
  const { channels, area, width, lanes } = shape;
  const [n, height] = [channels * area * lanes, area / width];
  const frame = { channels, inHeight: height, inWidth: width, outHeight: height / 2, outWidth: width / 2, lanes };
  const pool = { ...frame, kernelHeight: 2, kernelWidth: 2, strideHeight: 2, strideWidth: 2, padding: 0 };
  ops.normForward(at.z, at.statistics, at.x, weight, bias, eps, shape);
  ops.reluForward(at.z, at.z, n);
  ops.avgPool2dForward(at.y, at.z, pool);
  ops.avgPool2dBackward(at.dz, at.dy, pool);
  ops.reluMask(at.dz, at.z, at.dz, n);
  ops.normBackward(at.dx, at.sums, at.dz, at.x, at.statistics, weight, shape);
  ops.normForwardR(at.rz, at.rStatistics, at.rx, at.x, at.statistics, weight, rWeight, rBias, shape);
  ops.reluMask(at.rz, at.z, at.rz, n);
  ops.avgPool2dForward(at.ry, at.rz, pool);
  ops.avgPool2dBackward(at.rdz, at.rdy, pool);
  ops.reluMask(at.rdz, at.z, at.rdz, n);
  const tangent = { rdy: at.rdz, rx: at.rx, rStatistics: at.rStatistics, rWeight };
  const primal = { dy: at.dz, x: at.x, statistics: at.statistics, sums: at.sums, weight };
  ops.normBackwardR(at.rdx, at.rSums, tangent, primal, shape);
}

describe.each(cases)("$label", ({ label, shape }) => {
  const { channels, groups, area, images, lanes } = shape;
  const n = channels * area * lanes;
  const isReal = (i: number): boolean => i % lanes < images;
  const room = (floats: number) => ({ values: unwritten(floats) });
  /** With large values in its padding lanes, which must not count. */
  const activation = (seed: number) => ({ values: paint(n, seed).map((v, i) => (isReal(i) ? v : 100 * v)) });
  /** Zero in its padding lanes. */
  const gradient = (seed: number) => ({ values: paint(n / 4, seed).map((v, i) => (isReal(i) ? v : 0)) });
  const parameters = (seed: number, shift: number) => ({ values: paint(channels, seed), shift });
  const pairFloats = 2 * groups * lanes;
  const sumFloats = 2 * (channels + groups) * lanes;
  const values: OutputRule = { tolerance: float32Tolerance, means: isReal, scale: 1 };
  const gradients: OutputRule = { tolerance: float32Tolerance, zero: (i) => !isReal(i), scale: 1 };
  const ofNoMeaning: OutputRule = { tolerance: 0, opaque: true };

  test.each(["with", "without"])("all four passes %s weight and bias", async (affine) => {
    await checkOp({
      label: `${label}, seeds 1 to 8`,
      operands: {
        ...{ x: activation(1), rx: activation(2), dy: gradient(3), rdy: gradient(4) },
        ...{ weight: parameters(5, 1), bias: parameters(6, 3), rWeight: parameters(7, 2), rBias: parameters(8, 0) },
        ...{
          y: room(n / 4),
          z: room(n),
          statistics: room(pairFloats),
          dx: room(n),
          dz: room(n),
          sums: room(sumFloats),
        },
        ...{ ry: room(n / 4), rz: room(n), rStatistics: room(pairFloats), rdx: room(n), rdz: room(n) },
        rSums: room(sumFloats),
      },
      outputs: {
        ...{ y: values, statistics: values, dx: gradients, sums: values },
        ...{ ry: values, rStatistics: values, rdx: gradients, rSums: values },
        ...{ z: ofNoMeaning, dz: ofNoMeaning, rz: ofNoMeaning, rdz: ofNoMeaning },
      },
      call(ops, at) {
        const [weight, bias] = affine === "with" ? [at.weight, at.bias] : [none, none];
        const [rWeight, rBias] = affine === "with" ? [at.rWeight, at.rBias] : [none, none];
        const by = inOne(ops);
        if (by === undefined) {
          inSteps(ops, at, { weight, bias, rWeight, rBias }, shape);
          return;
        }
        const primal = { x: at.x, statistics: at.statistics, weight, bias };
        by.normPoolForward(at.y, at.statistics, at.x, weight, bias, eps, shape);
        by.normPoolBackward(at.dx, at.sums, at.dy, primal, shape);
        by.normPoolForwardR(at.ry, at.rStatistics, at.rz, at.rx, primal, rWeight, rBias, shape);
        const tangent = { rdy: at.rdy, rx: at.rx, rStatistics: at.rStatistics, rWeight };
        by.normPoolBackwardR(at.rdx, at.rSums, at.dz, tangent, { ...primal, dy: at.dy, sums: at.sums }, shape);
      },
    });
  });
});
