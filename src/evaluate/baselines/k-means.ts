// k-means of one class: finds k points to which its images are close (Lloyd), starting from k-means++ (Arthur, Vassilvitskii,
// 2007). Distances are sums and products in float64, so every host finds the same clusters.
//
// Most distances need not be computed: a centre that is farther from a point's own centre than twice the point is cannot
// be nearer. Upper and lower bounds are kept as in Elkan, "Using the triangle inequality to accelerate k-means" (2003);
// they change no assignment, except of points that are equally far from two centres, to the last bits.
// docs/math.md §5 describes this.

import type { AbortSignal } from "../../host-types.ts";
import { inParts, type Parts } from "../../platform/parts.ts";

/** The number of points that are assigned before others may run. */
const BURST = 64;

/**
 * Iterates until no assignment changes. A cluster that loses all its points keeps its centre; one cluster is the mean. Lets
 * others run about every 50 ms, and throws the signal's reason.
 *
 * @param points [n, size]
 * @param chances k numbers in [0, 1), one for the choice of each first centre.
 * @returns centres [k, size], in the order in which they were seeded.
 */
export async function kMeans(
  points: Float64Array,
  size: number,
  chances: ArrayLike<number>,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const clustering = new Clustering(points, size, chances.length);
  await inParts(clustering.run(chances), signal);
  return clustering.centres;
}

/** Returns the squared distance of row i of `a` and row j of `b`. All arrays have one type, or engines make slow code of it. */
function squaredDistance(a: Float64Array, i: number, b: Float64Array, j: number, size: number): number {
  const from = i * size;
  const to = j * size;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let p = 0;
  // Four sums run side by side, so that none waits for another.
  for (; p + 4 <= size; p += 4) {
    const d0 = a[from + p]! - b[to + p]!;
    const d1 = a[from + p + 1]! - b[to + p + 1]!;
    const d2 = a[from + p + 2]! - b[to + p + 2]!;
    const d3 = a[from + p + 3]! - b[to + p + 3]!;
    s0 += d0 * d0;
    s1 += d1 * d1;
    s2 += d2 * d2;
    s3 += d3 * d3;
  }
  for (; p < size; p++) {
    const d = a[from + p]! - b[to + p]!;
    s0 += d * d;
  }
  return s0 + s1 + (s2 + s3);
}

class Clustering {
  readonly centres: Float64Array;
  readonly #points: Float64Array;
  readonly #size: number;
  readonly #n: number;
  readonly #k: number;
  /** The number of points in each cluster, and their sum, kept up to date as points move. */
  readonly #counts: Uint32Array;
  readonly #sums: Float64Array;
  /** The cluster of each point; −1 before the first assignment. */
  readonly #cluster: Int32Array;
  /** An upper bound of each point's distance to its centre, and whether it is exact. */
  readonly #upper: Float64Array;
  readonly #exact: Uint8Array;
  /** [n, k], a lower bound of the distance of each point to each centre. */
  readonly #lower: Float64Array;

  constructor(points: Float64Array, size: number, k: number) {
    this.#points = points;
    this.#size = size;
    this.#n = points.length / size;
    this.#k = k;
    this.#counts = new Uint32Array(this.#k);
    this.#sums = new Float64Array(this.#k * size);
    this.#cluster = new Int32Array(this.#n).fill(-1);
    this.#upper = new Float64Array(this.#n).fill(Number.POSITIVE_INFINITY);
    this.#exact = new Uint8Array(this.#n);
    this.#lower = new Float64Array(this.#n * this.#k);
    this.centres = new Float64Array(k * size);
  }

  *run(chances: ArrayLike<number>): Parts {
    yield* this.#seed(chances);
    for (;;) {
      const apart = new Float64Array(this.#k * this.#k).fill(Number.POSITIVE_INFINITY);
      yield* this.#halfDistances(apart);
      let changed = false;
      for (let from = 0; from < this.#n; from += BURST) {
        if (this.#assign(from, Math.min(this.#n, from + BURST), apart)) changed = true;
        yield;
      }
      if (!changed) return;
      this.#update();
    }
  }

  /** k-means++: draws any point as the first centre, each later one ∝ its squared distance to the nearest centre. */
  *#seed(chances: ArrayLike<number>): Parts {
    const [size, points] = [this.#size, this.#points];
    const nearest = new Float64Array(this.#n).fill(1);
    for (let c = 0; c < this.#k; c++) {
      const chosen = weightedChoice(nearest, chances[c]!);
      this.centres.set(points.subarray(chosen * size, (chosen + 1) * size), c * size);
      this.#approach(c, nearest);
      yield;
    }
  }

  /** Measures the distance of every point to centre c, and lowers the squares in `nearest` to it. */
  #approach(c: number, nearest: Float64Array): void {
    for (let i = 0; i < this.#n; i++) {
      const distance = squaredDistance(this.#points, i, this.centres, c, this.#size);
      if (c === 0 || distance < nearest[i]!) nearest[i] = distance;
      this.#lower[i * this.#k + c] = Math.sqrt(distance);
    }
  }

  /** Assigns points `from` … `end` − 1 to their nearest centres. Returns whether any assignment changed. */
  #assign(from: number, end: number, apart: Float64Array): boolean {
    const k = this.#k;
    let changed = false;
    for (let i = from; i < end; i++) {
      const before = this.#cluster[i]!;
      if (before < 0 || this.#upper[i]! > apart[before * k + before]!) this.#assignOne(i, apart);
      const after = this.#cluster[i]!;
      if (after === before) continue;
      changed = true;
      if (before >= 0) this.#add(-1, i, before);
      this.#add(1, i, after);
    }
    return changed;
  }

  #add(sign: number, i: number, c: number): void {
    const [sums, points, size] = [this.#sums, this.#points, this.#size];
    this.#counts[c]! += sign;
    for (let p = 0, from = i * size, to = c * size; p < size; p++) sums[to + p]! += sign * points[from + p]!;
  }

  #assignOne(i: number, apart: Float64Array): void {
    const k = this.#k;
    if (this.#cluster[i]! < 0) this.#measure(i, 0);
    for (let c = 0; c < k; c++) {
      const own = this.#cluster[i]!;
      if (c === own) continue;
      const bound = Math.max(this.#lower[i * k + c]!, apart[own * k + c]!);
      if (this.#upper[i]! <= bound) continue;
      if (!this.#exact[i]) {
        this.#measure(i, own);
        if (this.#upper[i]! <= bound) continue;
      }
      const distance = Math.sqrt(squaredDistance(this.#points, i, this.centres, c, this.#size));
      this.#lower[i * k + c] = distance;
      if (distance < this.#upper[i]!) {
        this.#cluster[i] = c;
        this.#upper[i] = distance;
      }
    }
  }

  /** Puts point i into cluster c, and measures its distance. */
  #measure(i: number, c: number): void {
    const distance = Math.sqrt(squaredDistance(this.#points, i, this.centres, c, this.#size));
    this.#cluster[i] = c;
    this.#upper[i] = distance;
    this.#lower[i * this.#k + c] = distance;
    this.#exact[i] = 1;
  }

  /** Fills in [k, k], half the distance of two centres, and on the diagonal half the distance to the nearest other centre. */
  *#halfDistances(half: Float64Array): Parts {
    const k = this.#k;
    for (let a = 0; a < k; a++) {
      for (let b = 0; b < a; b++) {
        const distance = Math.sqrt(squaredDistance(this.centres, a, this.centres, b, this.#size)) / 2;
        half[a * k + b] = distance;
        half[b * k + a] = distance;
        half[a * k + a] = Math.min(half[a * k + a]!, distance);
        half[b * k + b] = Math.min(half[b * k + b]!, distance);
      }
      yield;
    }
  }

  /** Moves every centre to the mean of its points, and adjusts the bounds by the distance moved. */
  #update(): void {
    const [n, k, size] = [this.#n, this.#k, this.#size];
    const old = this.centres.slice();
    const moved = new Float64Array(k);
    for (let c = 0; c < k; c++) {
      const count = this.#counts[c]!;
      if (count === 0) continue;
      for (let p = c * size; p < (c + 1) * size; p++) this.centres[p] = this.#sums[p]! / count;
      moved[c] = Math.sqrt(squaredDistance(this.centres, c, old, c, size));
    }
    for (let i = 0; i < n; i++) {
      this.#upper[i]! += moved[this.#cluster[i]!]!;
      this.#exact[i] = 0;
      for (let c = 0; c < k; c++) this.#lower[i * k + c] = Math.max(0, this.#lower[i * k + c]! - moved[c]!);
    }
  }
}

/** Returns the index at which the sum of `weights` passes `chance` of the total; if all are 0, each index is equally likely. */
function weightedChoice(weights: Float64Array, chance: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return Math.floor(chance * weights.length);
  let [sum, last] = [0, 0];
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    sum += weights[i]!;
    last = i;
    if (sum > chance * total) break;
  }
  return last;
}
