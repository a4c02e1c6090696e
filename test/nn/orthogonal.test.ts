// Orthogonal weights: orthonormal rows or columns, and the very matrix that a QR decomposition gives.
import { describe, expect, test } from "vitest";
import { Arena } from "../../src/backend/arena.ts";
import type { Backend } from "../../src/backend/backend.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { initialize, initialParameters } from "../../src/nn/draw-weights.ts";
import type { Initializer } from "../../src/nn/init.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { type Model, sequential } from "../../src/nn/model.ts";
import { orthonormalize } from "../../src/nn/orthogonal.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { backendsUnderTest } from "../backends-under-test.ts";
import { expectClose, float64Tolerance, paint, peek } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";

const reference = createReferenceBackend();
const tested = await backendsUnderTest();
const use = { seed: 4, purpose: "weights/test", index: 0 };
/** Square, tall, wide, one row, one column; a convolution of either kind. */
const shapes: readonly Model[] = [
  sequential([12, 1, 1], [linear({ out: 12 })]),
  sequential([5, 1, 1], [linear({ out: 40 })]),
  sequential([40, 1, 1], [linear({ out: 5 })]),
  sequential([9, 1, 1], [linear({ out: 1 })]),
  sequential([1, 1, 1], [linear({ out: 9 })]),
  sequential([1, 3, 3], [conv2d({ out: 30, kernel: 3 }), flatten()]),
  lenet(),
];

function drawn(model: Model, init: Initializer, backend: Backend = reference): Float64Array {
  const theta = new Arena(backend).allocate(model.parameterCount);
  initialize(backend, model, theta, init, use);
  return Float64Array.from(peek(backend, theta, model.parameterCount));
}

/** W·Wᵀ, or Wᵀ·W where there are fewer columns than rows. */
function gram(w: Float64Array, rows: number): Float64Array {
  const columns = w.length / rows;
  const wide = rows <= columns;
  const [n, length] = wide ? [rows, columns] : [columns, rows];
  const at = (i: number, k: number) => (wide ? w[i * columns + k]! : w[k * columns + i]!);
  return Float64Array.from({ length: n * n }, (_, ij) => {
    let sum = 0;
    for (let k = 0; k < length; k++) sum += at(Math.floor(ij / n), k) * at(ij % n, k);
    return sum;
  });
}

function expectOrthogonal(model: Model, theta: Float64Array, gain: number, tolerance: number): void {
  for (const { name, role, offset, size, shape } of model.parameters) {
    const values = theta.subarray(offset, offset + size);
    if (role === "bias") {
      expect(values.every((value) => value === 0)).toBe(true);
      continue;
    }
    const n = Math.min(shape[0]!, size / shape[0]!);
    const identity = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? gain * gain : 0));
    expectClose(gram(values, shape[0]!), identity, tolerance, `${name} [${shape}], seed 4`);
  }
}

test("W·Wᵀ or Wᵀ·W is gain² times the identity", async () => {
  for (const model of shapes) {
    expectOrthogonal(model, drawn(model, { scheme: "orthogonal" }), 1, float64Tolerance);
    expectOrthogonal(model, drawn(model, { scheme: "orthogonal", gain: 1.7 }), 1.7, float64Tolerance);
  }
  for (const backend of tested) {
    // Numbers rounded to float32, up to 400 of them in a sum.
    for (const model of shapes) expectOrthogonal(model, drawn(model, { scheme: "orthogonal" }, backend), 1, 1e-6);
  }
});

describe.skipIf(noPyTorch)("PyTorch", () => {
  test("finds the same matrix as the Q of the normal draw, its signs those of a positive diagonal of R", () => {
    const matrices = shapes.flatMap((model) => {
      // The scheme "normal" has the draws that "orthogonal" starts from: float32 numbers on every backend.
      const normal = initialParameters(model, { scheme: "normal" }, use);
      const orthogonal = drawn(model, { scheme: "orthogonal" });
      return model.parameters
        .filter(({ role }) => role === "weight")
        .map(({ name, offset, size, shape }) => ({
          label: `${name} [${shape}], seed 4`,
          rows: shape[0]!,
          normal: Array.from(normal.subarray(offset, offset + size)),
          orthogonal: orthogonal.subarray(offset, offset + size),
        }));
    });
    const expected = pytorch(
      `
def orthogonal(m):
    a = torch.tensor(m["normal"], dtype=torch.float64).view(m["rows"], -1)
    wide = a.shape[0] < a.shape[1]
    q, r = torch.linalg.qr(a.t() if wide else a)
    q = q * r.diagonal().sign()
    return (q.t() if wide else q).flatten().tolist()
print(json.dumps([orthogonal(m) for m in given]))`,
      matrices.map(({ rows, normal }) => ({ rows, normal })),
    ) as number[][];
    matrices.forEach(({ label, orthogonal }, i) => {
      // Both lose digits in proportion to the matrix's condition number, some hundreds here.
      expectClose(orthogonal, expected[i]!, 1e-11, label);
    });
  });
});

test("the same numbers give the same bits, and a matrix of one zero stays zero", () => {
  const [a, b] = [Float64Array.from(paint(12 * 7, 5)), Float64Array.from(paint(12 * 7, 5))];
  orthonormalize(a, 12);
  orthonormalize(b, 12);
  expect(a).toEqual(b);
  const zero = new Float64Array(1);
  orthonormalize(zero, 1);
  expect(zero).toEqual(new Float64Array(1));
});
