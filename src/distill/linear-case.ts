// The linear case (Wang et al. 2018, the section on a lower bound; docs/math.md §6): the only setting in which distilled
// data are known in closed form. It is computed in float64 with only + − × ÷ √.

import { type Check, number, optional, whole, wholeNumber } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { wrongKind } from "../checks/refusal.ts";
import { ShapeError } from "../errors.ts";

/** Options of {@link linearCase}. */
export interface LinearCaseOptions {
  /** d: real inputs [n, features], of rank `features`. */
  readonly inputs: ArrayLike<number>;
  /** t: real targets [n, outputs]. */
  readonly targets: ArrayLike<number>;
  /** D */
  readonly features: number;
  /** M. Default: the number of features, the fewest points that are enough. */
  readonly points?: number | undefined;
  /** η of the one step. Default 1. */
  readonly learningRate?: number | undefined;
  /** Directions of the points: [points, features] with orthonormal rows. Default: the first unit vectors. */
  readonly basis?: ArrayLike<number> | undefined;
}

const numbers: Check = (name, value) => {
  if (!Array.isArray(value) && !ArrayBuffer.isView(value)) throw wrongKind(name, "an array of numbers", value);
  const list = Array.from(value as ArrayLike<unknown>);
  const at = list.findIndex((element) => !Number.isFinite(element));
  if (at >= 0) number("a finite number", () => false)(`${name}[${at}]`, list[at]);
};

const checks: Checks<LinearCaseOptions> = {
  inputs: numbers,
  targets: numbers,
  features: whole(1),
  points: optional(whole(1)),
  learningRate: optional(number("a number > 0", (rate) => rate > 0 && rate < Number.POSITIVE_INFINITY)),
  basis: optional(numbers),
};

/** Result of {@link linearCase}. Inputs and targets are the distilled set. */
export interface LinearCase {
  /** θ*: the least squares solution on the real data, [outputs, features], as the weight of `linear`. */
  readonly optimum: Float64Array;
  /** d̃ [points, features] */
  readonly inputs: Float64Array;
  /** t̃ [points, outputs] */
  readonly targets: Float64Array;
  readonly learningRate: number;
  /** D, the fewest points that reach θ* from every θ_0. */
  readonly lowerBound: number;
  /** Directions of θ that the step does not change, as orthonormal rows [features − points, features]. */
  readonly untouched: Float64Array;
}

/**
 * Returns the fewest points from which one gradient step reaches the least squares optimum from any initial weights: the
 * number of features. With fewer, d̃ᵀd̃ does not have full rank, and some direction of θ does not change.
 *
 * @throws RangeError unless `features` is a whole number ≥ 1.
 * @example
 * linearLowerBound(784); // 784
 */
export function linearLowerBound(features: number): number {
  return wholeNumber("features", features, 1);
}

/**
 * Computes distilled data of linear regression, in closed form. The loss is Σ‖dθ − t‖²/2N, as for `"mse"`, and a step on M
 * distilled points turns any θ_0 into
 *
 *     θ_1 = (I − (η/M)·d̃ᵀd̃)·θ_0 + (η/M)·d̃ᵀt̃
 *
 * which is θ* for every θ_0 exactly if d̃ᵀd̃ = (M/η)·I and d̃ᵀt̃ = (M/η)·θ*. With orthonormal directions Q that is
 * d̃ = √(M/η)·Q and t̃ = d̃·θ*. M = D points are enough; with fewer, θ reaches θ* only in the directions that they span.
 *
 * @throws RangeError for invalid sizes, more points than features, a learning rate that is not above 0, real inputs of
 * lower rank, for which θ* is not unique, or a basis whose rows are not orthonormal; ShapeError for arrays that do not fit
 * the sizes.
 * @example
 * const { inputs, targets, learningRate, optimum } = linearCase({ inputs: d, targets: t, features: 784 });
 */
export function linearCase(options: LinearCaseOptions): LinearCase {
  checkOptions(options, checks);
  const { features, learningRate = 1 } = options;
  const lowerBound = linearLowerBound(features);
  const { points = lowerBound } = options;
  if (points > features) {
    throw new RangeError(`"points" expected at most ${features}, one for each feature, got ${points}`);
  }
  const count = options.inputs.length / features;
  if (!Number.isInteger(count) || count < features) {
    throw new ShapeError(`"inputs" expected n × ${features} numbers, n >= ${features}, got ${options.inputs.length}`);
  }
  const outputs = options.targets.length / count;
  if (!Number.isInteger(outputs) || outputs < 1) {
    throw new ShapeError(`"targets" expected ${count} × outputs numbers, got ${options.targets.length}`);
  }
  const basis = options.basis ?? unitVectors(points, features);
  checkOrthonormal(basis, points, features);

  const optimum = leastSquares(options.inputs, options.targets, { count, features, outputs });
  const scale = Math.sqrt(points / learningRate);
  const inputs = Float64Array.from(basis, (value) => scale * value);
  const targets = new Float64Array(points * outputs);
  for (let i = 0; i < points; i++) {
    const row = inputs.subarray(i * features, (i + 1) * features);
    for (let k = 0; k < outputs; k++) {
      targets[i * outputs + k] = inner(row, optimum.subarray(k * features, (k + 1) * features));
    }
  }
  return { optimum, inputs, targets, learningRate, lowerBound, untouched: complement(basis, points, features) };
}

interface Sizes {
  readonly count: number;
  readonly features: number;
  readonly outputs: number;
}

/** Returns argmin ‖d·θ − t‖, [outputs, features]: Householder reflections make d upper triangular, and transform t with it. */
function leastSquares(d: ArrayLike<number>, t: ArrayLike<number>, { count, features, outputs }: Sizes): Float64Array {
  const columns = (source: ArrayLike<number>, width: number): Float64Array[] =>
    Array.from({ length: width }, (_, j) => Float64Array.from({ length: count }, (_, i) => source[i * width + j]!));
  const [a, b] = [columns(d, features), columns(t, outputs)];
  const sizes = a.map((column) => Math.sqrt(inner(column, column)));
  for (let j = 0; j < features; j++) {
    const v = a[j]!.slice(j);
    const norm = Math.sqrt(inner(v, v));
    // Rounding leaves about 1e-16 of the size of a column that others span.
    if (!(norm > 1e-12 * sizes[j]!)) {
      throw new RangeError(`"inputs" expected rank ${features}, but feature ${j} is a combination of those before it`);
    }
    v[0]! += v[0]! < 0 ? -norm : norm;
    const square = inner(v, v);
    for (const column of [...a.slice(j), ...b]) {
      const rest = column.subarray(j);
      const share = (2 * inner(v, rest)) / square;
      for (let i = 0; i < v.length; i++) rest[i]! -= share * v[i]!;
    }
  }
  const theta = new Float64Array(outputs * features);
  for (let k = 0; k < outputs; k++) {
    for (let j = features - 1; j >= 0; j--) {
      let sum = b[k]![j]!;
      for (let l = j + 1; l < features; l++) sum -= a[l]![j]! * theta[k * features + l]!;
      theta[k * features + j] = sum / a[j]![j]!;
    }
  }
  return theta;
}

function unitVectors(points: number, features: number): Float64Array {
  const out = new Float64Array(points * features);
  for (let i = 0; i < points; i++) out[i * features + i] = 1;
  return out;
}

function checkOrthonormal(basis: ArrayLike<number>, points: number, features: number): void {
  if (basis.length !== points * features) {
    throw new ShapeError(`"basis" expected ${points} × ${features} numbers, got ${basis.length}`);
  }
  const rows = Array.from({ length: points }, (_, i) =>
    Float64Array.from({ length: features }, (_, j) => basis[i * features + j]!),
  );
  rows.forEach((row, i) => {
    for (let j = 0; j <= i; j++) {
      const product = inner(row, rows[j]!);
      if (Math.abs(product - (i === j ? 1 : 0)) <= 1e-9) continue;
      throw new RangeError(`"basis" expected orthonormal rows, got ${product} as the product of rows ${i} and ${j}`);
    }
  });
}

/** Returns orthonormal rows [features − points, features], orthogonal to those of `basis`, by Gram–Schmidt done twice. */
function complement(basis: ArrayLike<number>, points: number, features: number): Float64Array {
  const rows = Array.from({ length: points }, (_, i) =>
    Float64Array.from({ length: features }, (_, j) => basis[i * features + j]!),
  );
  // The largest remainder of the unit vectors is large enough to keep its digits.
  while (rows.length < features) {
    const candidates = Array.from({ length: features }, (_, j) => {
      const unit = new Float64Array(features);
      unit[j] = 1;
      return remainder(remainder(unit, rows), rows);
    });
    const best = candidates.reduce((a, b) => (inner(b, b) > inner(a, a) ? b : a));
    const norm = Math.sqrt(inner(best, best));
    rows.push(best.map((value) => value / norm));
  }
  const out = new Float64Array((features - points) * features);
  rows.slice(points).forEach((row, i) => {
    out.set(row, i * features);
  });
  return out;
}

/** Returns `vector` without its components along orthonormal `rows`. */
function remainder(vector: Float64Array, rows: readonly Float64Array[]): Float64Array {
  const rest = vector.slice();
  for (const row of rows) {
    const share = inner(rest, row);
    for (let i = 0; i < rest.length; i++) rest[i]! -= share * row[i]!;
  }
  return rest;
}

function inner(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}
