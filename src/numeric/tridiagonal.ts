// Symmetric matrices as Q·T·Qᵀ with a tridiagonal T, by Householder's reflections (docs/math.md §15). Sums have one order, and only
// +, −, ×, ÷ and square roots are used, so the bits are the same on every host. Matrices are float64 [n, n], row by row, and
// only what stands on and below their diagonal is read and written.

/** T and the reflections that lead to it. */
export interface Tridiagonal {
  readonly n: number;
  /** The diagonal of T, [n]. */
  readonly diagonal: Float64Array;
  /** T[k][k − 1] at k, [n]; the first is 0. */
  readonly below: Float64Array;
  /** I − scales[k]·v·vᵀ is reflection k; v, of k numbers, is the beginning of row k of `vectors`. */
  readonly scales: Float64Array;
  readonly vectors: Float64Array;
}

/**
 * Reduces a symmetric matrix: reflection k, from the last to the first, clears row k but for the number beside the diagonal. The
 * matrix is overwritten with the reflections. After reflection k it yields `share(k)`.
 */
export function* tridiagonalize(
  matrix: Float64Array,
  n: number,
  share: (k: number) => number,
): Generator<number, Tridiagonal> {
  const [diagonal, below, scales] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  // The update of the reflection before is made while the next product is taken, because the matrix is larger than any cache.
  let [v, w] = [new Float64Array(n), new Float64Array(n)];
  let [nextV, product] = [new Float64Array(n), new Float64Array(n)];
  for (let k = n - 1; k >= 1; k--) {
    const row = k * n;
    for (let j = 0; j <= k; j++) matrix[row + j]! -= v[k]! * w[j]! + w[k]! * v[j]!;
    diagonal[k] = matrix[row + k]!;
    nextV.set(matrix.subarray(row, row + k));
    [below[k], scales[k]] = reflectionOf(nextV, k);
    matrix.set(nextV.subarray(0, k), row);
    updateAndMultiply(matrix, n, k, v, w, nextV, product);
    const scale = scales[k]!;
    const half = (scale * scale * dot(product, nextV, k)) / 2;
    for (let j = 0; j < k; j++) product[j] = scale * product[j]! - half * nextV[j]!;
    [v, w, nextV, product] = [nextV, product, v, w];
    yield share(k);
  }
  diagonal[0] = matrix[0]! - 2 * v[0]! * w[0]!;
  return { n, diagonal, below, scales, vectors: matrix };
}

/** Turns the first k numbers of `v`, x, into the vector of the reflection that maps x to (0, …, 0, b). Returns b and its scale. */
function reflectionOf(v: Float64Array, k: number): [below: number, scale: number] {
  let largest = 0;
  for (let j = 0; j < k; j++) largest = Math.max(largest, Math.abs(v[j]!));
  if (largest === 0) return [0, 0];
  // Squares of the numbers themselves could underflow, where a matrix without full rank leaves rounding noise alone.
  for (let j = 0; j < k; j++) v[j]! /= largest;
  const last = v[k - 1]!;
  const rest = dot(v, v, k - 1);
  if (rest === 0) return [largest * last, 0];
  const norm = Math.sqrt(rest + last * last);
  v[k - 1] = last > 0 ? last + norm : last - norm;
  return [largest * (last > 0 ? -norm : norm), 2 / (rest + v[k - 1]! * v[k - 1]!)];
}

/** A −= v·wᵀ + w·vᵀ, then product = A·x, for the first k rows and columns. */
function updateAndMultiply(
  matrix: Float64Array,
  n: number,
  k: number,
  v: Float64Array,
  w: Float64Array,
  x: Float64Array,
  product: Float64Array,
): void {
  product.fill(0, 0, k);
  let i = 0;
  for (; i + 2 <= k; i += 2) {
    // Two rows at a time share what is read of the vectors.
    const [upper, lower] = [i * n, (i + 1) * n];
    const [v0, w0, x0] = [v[i]!, w[i]!, x[i]!];
    const [v1, w1, x1] = [v[i + 1]!, w[i + 1]!, x[i + 1]!];
    let [sum0, sum1] = [0, 0];
    for (let j = 0; j < i; j++) {
      const [vj, wj, xj] = [v[j]!, w[j]!, x[j]!];
      const a = matrix[upper + j]! - (v0 * wj + w0 * vj);
      const b = matrix[lower + j]! - (v1 * wj + w1 * vj);
      matrix[upper + j] = a;
      matrix[lower + j] = b;
      sum0 += a * xj;
      sum1 += b * xj;
      product[j]! += a * x0 + b * x1;
    }
    const a = matrix[upper + i]! - 2 * v0 * w0;
    const b = matrix[lower + i]! - (v1 * w0 + w1 * v0);
    const c = matrix[lower + i + 1]! - 2 * v1 * w1;
    matrix[upper + i] = a;
    matrix[lower + i] = b;
    matrix[lower + i + 1] = c;
    product[i] = sum0 + a * x0 + b * x1;
    product[i + 1] = sum1 + b * x0 + c * x1;
  }
  if (i === k) return;
  const row = i * n;
  let sum = 0;
  for (let j = 0; j < i; j++) {
    const a = matrix[row + j]! - (v[i]! * w[j]! + w[i]! * v[j]!);
    matrix[row + j] = a;
    sum += a * x[j]!;
    product[j]! += a * x[i]!;
  }
  matrix[row + i]! -= 2 * v[i]! * w[i]!;
  product[i] = sum + matrix[row + i]! * x[i]!;
}

/**
 * Makes Q·F·Qᵀ of F in place, with the reflections that led to a tridiagonal matrix: reflection 1 comes first. After
 * reflection k it yields `share(k)`. A row takes part in the two-sided updates from its own reflection on; before it, only its right side changes.
 */
export function* transformBack(
  matrix: Float64Array,
  { n, scales, vectors }: Tridiagonal,
  share: (k: number) => number,
): Generator<number> {
  const [product, v, w] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  for (let k = 1; k < n; k++) {
    // Row k − 1 joins the square of the rows that change on both sides.
    if ((k - 1) % together === 0) reflectRows(matrix, n, k - 1, scales, vectors);
    reflectRow(matrix, n, k - 1, k - ((k - 1) % together), scales, vectors);
    const x = vectors.subarray(k * n, k * n + k);
    updateAndMultiply(matrix, n, k, v, w, x, product);
    const scale = scales[k]!;
    const half = (scale * scale * dot(product, x, k)) / 2;
    for (let j = 0; j < k; j++) w[j] = scale * product[j]! - half * x[j]!;
    v.set(x);
    yield share(k);
  }
  if ((n - 1) % together === 0) reflectRows(matrix, n, n - 1, scales, vectors);
  reflectRow(matrix, n, n - 1, n - ((n - 1) % together), scales, vectors);
  for (let i = 0; i < n - 1; i++) {
    for (let j = 0; j <= i; j++) matrix[i * n + j]! -= v[i]! * w[j]! + w[i]! * v[j]!;
  }
}

/** Rows that are multiplied by the same reflections at a time: these are read from memory once for all of them. */
const together = 4;

/** Multiplies rows `first` to `first` + 3, as many as there are, from the right by reflections 1 … `first`. */
function reflectRows(
  matrix: Float64Array,
  n: number,
  first: number,
  scales: Float64Array,
  vectors: Float64Array,
): void {
  if (first + together > n) {
    for (let i = first; i < n; i++) reflectRow(matrix, n, i, 1, scales, vectors, first);
    return;
  }
  const [r0, r1, r2, r3] = [first * n, (first + 1) * n, (first + 2) * n, (first + 3) * n];
  for (let k = 1; k <= first; k++) {
    const scale = scales[k]!;
    const x = vectors.subarray(k * n, k * n + k);
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let j = 0; j < k; j++) {
      const xj = x[j]!;
      s0 += matrix[r0 + j]! * xj;
      s1 += matrix[r1 + j]! * xj;
      s2 += matrix[r2 + j]! * xj;
      s3 += matrix[r3 + j]! * xj;
    }
    [s0, s1, s2, s3] = [scale * s0, scale * s1, scale * s2, scale * s3];
    for (let j = 0; j < k; j++) {
      const xj = x[j]!;
      matrix[r0 + j]! -= s0 * xj;
      matrix[r1 + j]! -= s1 * xj;
      matrix[r2 + j]! -= s2 * xj;
      matrix[r3 + j]! -= s3 * xj;
    }
  }
}

/** Multiplies row i from the right by reflections `first` … `last`. */
function reflectRow(
  matrix: Float64Array,
  n: number,
  i: number,
  first: number,
  scales: Float64Array,
  vectors: Float64Array,
  last: number = i,
): void {
  const row = matrix.subarray(i * n, i * n + i);
  for (let k = first; k <= last; k++) {
    const x = vectors.subarray(k * n, k * n + k);
    const factor = scales[k]! * dot(row, x, k);
    for (let j = 0; j < k; j++) row[j]! -= factor * x[j]!;
  }
}

/** Σ a[j]·b[j] over n numbers, as four sums of every fourth. */
function dot(a: Float64Array, b: Float64Array, n: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let j = 0;
  for (; j + 4 <= n; j += 4) {
    s0 += a[j]! * b[j]!;
    s1 += a[j + 1]! * b[j + 1]!;
    s2 += a[j + 2]! * b[j + 2]!;
    s3 += a[j + 3]! * b[j + 3]!;
  }
  for (; j < n; j++) s0 += a[j]! * b[j]!;
  return s0 + s1 + (s2 + s3);
}
