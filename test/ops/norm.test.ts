// Normalisation over sets, all four passes, against the reference.

import { describe, test } from "vitest";
import { write } from "../../src/backend/backend.ts";
import { type Buffer, none } from "../../src/backend/buffer.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import type { NormShape } from "../../src/backend/shapes.ts";
import { NORM_LANES, NORM_ROWS, NORM_SPAN } from "../../src/backend/wasm/tiles.gen.ts";
import { onGpu } from "../backends-under-test.ts";
import { float32Tolerance, paint, peek } from "../helpers.ts";
import { checkOp, type Operand, type OutputRule, unwritten } from "./parity.ts";

const eps = 1e-5;

interface Row {
  readonly why: string;
  readonly channels: number;
  readonly area: number;
  readonly images: number;
  /** If not the fewest that hold the images: a chunk that is not full. */
  readonly lanes?: number;
}

/** Lanes in one vector, one tile of 16 ± 1, several; positions in one block of 16 ± 1, several; a span of 64 lanes ± 1. */
const rows: readonly Row[] = [
  // Where the kernels change their way, one less and one more. A GPU has one way.
  ...(onGpu ? [] : [-1, 0, 1]).flatMap((more): Row[] => [
    { why: `${NORM_LANES} lanes, ${more}`, channels: 4, area: 3, images: NORM_LANES + more },
    { why: `${NORM_SPAN} lanes, ${more}`, channels: 4, area: 3, images: NORM_SPAN + more },
    { why: `${NORM_ROWS} positions, ${more}`, channels: 4, area: NORM_ROWS + more, images: 3 },
  ]),
  { why: "one float a set", channels: 2, area: 1, images: 1 },
  { why: "two positions", channels: 2, area: 2, images: 1 },
  { why: "two images", channels: 2, area: 3, images: 2 },
  { why: "three images", channels: 4, area: 4, images: 3 },
  { why: "one full vector", channels: 2, area: 9, images: 4 },
  { why: "one lane more", channels: 6, area: 9, images: 5 },
  { why: "1x1 maps, many channels", channels: 24, area: 1, images: 10 },
  { why: "15 positions", channels: 4, area: 15, images: 10 },
  { why: "16 positions", channels: 4, area: 16, images: 10 },
  { why: "17 positions", channels: 4, area: 17, images: 10 },
  { why: "odd everything", channels: 10, area: 35, images: 7 },
  { why: "12 images", channels: 8, area: 49, images: 12 },
  { why: "a tile less one", channels: 4, area: 20, images: 15 },
  { why: "a tile", channels: 4, area: 20, images: 16 },
  { why: "a tile and one", channels: 4, area: 20, images: 17 },
  { why: "two tiles", channels: 2, area: 33, images: 32 },
  { why: "a span less one", channels: 2, area: 18, images: 63 },
  { why: "a span", channels: 2, area: 18, images: 64 },
  { why: "a span and one", channels: 2, area: 18, images: 65 },
  { why: "a chunk of 16 with 3 images", channels: 4, area: 25, images: 3, lanes: 16 },
  { why: "a chunk of 24 with 17 images", channels: 4, area: 25, images: 17, lanes: 24 },
  { why: "a chunk of 72 with 1 image", channels: 2, area: 6, images: 1, lanes: 72 },
  { why: "ConvNet's last norm", channels: 16, area: 64, images: 10 },
  { why: "large enough for two threads", channels: 12, area: 100, images: 22 },
];

const kinds = [
  { kind: "instance", groups: (channels: number) => channels, acrossImages: false },
  { kind: "group", groups: (channels: number) => channels / 2, acrossImages: false },
  { kind: "layer", groups: () => 1, acrossImages: false },
  { kind: "lanes", groups: (channels: number) => channels, acrossImages: true },
] as const;

const cases = kinds.flatMap(({ kind, groups, acrossImages }) =>
  rows.map(({ why, channels, area, images, lanes = Math.ceil(images / 4) * 4 }) => {
    const shape: NormShape = { channels, groups: groups(channels), area, images, lanes, acrossImages };
    return { label: `${kind} norm, ${why}`, shape, floats: channels * area * lanes };
  }),
);

const isReal =
  ({ images, lanes }: NormShape) =>
  (i: number): boolean =>
    i % lanes < images;

/** Real lanes within the tolerance, padding lanes finite. */
const values = (shape: NormShape): OutputRule => ({ tolerance: float32Tolerance, means: isReal(shape) });

/** Real lanes within the tolerance, padding lanes zero. */
const gradients = (shape: NormShape): OutputRule => ({
  tolerance: float32Tolerance,
  zero: (i) => !isReal(shape)(i),
  // The size of the terms: they cancel in small sets.
  scale: 1,
});

/** Sums of lanes, and after them means of sets, which padding lanes may hold too. */
const sumsRule = (shape: NormShape): OutputRule => ({
  tolerance: float32Tolerance,
  means: isReal(shape),
  zero: (i) => i < 2 * shape.channels * shape.lanes && !isReal(shape)(i),
});

/** An activation with large values in its padding lanes, which must not count. */
function activation(shape: NormShape, seed: number): Float32Array {
  const { channels, area, lanes } = shape;
  return paint(channels * area * lanes, seed).map((value, i) => (isReal(shape)(i) ? value : 100 * value));
}

/** A gradient: zero in its padding lanes. */
function gradient(shape: NormShape, seed: number): Float32Array {
  const { channels, area, lanes } = shape;
  return paint(channels * area * lanes, seed).map((value, i) => (isReal(shape)(i) ? value : 0));
}

/** Two numbers of each set and lane: [2·groups, lanes], equal in all lanes of a set. `second` in padding lanes is 0. */
function pairs(shape: NormShape, seed: number, second = (value: number): number => value): Float32Array {
  const { groups, lanes, acrossImages } = shape;
  return paint(2 * groups * lanes, seed).map((own, i, all) => {
    const value = acrossImages ? all[i - (i % lanes)]! : own;
    if (i < groups * lanes) return value;
    return isReal(shape)(i) ? second(value) : 0;
  });
}

/** Means and inverse deviations as `normForward` leaves them. */
const statistics = (shape: NormShape, seed: number) => pairs(shape, seed, (value) => 1 + value / 2);

const reference = createReferenceBackend();

/** The sums that `normBackward` leaves for these operands, `weight` [channels] or none. */
function sumsOf(shape: NormShape, operands: Readonly<Record<"dy" | "x" | "statistics", Operand>>, weight?: Operand) {
  let end = reference.base;
  const put = (values: ArrayLike<number>): Buffer => {
    const at = end;
    end += values.length;
    reference.reserve(end);
    write(reference, at, values);
    return at;
  };
  const [dy, x, statistics] = [put(operands.dy.values), put(operands.x.values), put(operands.statistics.values)];
  const count = 2 * (shape.channels + shape.groups) * shape.lanes;
  const sums = put(unwritten(count));
  reference.ops.normBackward(none, sums, dy, x, statistics, weight ? put(weight.values) : none, shape);
  return Float32Array.from(peek(reference, sums, count));
}

describe.each(cases)("$label", ({ label, shape, floats }) => {
  const { channels, groups, lanes } = shape;
  const pairFloats = 2 * groups * lanes;
  const sumFloats = 2 * (channels + groups) * lanes;
  const parameters = (seed: number, shift: number) => ({ values: paint(channels, seed), shift });

  test.each(["with", "without"])("forward %s weight and bias", async (affine) => {
    const out = { y: { values: unwritten(floats) }, statistics: { values: unwritten(pairFloats) } };
    for (const mean of [0, 20]) {
      const x = { values: activation(shape, 1).map((value) => 3 * value + mean) };
      const operands = { x, weight: parameters(2, 1), bias: parameters(3, 3), ...out };
      await checkOp({
        label: `${label}, around ${mean}, seeds 1 2 3`,
        operands,
        outputs: {
          // A rounded mean moves x̂ by half a unit in its last place: some 1e-6 of x's own size.
          y: { ...values(shape), scale: Math.max(1, mean) },
          statistics: { ...values(shape), zero: (i) => i >= pairFloats / 2 && !isReal(shape)(i) },
        },
        call: (ops, at) => {
          const [weight, bias] = affine === "with" ? [at.weight, at.bias] : [none, none];
          ops.normForward(at.y, at.statistics, at.x, weight, bias, eps, shape);
        },
      });
    }
  });

  const primal = {
    x: { values: activation(shape, 1) },
    dy: { values: gradient(shape, 2) },
    statistics: { values: statistics(shape, 3) },
    weight: parameters(4, 2),
  };

  test.each(["with", "without"])("backward %s weight", async (affine) => {
    const operands = { ...primal, dx: { values: unwritten(floats) }, sums: { values: unwritten(sumFloats) } };
    const call = { label: `${label}, seeds 1 to 4`, operands };
    const weight = (at: { weight: number }) => (affine === "with" ? at.weight : none);
    await checkOp({
      ...call,
      outputs: { dx: gradients(shape), sums: sumsRule(shape) },
      call: (ops, at) => ops.normBackward(at.dx, at.sums, at.dy, at.x, at.statistics, weight(at), shape),
    });
    await checkOp({
      ...call,
      label: `${call.label}, no dx`,
      outputs: { sums: sumsRule(shape) },
      call: (ops, at) => ops.normBackward(none, at.sums, at.dy, at.x, at.statistics, weight(at), shape),
    });
  });

  // With or without weights, with or without a tangent of the input.
  const variants = [
    { affine: true, moving: true },
    { affine: true, moving: false },
    { affine: false, moving: true },
    { affine: false, moving: false },
  ];
  const tangents = {
    rx: { values: activation(shape, 5) },
    rWeight: parameters(6, 3),
    rBias: parameters(7, 1),
  };

  test.each(variants)("forwardR, weights $affine, rx $moving", async ({ affine, moving }) => {
    await checkOp({
      label: `${label}, seeds 1 3 4 5 6 7`,
      operands: {
        ...primal,
        ...tangents,
        ry: { values: unwritten(floats) },
        rStatistics: { values: unwritten(pairFloats) },
      },
      outputs: { ry: { ...values(shape), scale: 1 }, ...(moving && { rStatistics: values(shape) }) },
      call: (ops, at) => {
        const [weight, rWeight, rBias] = affine ? [at.weight, at.rWeight, at.rBias] : [none, none, none];
        const [rx, rStatistics] = moving ? [at.rx, at.rStatistics] : [none, none];
        ops.normForwardR(at.ry, rStatistics, rx, at.x, at.statistics, weight, rWeight, rBias, shape);
      },
    });
  });

  test.each(variants)("backwardR, weights $affine, rx $moving", async ({ affine, moving }) => {
    const operands = {
      ...primal,
      ...tangents,
      rdy: { values: gradient(shape, 8) },
      rStatistics: { values: pairs(shape, 9) },
      sums: { values: sumsOf(shape, primal, affine ? primal.weight : undefined) },
      rdx: { values: unwritten(floats) },
      rSums: { values: unwritten(sumFloats) },
    };
    for (const wanted of [true, false]) {
      await checkOp({
        label: `${label}, seeds 1 to 9, ${wanted ? "with" : "without"} rdx`,
        operands,
        outputs: { ...(wanted && { rdx: gradients(shape) }), rSums: sumsRule(shape) },
        call: (ops, at) => {
          const [weight, rWeight] = affine ? [at.weight, at.rWeight] : [none, none];
          const [rx, rStatistics] = moving ? [at.rx, at.rStatistics] : [none, none];
          const tangent = { rdy: at.rdy, rx, rStatistics, rWeight };
          const primal = { dy: at.dy, x: at.x, statistics: at.statistics, sums: at.sums, weight };
          ops.normBackwardR(wanted ? at.rdx : none, at.rSums, tangent, primal, shape);
        },
      });
    }
  });
});
