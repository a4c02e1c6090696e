// Arithmetic on flat arrays, for algorithms on top of the engine. It computes in float64, sums in one order and rounds once,
// where a result is stored, so results have the same bits on every host.
import { floats, number } from "../checks/checks.ts";
import { outOfRange } from "../checks/refusal.ts";

type Floats = Float32Array | Float64Array;

const finite = number("a finite number", Number.isFinite);

/**
 * Returns Σ xᵢ·yᵢ, summed in the order of i.
 *
 * @throws TypeError for a value that is not an array of floats, RangeError for arrays of different lengths.
 * @example
 * const cosine = dot(g, h) / (norm(g) * norm(h));
 */
export function dot(x: Floats, y: Floats): number {
  checkPair(x, y);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

/**
 * Returns the Euclidean length √(Σ xᵢ²).
 *
 * @throws TypeError for a value that is not an array of floats.
 * @example
 * scale(1 / norm(gradient), gradient); // a gradient of length 1
 */
export function norm(x: Floats): number {
  return Math.sqrt(dot(x, x));
}

/**
 * Sets y ← y + alpha·x in place, as BLAS's axpy does: a step of gradient descent is `axpy(-learningRate, gradient, theta)`.
 *
 * @returns y
 * @throws TypeError for a value that is not an array of floats or a number, RangeError for arrays of different lengths or an `alpha` that
 * is not finite.
 * @example
 * const difference = axpy(-1, wanted, got.slice()); // got − wanted
 */
export function axpy<Y extends Floats>(alpha: number, x: Floats, y: Y): Y {
  finite("alpha", alpha);
  checkPair(x, y);
  for (let i = 0; i < x.length; i++) y[i] = y[i]! + alpha * x[i]!;
  return y;
}

/**
 * Sets x ← alpha·x in place.
 *
 * @returns x
 * @throws TypeError for a value that is not an array of floats or a number, RangeError for an `alpha` that is not finite.
 * @example
 * const mean = scale(1 / 2, axpy(1, first, second.slice()));
 */
export function scale<X extends Floats>(alpha: number, x: X): X {
  finite("alpha", alpha);
  floats("x", x);
  for (let i = 0; i < x.length; i++) x[i] = alpha * x[i]!;
  return x;
}

function checkPair(x: Floats, y: Floats): void {
  floats("x", x);
  floats("y", y);
  if (x.length !== y.length) throw outOfRange("y", `an array of length ${x.length}, as "x"`, y);
}
