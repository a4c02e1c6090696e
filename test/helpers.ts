// What every test shares: repeatable inputs, one way to compare, and the backends to test.

import type { Backend } from "../src/backend/backend.ts";
import type { Buffer, Floats } from "../src/backend/buffer.ts";

/** The tolerance of float32 kernels against the float64 reference: about 100 roundings of 2⁻²⁴, far below any wrong index. */
export const float32Tolerance = 1e-5;
/** The tolerance of float64 loops against float64 loops that sum in another order. */
export const float64Tolerance = 1e-12;
/** Central differences in float64 with step `differenceStep`: truncation step² and rounding 2⁻⁵³/step are both 1e-10. */
export const differenceTolerance = 1e-7;
export const differenceStep = 1e-5;

/** A 32-bit mixing function (MurmurHash3's finaliser): neighbouring inputs give unrelated outputs. */
function mix(word: number): number {
  let h = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Returns `n` repeatable float32 values in [−scale, scale), without a period that could hide a wrong stride. */
export function paint(n: number, seed: number, scale = 1): Float32Array {
  const values = new Float32Array(n);
  const key = mix(seed + 0x9e3779b9);
  for (let i = 0; i < n; i++) values[i] = scale * ((mix(i ^ key) >>> 8) / 2 ** 23 - 1);
  return values;
}

/** Returns `n` repeatable whole numbers from −3 to 3. Sums of their products are exact in float32, in any order. */
export function paintWhole(n: number, seed: number): Float32Array {
  return paint(n, seed, 3.499).map(Math.round);
}

/** Draws whole numbers from `low` to `high`, the same ones for the same seed. */
export function drawing(seed: number): (low: number, high: number) => number {
  const [numbers, at] = [paint(65_536, seed, 0.5), { next: 0 }];
  return (low, high) => low + Math.floor((numbers[at.next++ % numbers.length]! + 0.5) * (high - low + 1));
}

/** Returns the largest |value|, the usual scale of an error. NaN if any value is NaN. */
export function largest(values: ArrayLike<number>): number {
  let max = 0;
  for (let i = 0; i < values.length; i++) max = Math.max(max, Math.abs(values[i]!));
  return max;
}

export interface Residual {
  /** max |actual − expected| / scale; Infinity if either is not a number. */
  readonly residual: number;
  readonly position: number;
}

/**
 * Computes the scaled residual of BLAS test suites. `scale` is the largest expected value, unless the caller knows that
 * terms cancel and gives their size.
 */
export function scaledResidual(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  scale: number = largest(expected),
): Residual {
  if (actual.length !== expected.length) return { residual: Number.POSITIVE_INFINITY, position: -1 };
  let worst = 0;
  let position = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    if (error <= worst) continue;
    worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
    position = i;
  }
  // If everything expected is zero, any other value is wrong, however small.
  return { residual: worst === 0 ? 0 : worst / Math.max(scale, 1e-30), position };
}

/** Throws unless the scaled residual, which it returns, is within `tolerance`. `label` names the case, with the seed of its inputs. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  label: string,
  scale?: number,
): number {
  const { residual, position } = scaledResidual(actual, expected, scale);
  if (residual <= tolerance) return residual;
  const got = `got ${actual[position]}, expected ${expected[position]} at ${position} of ${expected.length}`;
  throw new Error(`${label}: scaled residual ${residual.toExponential(2)} > ${tolerance}: ${got}`);
}

/** A copy of what lies in the memory of a backend whose ops have run when they return, as those of both backends do. */
export function peek(backend: Pick<Backend, "upload">, source: Buffer, n: number): Floats {
  let copy: Floats = new Float32Array(0);
  backend.upload(source, n, (host) => {
    copy = host.slice();
  });
  return copy;
}

/** Returns what a call throws or rejects with; throws if it does neither. */
export async function errorOf(call: () => unknown): Promise<Error> {
  try {
    await call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was refused");
}
