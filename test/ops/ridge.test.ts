// Ridge regression with a Gram matrix against the reference, and the reference against its definition.
import { describe, expect, test } from "vitest";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { ridgeFloats } from "../../src/backend/shapes.ts";
import { webgpuPlan } from "../../src/backend/webgpu/plan.ts";
import { float32Tolerance, paint } from "../helpers.ts";
import { checkOp, tested, unwritten } from "./parity.ts";

/** Factorises and solves, with everything shifted off its boundary. */
async function checkRidge(label: string, shape: Shape, features: Float32Array, ridge: number, scale?: number) {
  const { images, lanes, rows } = shape;
  const floats = ridgeFloats(images, webgpuPlan);
  const inPadding = (i: number): boolean => i % lanes >= images;
  await checkOp({
    label,
    operands: {
      out: { values: unwritten(rows * lanes), shift: 1 },
      workspace: { values: unwritten(rows * floats.row), shift: 2 },
      factor: { values: unwritten(floats.factor), shift: 3 },
      features: { values: features },
      b: { values: paint(rows * lanes, 2), shift: 1 },
    },
    outputs: {
      out: { tolerance: float32Tolerance, zero: inPadding, ...(scale !== undefined && { scale }) },
      workspace: { tolerance: 0, opaque: true },
      factor: { tolerance: 0, opaque: true },
    },
    call(ops, at) {
      ops.ridgeFactor(at.factor, at.features, ridge, shape);
      ops.ridgeSolve(at.out, at.workspace, at.factor, at.b, rows, shape);
    },
  });
}

interface Shape {
  readonly features: number;
  readonly images: number;
  readonly lanes: number;
  readonly rows: number;
}

// One and two rows of a tile ± 1, four columns ± 1, more images than features, ten and a hundred images.
const shapes: readonly Shape[] = [
  { features: 1, images: 1, lanes: 4, rows: 1 },
  { features: 3, images: 2, lanes: 2, rows: 3 },
  { features: 5, images: 3, lanes: 4, rows: 2 },
  { features: 8, images: 4, lanes: 4, rows: 1 },
  { features: 9, images: 5, lanes: 8, rows: 3 },
  { features: 17, images: 10, lanes: 10, rows: 10 },
  { features: 4, images: 12, lanes: 12, rows: 10 },
  { features: 90, images: 67, lanes: 68, rows: 10 },
];

describe.for(shapes)("$images images of $features features, $lanes lanes", (shape) => {
  const features = paint(shape.features * shape.lanes, 1);

  test("a solution is that of the reference", async () => {
    await checkRidge("ridge 0.1, seeds 1 2", shape, features, 0.1);
  });

  test("a ridge of a millionth leaves the digits of float64", async () => {
    await checkRidge("ridge 1e-6, seeds 1 2", shape, features, 1e-6);
  });
});

test("images that are almost the same are told apart: float32 would lose all digits", async () => {
  const shape = { features: 40, images: 20, lanes: 20, rows: 3 };
  const common = paint(40, 5);
  const features = paint(40 * 20, 6, 1e-3).map((value, i) => value + common[Math.floor(i / 20)]!);
  await checkRidge("almost the same, ridge 1e-6, seeds 2 5 6", shape, Float32Array.from(features), 1e-6);
});

test("numbers far from 1 keep their digits", async () => {
  const shape = { features: 6, images: 5, lanes: 8, rows: 2 };
  for (const size of [1e-12, 1e12]) {
    await checkRidge(`features of ${size}, seeds 1 2`, shape, paint(6 * 8, 1, size), 1e-3);
  }
});

test("out may be b", async () => {
  const shape = { features: 9, images: 7, lanes: 8 };
  const floats = ridgeFloats(7, webgpuPlan);
  await checkOp({
    label: "out = b, seeds 1 2",
    operands: {
      b: { values: paint(3 * 8, 2) },
      workspace: { values: unwritten(3 * floats.row) },
      factor: { values: unwritten(floats.factor) },
      features: { values: paint(9 * 8, 1) },
    },
    outputs: {
      b: { tolerance: float32Tolerance },
      workspace: { tolerance: 0, opaque: true },
      factor: { tolerance: 0, opaque: true },
    },
    call(ops, at) {
      ops.ridgeFactor(at.factor, at.features, 0.01, shape);
      ops.ridgeSolve(at.b, at.workspace, at.factor, at.b, 3, shape);
    },
  });
});

test.for([
  ["zeros", 0],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
] as const)("features of %s give NaN on every backend, and no number that looks right", async ([, value]) => {
  const shape = { features: 3, images: 3, lanes: 4 };
  const floats = ridgeFloats(3, webgpuPlan);
  for (const backend of [createReferenceBackend(), ...tested]) {
    const { ops } = backend;
    const base = Math.ceil(backend.base / 16) * 16;
    const [features, b, factor, workspace] = [base, base + 16, base + 32, base + 80];
    backend.reserve(base + 128);
    ops.fill(features, value, 12);
    ops.fill(b, 1, 4);
    ops.ridgeFactor(factor, features, 0, shape);
    ops.ridgeSolve(b, workspace, factor, b, 1, shape);
    expect(
      [...(await backend.read(b, 3))].every((found) => !Number.isFinite(found)),
      backend.name,
    ).toBe(true);
    expect(floats.factor + floats.row).toBeLessThanOrEqual(96);
  }
});

test("the reference solves b = z·(FᵀF + ridge·tr/n·I)", async () => {
  const [count, n, ridge] = [7, 5, 0.03];
  const backend = createReferenceBackend();
  const { ops, base } = backend;
  const floats = ridgeFloats(n, webgpuPlan);
  backend.reserve(base + 1000);
  const f = Float64Array.from(paint(count * n, 1));
  const b = Float64Array.from(paint(2 * n, 2));
  const [features, right, factor] = [base, base + count * n, base + count * n + 2 * n];
  const [workspace, out] = [factor + floats.factor, factor + floats.factor + 2 * floats.row];
  backend.upload(features, f.length, (host) => host.set(f));
  backend.upload(right, b.length, (host) => host.set(b));
  const shape = { features: count, images: n, lanes: n };
  ops.ridgeFactor(factor, features, ridge, shape);
  ops.ridgeSolve(out, workspace, factor, right, 2, shape);
  const z = await backend.read(out, 2 * n);
  const gram = (i: number, j: number): number => {
    let sum = 0;
    for (let d = 0; d < count; d++) sum += f[d * n + i]! * f[d * n + j]!;
    return sum;
  };
  let trace = 0;
  for (let i = 0; i < n; i++) trace += gram(i, i);
  for (let r = 0; r < 2; r++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += z[r * n + i]! * (gram(i, j) + (i === j ? (ridge * trace) / n : 0));
      expect(sum).toBeCloseTo(b[r * n + j]!, 10);
    }
  }
});
