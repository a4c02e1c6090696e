// (A + shift·I)^(−1/2) of a symmetric matrix without negative eigenvalues, in float64 and with the same bits on every host.
//
// For numbers, x^(−1/2) is nearly the mean over θ = (j − ½)·π / 2N of c / (x·cos²θ + c²·sin²θ), all terms positive (the partial
// fractions of Kenney and Laub's Padé iterations; Higham, Functions of Matrices, 2008, §5.4 and §6.7). The relative error is
// below 2·|(√x − c) / (√x + c)|^2N. For matrices each term is an inverse, which of a tridiagonal matrix takes n² operations. So
// the matrix is made tridiagonal first, and no eigenvalue is needed. docs/math.md §15 has the formulas.
import { cosine, logarithm, sine } from "./elementary.ts";
import { type Tridiagonal, transformBack, tridiagonalize } from "./tridiagonal.ts";

/** ln(2⁵⁴/2): by then the error of the mean is below the rounding of its terms. */
const digits = 53 * Math.LN2;

/**
 * Computes (A + shift·I)^(−1/2).
 *
 * @param matrix A, [n, n], float64. What stands above its diagonal is not read. It is overwritten.
 * @param shift Above 0.
 * @returns A generator that yields some thousand times which share of the work is done, for others to run in between, and
 * returns the result, [n, n].
 */
export function* inverseRoot(matrix: Float64Array, n: number, shift: number): Generator<number, Float64Array> {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += matrix[i * n + i]!;
  // A reflection of k numbers takes k² operations, and the way back as long as the way there.
  const before = (k: number): number => ((k / n) * (k / n) * (k / n)) / 2;
  const reduced = yield* tridiagonalize(matrix, n, (k) => 0.5 - before(k));
  const root = new Float64Array(n * n);
  yield* tridiagonalRoot(root, reduced, shift, shift + trace);
  yield* transformBack(root, reduced, (k) => 0.5 + before(k));
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) root[j * n + i] = root[i * n + j]!;
  return root;
}

/** Adds (T + shift·I)^(−1/2) to the lower triangle of `root`; the eigenvalues of T + shift·I lie between `shift` and `most`. */
function* tridiagonalRoot(
  root: Float64Array,
  { n, diagonal, below }: Tridiagonal,
  shift: number,
  most: number,
): Generator<number> {
  const [least, largest] = [Math.sqrt(shift), Math.sqrt(most)];
  const c = Math.sqrt(least * largest);
  const ratio = (largest - c) / (largest + c);
  const terms = ratio > 0 ? Math.max(1, Math.ceil(digits / (-2 * logarithm(ratio)))) : 1;
  for (let j = 0; j < terms; j++) {
    const angle = ((j + 0.5) * Math.PI) / (2 * terms);
    const [cos, sin] = [cosine(angle), sine(angle)];
    const [slope, offset] = [cos * cos, shift * cos * cos + c * c * sin * sin];
    addInverse(
      root,
      n,
      (i) => slope * diagonal[i]! + offset,
      (i) => slope * below[i]!,
      c / terms,
    );
    yield 0.5;
  }
}

/**
 * Adds weight·S⁻¹ to the lower triangle of `root`, for a positive definite tridiagonal S. If `up` are the pivots of an elimination
 * from the first row and `down` those of one from the last, the diagonal of S⁻¹ is 1 / (up + down − S), and each column below it
 * goes on by factors that are the same for all columns.
 */
function addInverse(
  root: Float64Array,
  n: number,
  diagonal: (i: number) => number,
  below: (i: number) => number,
  weight: number,
): void {
  const [up, down, factors] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) up[i] = diagonal(i) - (i > 0 ? (below(i) * below(i)) / up[i - 1]! : 0);
  for (let i = n - 1; i >= 0; i--) {
    down[i] = diagonal(i) - (i < n - 1 ? (below(i + 1) * below(i + 1)) / down[i + 1]! : 0);
    factors[i] = i > 0 ? -below(i) / down[i]! : 0;
  }
  // Row i of the triangle is row i − 1 times factor i, and then the diagonal. What is below 1e-200 would soon be slow to multiply.
  const row = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const factor = factors[i]!;
    const at = i * n;
    for (let j = 0; j < i; j++) {
      const value = row[j]! * factor;
      row[j] = value > 1e-200 || value < -1e-200 ? value : 0;
      root[at + j]! += row[j]!;
    }
    row[i] = weight / (up[i]! + down[i]! - diagonal(i));
    root[at + i]! += row[i]!;
  }
}
