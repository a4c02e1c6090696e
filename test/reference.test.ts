// The oracle itself, checked against what does not come from it: numbers worked out by hand, published answers,
// adjoint pairs and finite differences.

import { describe, expect, test } from "vitest";
import { write } from "../src/backend/backend.ts";
import { type Buffer, none } from "../src/backend/buffer.ts";
import { createReferenceBackend } from "../src/backend/reference/backend.ts";
import type { Conv2dShape, LossShape, Pool2dShape } from "../src/backend/shapes.ts";
import { differenceStep, differenceTolerance, expectClose, float64Tolerance, paint, peek } from "./helpers.ts";

const backend = createReferenceBackend();
const { ops } = backend;
let end = backend.base;

/** Takes room for `n` floats. */
function room(n: number): Buffer {
  const at = end;
  end += n;
  backend.reserve(end);
  return at;
}

function put(values: ArrayLike<number>): Buffer {
  const at = room(values.length);
  write(backend, at, values);
  return at;
}

function read(at: Buffer, n: number): number[] {
  return [...peek(backend, at, n)];
}

function inner(a: Buffer, b: Buffer, n: number): number {
  const out = room(1);
  ops.dot(out, a, b, n);
  return read(out, 1)[0]!;
}

/** <dy, A x> and <Aᵀ dy, x> are the same number for an operation A and its adjoint. */
function expectAdjoint(left: number, right: number, label: string): void {
  expectClose([left], [right], float64Tolerance, label, Math.max(1, Math.abs(right)));
}

describe("memory", () => {
  test("grows, keeps what it holds and gives out copies", async () => {
    const own = createReferenceBackend();
    own.reserve(own.base + 2);
    write(own, own.base, [1, 2]);
    const copy = own.read(own.base, 2);
    own.reserve(1000);
    write(own, own.base, [3]);
    expect([...(await copy)]).toEqual([1, 2]);
    expect([...(await own.read(own.base, 2))]).toEqual([3, 2]);
    expect(own.capacity).toBeGreaterThanOrEqual(1000);
    expect(own.base).not.toBe(none);
    await expect(own.read(own.capacity - 1, 2)).rejects.toThrow(RangeError);
    expect(() => write(own, own.capacity - 1, [1, 2])).toThrow(RangeError);
  });

  test("is gone after dispose", async () => {
    const own = createReferenceBackend();
    own.reserve(100);
    await own.dispose();
    await expect(own.read(own.base, 1)).rejects.toThrow(Error);
    expect(() => write(own, own.base, [1])).toThrow(Error);
    expect(() => own.reserve(200)).toThrow(Error);
    expect(() => own.ops.fill(own.base, 1, 1)).toThrow(Error);
  });
});

describe("layout", () => {
  test("packImages transposes into lanes and clears the padding; unpackImages undoes it", () => {
    const shape = { features: 3, images: 2, lanes: 4 };
    const packed = room(12);
    ops.packImages(packed, put([1, 2, 3, 4, 5, 6]), shape);
    expect(read(packed, 12)).toEqual([1, 4, 0, 0, 2, 5, 0, 0, 3, 6, 0, 0]);
    const images = room(6);
    ops.unpackImages(images, packed, shape);
    expect(read(images, 6)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("embed2d spreads, frames and crops", () => {
    const image = { channels: 1, height: 2, width: 2, lanes: 1 };
    const out = room(12);
    const x = put([1, 2, 3, 4]);
    ops.embed2d(out, x, { ...image, outHeight: 3, outWidth: 4, top: 0, left: 1, spread: 2 });
    expect(read(out, 12)).toEqual([0, 1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4]);
    ops.embed2d(out, x, { ...image, outHeight: 1, outWidth: 2, top: -1, left: 0, spread: 1 });
    expect(read(out, 2)).toEqual([3, 4]);
  });

  test("cropping is the adjoint of padding", () => {
    const pad = { channels: 2, height: 3, width: 4, outHeight: 6, outWidth: 5, top: 2, left: 1, spread: 1, lanes: 4 };
    const crop = { ...pad, height: 6, width: 5, outHeight: 3, outWidth: 4, top: -2, left: -1 };
    const [x, dy] = [put(paint(96, 1)), put(paint(240, 2))];
    const [y, dx] = [room(240), room(96)];
    ops.embed2d(y, x, pad);
    ops.embed2d(dx, dy, crop);
    expectAdjoint(inner(dy, y, 240), inner(dx, x, 96), "embed2d, seeds 1 2");
  });
});

describe("conv2d", () => {
  test("gives the numbers worked out by hand", () => {
    // [1 2 3; 4 5 6; 7 8 9] under kernel [1 10; 100 1000] and bias 0.5, one image
    const y = put([1, 1, 1, 1]);
    const shape: Conv2dShape = {
      inChannels: 1,
      inHeight: 3,
      inWidth: 3,
      outChannels: 1,
      outHeight: 2,
      outWidth: 2,
      kernelHeight: 2,
      kernelWidth: 2,
      stride: 1,
      lanes: 1,
    };
    const x = put([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const w = put([1, 10, 100, 1000]);
    ops.conv2dForward(y, x, w, put([0.5]), shape, false);
    expect(read(y, 4)).toEqual([5421.5, 6532.5, 8754.5, 9865.5]);
    ops.conv2dForward(y, x, w, none, shape, true);
    expect(read(y, 4)).toEqual([10842.5, 13064.5, 17508.5, 19730.5]);
    const dw = room(4);
    ops.conv2dBackwardWeights(dw, put([1, 0, 0, 2]), x, shape, false);
    expect(read(dw, 4)).toEqual([1 + 2 * 5, 2 + 2 * 6, 4 + 2 * 8, 5 + 2 * 9]);
  });

  test.for([
    [1, [0, 0]],
    [2, [0, 0]],
    [2, [1, 0]],
    [3, [2, 1]],
  ] as const)("backward passes are adjoint at stride %s, rest %s", ([stride, rest]) => {
    const shape: Conv2dShape = {
      inChannels: 2,
      inHeight: stride + 3 + rest[0],
      inWidth: 2 * stride + 2 + rest[1],
      outChannels: 3,
      outHeight: 2,
      outWidth: 3,
      kernelHeight: 3,
      kernelWidth: 2,
      stride,
      lanes: 4,
    };
    const label = `stride ${stride}, seeds 1 2 3`;
    const { inHeight, inWidth, lanes } = shape;
    const [xFloats, wFloats, yFloats] = [2 * inHeight * inWidth * lanes, 3 * 2 * 3 * 2, 3 * 2 * 3 * lanes];
    const [x, w, dy] = [put(paint(xFloats, 1)), put(paint(wFloats, 2)), put(paint(yFloats, 3))];
    const [y, dx, dw] = [room(yFloats), room(xFloats), room(wFloats)];
    ops.conv2dForward(y, x, w, none, shape, false);
    ops.conv2dBackwardWeights(dw, dy, x, shape, false);
    expectAdjoint(inner(dy, y, yFloats), inner(dw, w, wFloats), `conv2dBackwardWeights, ${label}`);

    // Here x holds its padding already, so the adjoint is that of a convolution without any.
    const spreadShape = { outHeight: stride + 1, outWidth: 2 * stride + 1 };
    const spread = room(3 * spreadShape.outHeight * spreadShape.outWidth * lanes);
    ops.embed2d(spread, dy, {
      channels: 3,
      height: 2,
      width: 3,
      ...spreadShape,
      top: 0,
      left: 0,
      spread: stride,
      lanes,
    });
    ops.conv2dBackwardData(dx, spread, w, { ...shape, ...spreadShape, padding: 0 }, false);
    expectAdjoint(inner(dy, y, yFloats), inner(dx, x, xFloats), `conv2dBackwardData, ${label}`);
  });
});

describe("linear", () => {
  test("gives the numbers worked out by hand", () => {
    const shape = { inFeatures: 2, outFeatures: 1, lanes: 2 };
    const y = put([1, 1]);
    const [x, w, bias] = [put([1, 2, 3, 4]), put([10, 100]), put([0.5])];
    ops.linearForward(y, x, w, bias, shape, false);
    expect(read(y, 2)).toEqual([310.5, 420.5]);
    ops.linearForward(y, x, w, bias, shape, true);
    expect(read(y, 2)).toEqual([621, 841]);
    const sums = put([1, 1]);
    ops.sumRows(sums, x, 2, 2, false);
    expect(read(sums, 2)).toEqual([3, 7]);
    ops.sumRows(sums, x, 2, 2, true);
    expect(read(sums, 2)).toEqual([6, 14]);
  });

  test("backward passes are adjoint", () => {
    const shape = { inFeatures: 5, outFeatures: 3, lanes: 4 };
    const [x, w, dy] = [put(paint(20, 1)), put(paint(15, 2)), put(paint(12, 3))];
    const [y, dx, dw] = [room(12), room(20), room(15)];
    ops.linearForward(y, x, w, none, shape, false);
    ops.linearBackwardData(dx, dy, w, shape, false);
    ops.linearBackwardWeights(dw, dy, x, shape, false);
    expectAdjoint(inner(dy, y, 12), inner(dx, x, 20), "linearBackwardData, seeds 1 2 3");
    expectAdjoint(inner(dy, y, 12), inner(dw, w, 15), "linearBackwardWeights, seeds 1 2 3");
    ops.linearBackwardData(dx, dy, w, shape, true);
    expectAdjoint(2 * inner(dy, y, 12), inner(dx, x, 20), "linearBackwardData, accumulate, seeds 1 2 3");
  });
});

describe("maxPool2d", () => {
  const shape: Pool2dShape = {
    channels: 1,
    inHeight: 3,
    inWidth: 3,
    outHeight: 2,
    outWidth: 2,
    kernelHeight: 2,
    kernelWidth: 2,
    stride: 2,
    padding: 1,
    lanes: 1,
  };

  test("takes the first of equal values and never padding", () => {
    const [y, index] = [room(4), room(4)];
    ops.maxPool2dForward(y, index, put([-1, -5, -5, -4, -2, -3, -4, -3, -2]), shape);
    expect(read(y, 4)).toEqual([-1, -5, -4, -2]);
    expect(read(index, 4)).toEqual([3, 2, 1, 0]);
  });

  test("a NaN wins", () => {
    const [y, index] = [room(4), room(4)];
    ops.maxPool2dForward(y, index, put([-1, -5, -5, -4, Number.NaN, 9, -4, -3, -2]), shape);
    expect(read(y, 4)).toEqual([-1, -5, -4, Number.NaN]);
    expect(read(index, 4)).toEqual([3, 2, 1, 0]);
  });

  test("scatter is the adjoint of gather, windows overlapping", () => {
    const wide: Pool2dShape = {
      channels: 2,
      inHeight: 6,
      inWidth: 5,
      outHeight: 3,
      outWidth: 3,
      kernelHeight: 3,
      kernelWidth: 3,
      stride: 2,
      padding: 1,
      lanes: 4,
    };
    const [x, rx, dy] = [put(paint(240, 1)), put(paint(240, 2)), put(paint(72, 3))];
    const [y, index, ry, dx] = [room(72), room(72), room(72), room(240)];
    ops.maxPool2dForward(y, index, x, wide);
    ops.maxPool2dGather(ry, index, x, wide);
    expect(read(ry, 72)).toEqual(read(y, 72));
    ops.maxPool2dGather(ry, index, rx, wide);
    ops.maxPool2dScatter(dx, index, dy, wide);
    expectAdjoint(inner(dy, ry, 72), inner(dx, rx, 240), "maxPool2d, seeds 1 2 3");
  });
});

describe("crossEntropy", () => {
  // Soft targets whose sums are not 1, and a padding lane.
  const shape: LossShape = { classes: 3, images: 3, lanes: 4 };
  const z = paint(12, 1, 3);
  const y = paint(12, 2).map(Math.abs);
  const [losses, p, dz, dy] = [room(4), room(12), room(12), room(12)];

  function loss(logits: ArrayLike<number>, targets: ArrayLike<number>): number {
    ops.crossEntropy(losses, p, dz, dy, put(logits), put(targets), shape);
    return read(losses, 3).reduce((sum, value) => sum + value, 0) / shape.images;
  }

  /** Gradients [dz, dy] at z + step·rz. */
  function gradients(rz: ArrayLike<number>, step: number): [number[], number[]] {
    loss(
      Array.from(z, (value, i) => value + step * rz[i]!),
      y,
    );
    return [read(dz, 12), read(dy, 12)];
  }

  function difference(f: (step: number) => ArrayLike<number>): number[] {
    const [after, before] = [f(differenceStep), f(-differenceStep)];
    return Array.from(after, (value, i) => (value - before[i]!) / (2 * differenceStep));
  }

  test("is ln(classes) for equal logits, and never overflows", () => {
    const out = room(4);
    const soft = room(8);
    const one = { classes: 2, images: 2, lanes: 4 };
    const targets = put([1, 0, 0, 0, 0, 1, 0, 0]);
    ops.crossEntropy(out, soft, room(8), none, put([7, 1e4, 0, 0, 7, -1e4, 0, 0]), targets, one);
    expectClose(read(out, 4), [Math.log(2), 2e4, 0, 0], float64Tolerance, "losses");
    expectClose(read(soft, 2), [0.5, 1], float64Tolerance, "p");
  });

  test("dz and dy match finite differences and are zero in padding", () => {
    const nudge = (values: ArrayLike<number>, i: number, step: number) =>
      Array.from(values, (value, k) => (k === i ? value + step : value));
    const wantedZ = Array.from(z, (_, i) => difference((step) => [loss(nudge(z, i, step), y)])[0]!);
    const wantedY = Array.from(y, (_, i) => difference((step) => [loss(z, nudge(y, i, step))])[0]!);
    loss(z, y);
    expectClose(read(dz, 12), wantedZ, differenceTolerance, "dz, seeds 1 2");
    expectClose(read(dy, 12), wantedY, differenceTolerance, "dy, seeds 1 2");
    expect([3, 7, 11].map((i) => [read(dz, 12)[i], read(dy, 12)[i]])).toEqual(Array(3).fill([0, 0]));
  });

  test("rdz and rdy match finite differences of dz and dy", () => {
    const rz = paint(12, 3);
    const wantedZ = difference((step) => gradients(rz, step)[0]);
    const wantedY = difference((step) => gradients(rz, step)[1]);
    loss(z, y);
    const [rdz, rdy] = [room(12), room(12)];
    ops.crossEntropyR(rdz, rdy, p, put(y), put(rz), shape);
    expectClose(read(rdz, 12), wantedZ, differenceTolerance, "rdz, seeds 1 2 3");
    expectClose(read(rdy, 12), wantedY, differenceTolerance, "rdy, seeds 1 2 3");
  });

  test("oneHot marks the class of each image", () => {
    const out = room(12);
    ops.oneHot(out, put([2, 0, 1]), shape);
    expect(read(out, 12)).toEqual([0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0]);
  });
});

describe("activations and Adam", () => {
  test("the mask is 0 at 0", () => {
    const out = room(3);
    ops.reluMask(out, put([-1, 0, 1]), put([5, 6, 7]), 3);
    expect(read(out, 3)).toEqual([0, 0, 7]);
  });

  test("softplus is exact at its ends, and its gradient matches finite differences", () => {
    const y = room(3);
    ops.activationForward(y, put([-1000, 0, 1000]), 3, "softplus");
    expectClose(read(y, 3), [0, Math.log(2), 1000], float64Tolerance, "softplus");
    const [after, before, dx] = [room(9), room(9), room(9)];
    const x = paint(9, 1, 5);
    ops.activationForward(after, put(Array.from(x, (value) => value + differenceStep)), 9, "softplus");
    ops.activationForward(before, put(Array.from(x, (value) => value - differenceStep)), 9, "softplus");
    ops.activationBackward(dx, put(x), put(new Float64Array(9).fill(2)), 9, "softplus");
    const wanted = read(after, 9).map((value, i) => (2 * (value - read(before, 9)[i]!)) / (2 * differenceStep));
    expectClose(read(dx, 9), wanted, differenceTolerance, "softplus backward, seed 1");
  });

  test("Adam's first step is the learning rate towards the gradient, and later ones follow the bias corrections", () => {
    const options = { learningRate: 0.1, beta1: 0.5, beta2: 0.75, eps: 0 };
    const [x, m, v] = [put([1, 1]), put([0, 0]), put([0, 0])];
    ops.adam(x, m, v, put([4, -2]), 2, { ...options, step: 1 });
    expectClose(read(x, 2), [0.9, 1.1], float64Tolerance, "step 1");
    // m = 0.5·2 + 0.5·0 = 1, v = 0.75·4 = 3; corrected 1/0.75 and 3/0.4375
    ops.adam(x, m, v, put([0, 0]), 2, { ...options, step: 2 });
    expectClose(read(m, 1), [1], float64Tolerance, "m");
    expectClose(read(v, 1), [3], float64Tolerance, "v");
    expectClose(read(x, 1), [0.9 - (0.1 * (1 / 0.75)) / Math.sqrt(3 / 0.4375)], float64Tolerance, "step 2");
  });
});
