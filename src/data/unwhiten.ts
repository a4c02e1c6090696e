// Undoes a whitening, for people to see what images show: x = W⁻¹·x′ + μ, by the Cholesky factor of W (docs/math.md §15).
import type { Whitening } from "./whitening.ts";

/** Factors that were computed: several pictures of one set follow each other, and a factor takes D³/6 products. */
const factors = new WeakMap<Float32Array, Float64Array>();

/** Returns images [n, c, h, w] as they were before they were whitened: normalised. */
export function unwhitenRows(images: Float32Array, { mean, matrix }: Whitening): Float32Array {
  const size = mean.length;
  const factor = factors.get(matrix) ?? choleskyFactor(matrix, size);
  factors.set(matrix, factor);
  const out = new Float32Array(images.length);
  const image = new Float64Array(size);
  for (let at = 0; at < out.length; at += size) {
    image.set(images.subarray(at, at + size));
    solve(factor, image);
    for (let i = 0; i < size; i++) out[at + i] = image[i]! + mean[i]!;
  }
  return out;
}

/** Returns L with L·Lᵀ = W, whose row i has i + 1 numbers and begins at i·(i + 1)/2. A W that is not positive definite gives NaN. */
function choleskyFactor(matrix: Whitening["matrix"], size: number): Float64Array {
  const factor = new Float64Array((size * (size + 1)) / 2);
  for (let i = 0; i < size; i++) {
    const row = (i * (i + 1)) / 2;
    for (let j = 0; j <= i; j++) {
      const other = (j * (j + 1)) / 2;
      let [sum, odd] = [matrix[i * size + j]!, 0];
      let k = 0;
      for (; k + 2 <= j; k += 2) {
        sum -= factor[row + k]! * factor[other + k]!;
        odd -= factor[row + k + 1]! * factor[other + k + 1]!;
      }
      if (k < j) sum -= factor[row + k]! * factor[other + k]!;
      factor[row + j] = j < i ? (sum + odd) / factor[other + j]! : Math.sqrt(sum + odd);
    }
  }
  return factor;
}

/** Solves L·Lᵀ·x = b in place. */
function solve(factor: Float64Array, b: Float64Array): void {
  for (let i = 0; i < b.length; i++) {
    const row = (i * (i + 1)) / 2;
    let sum = b[i]!;
    for (let j = 0; j < i; j++) sum -= factor[row + j]! * b[j]!;
    b[i] = sum / factor[row + i]!;
  }
  for (let i = b.length - 1; i >= 0; i--) {
    const row = (i * (i + 1)) / 2;
    const value = b[i]! / factor[row + i]!;
    b[i] = value;
    for (let j = 0; j < i; j++) b[j]! -= factor[row + j]! * value;
  }
}
