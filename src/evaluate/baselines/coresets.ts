// Choices of real images that stand for those of a class: k-center and herding, on normalised pixels in float64. Both are greedy
// and draw nothing, so a data set has one choice. docs/math.md §5 has the formulas.
import type { Parts } from "../../platform/parts.ts";

/** Points of one class: [n, size]. */
export interface Points {
  readonly values: Float64Array;
  readonly size: number;
}

/** Returns the mean of the points, [size]. */
function meanOf({ values, size }: Points): Float64Array {
  const sum = new Float64Array(size);
  for (let at = 0; at < values.length; at++) sum[at % size]! += values[at]!;
  return sum.map((total) => total / (values.length / size));
}

/** Returns ‖pᵢ − to‖². */
function squaredDistance({ values, size }: Points, i: number, to: Float64Array): number {
  let sum = 0;
  for (let p = 0; p < size; p++) {
    const d = values[i * size + p]! - to[p]!;
    sum += d * d;
  }
  return sum;
}

/** Returns the place of the smallest value, the first of equal ones, among those that `may` be taken. */
function smallest(values: Float64Array, may: (i: number) => boolean): number {
  let best = -1;
  for (let i = 0; i < values.length; i++) if (may(i) && !(values[i]! >= values[best]!)) best = i;
  return best;
}

/** Chooses `k` points one after the other by `next`; a class with fewer points gives some of them again, in their order. */
function* greedily(n: number, k: number, chosen: number[], next: (taken: ReadonlySet<number>) => number): Parts {
  const taken = new Set<number>();
  while (chosen.length < Math.min(k, n)) {
    const i = next(taken);
    taken.add(i);
    chosen.push(i);
    yield;
  }
  for (let i = n; i < k; i++) chosen.push(chosen[i % n]!);
}

/**
 * Adds `k` places to `chosen`: first the point nearest to the mean, then always the point that is farthest from those chosen so
 * far, the first of equal ones (Gonzalez 1985; Sener and Savarese, ICLR 2018, algorithm 1).
 */
export function* kCenter(points: Points, k: number, chosen: number[]): Parts {
  const { values, size } = points;
  const n = values.length / size;
  const mean = meanOf(points);
  const toMean = Float64Array.from({ length: n }, (_, i) => squaredDistance(points, i, mean));
  // Minus the distance to the nearest chosen point, so that the smallest value is the farthest point.
  const nearest = new Float64Array(n).fill(Number.NEGATIVE_INFINITY);
  yield* greedily(n, k, chosen, (taken) => {
    const i = smallest(taken.size === 0 ? toMean : nearest, (i) => !taken.has(i));
    const point = values.subarray(i * size, (i + 1) * size);
    for (let j = 0; j < n; j++) nearest[j] = Math.max(nearest[j]!, -squaredDistance(points, j, point));
    return i;
  });
}

/**
 * Adds `k` places to `chosen`: always the point with which the mean of the chosen ones is nearest to the mean of all, the first
 * of equal ones and none twice (Welling, ICML 2009; Rebuffi et al., CVPR 2017, algorithm 4).
 */
export function* herding(points: Points, k: number, chosen: number[]): Parts {
  const { values, size } = points;
  const n = values.length / size;
  const mean = meanOf(points);
  const sum = new Float64Array(size);
  yield* greedily(n, k, chosen, (taken) => {
    // ‖mean − (sum + p)/m‖ is smallest where p is nearest to m·mean − sum.
    const m = taken.size + 1;
    const target = mean.map((value, p) => m * value - sum[p]!);
    const distances = Float64Array.from({ length: n }, (_, i) => squaredDistance(points, i, target));
    const i = smallest(distances, (i) => !taken.has(i));
    for (let p = 0; p < size; p++) sum[p]! += values[i * size + p]!;
    return i;
  });
}
