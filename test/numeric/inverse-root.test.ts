// (A + shift·I)^(−1/2): against its definition, for matrices of every small size, without rank, and of any spread.
import { expect, test } from "vitest";
import { inverseRoot } from "../../src/numeric/inverse-root.ts";
import { randomIntegers } from "../formats/hostile.ts";

/** Returns X·Xᵀ / columns of a random X [n, columns], whose rows are scaled by `scale(i)`. */
function gram(n: number, columns: number, seed: number, scale: (i: number) => number = () => 1): Float64Array {
  const below = randomIntegers(seed);
  const x = Float64Array.from({ length: n * columns }, (_, at) => {
    return scale(Math.floor(at / columns)) * (below(2 ** 20) / 2 ** 19 - 1);
  });
  return Float64Array.from({ length: n * n }, (_, at) => {
    let sum = 0;
    const [i, j] = [Math.floor(at / n), at % n];
    for (let k = 0; k < columns; k++) sum += x[i * columns + k]! * x[j * columns + k]!;
    return sum / columns;
  });
}

function product(a: Float64Array, b: Float64Array, n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += a[Math.floor(at / n) * n + k]! * b[k * n + (at % n)]!;
    return sum;
  });
}

/** Returns the root and the shares of the work that it told. */
function rootOf(matrix: Float64Array, n: number, shift: number): { root: Float64Array; shares: number[] } {
  const work = inverseRoot(matrix.slice(), n, shift);
  const shares: number[] = [];
  for (;;) {
    const { done, value } = work.next();
    if (done) return { root: value, shares };
    shares.push(value);
  }
}

/** Returns the largest entry of |W·(A + shift·I)·W − I|. */
function misfit(root: Float64Array, matrix: Float64Array, n: number, shift: number): number {
  const shifted = matrix.map((value, at) => (at % (n + 1) === 0 ? value + shift : value));
  const unit = product(product(root, shifted, n), root, n);
  return unit.reduce((most, value, at) => Math.max(most, Math.abs(value - (at % (n + 1) === 0 ? 1 : 0))), 0);
}

test("W·(A + shift·I)·W is the unit matrix and W is symmetric, for sizes 1 to 9 and some larger ones", () => {
  for (const n of [1, 2, 3, 4, 5, 6, 7, 8, 9, 33, 64]) {
    const matrix = gram(n, n + 3, 100 + n);
    const { root } = rootOf(matrix, n, 0.1);
    // Measured: at most 8e-15.
    expect(misfit(root, matrix, n, 0.1), `n ${n}, seed ${100 + n}`).toBeLessThan(1e-13);
    for (let at = 0; at < n * n; at++) expect(root[at]).toBe(root[(at % n) * n + Math.floor(at / n)]);
  }
});

test("matrices without full rank, of zeros, of many scales and with far eigenvalues have their root", () => {
  const n = 24;
  const cases: [string, Float64Array, number, number][] = [
    ["rank 3", gram(n, 3, 1), 0.1, 1e-12],
    ["zero", new Float64Array(n * n), 0.25, 1e-12],
    ["diagonal", Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? at : 0)), 0.1, 1e-12],
    ["rows of 1e-6 to 1e6", gram(n, 40, 2, (i) => 10 ** (i / 2 - 6)), 1, 1e-4],
    ["entries whose squares underflow", gram(n, 40, 5, () => 1e-80), 0.1, 1e-12],
    ["a small shift", gram(n, 40, 3), 1e-5, 1e-10],
  ];
  for (const [name, matrix, shift, bound] of cases) {
    expect(misfit(rootOf(matrix, n, shift).root, matrix, n, shift), name).toBeLessThan(bound);
  }
  const { root } = rootOf(new Float64Array(4), 2, 0.25);
  expect([...root]).toEqual([2, 0, 0, 2].map((value) => expect.closeTo(value, 14)));
});

test("what stands above the diagonal is not read, and the shares of the work grow from 0 to 1", () => {
  const n = 12;
  const matrix = gram(n, 20, 4);
  const lower = matrix.map((value, at) => (at % n > Math.floor(at / n) ? Number.NaN : value));
  const { root, shares } = rootOf(lower, n, 0.1);
  expect(root).toEqual(rootOf(matrix, n, 0.1).root);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(shares[0]).toBeLessThan(0.2);
  expect(shares.at(-1)).toBeGreaterThan(0.8);
});
