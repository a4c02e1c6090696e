// Elementwise layers on n floats. A tile is BLOCK floats.
//
// ReLU. Its derivative is the mask y > 0, so one kernel serves three rules:
//   backward   dx  = mask(y, dy)
//   forwardR   ry  = mask(y, rx)
//   backwardR  rdx = mask(y, rdy)      (the second derivative is zero almost everywhere)
// Softplus maps raw learning rates to positive ones; only the first derivative is needed.
import { sigmoidPs, softplusPs } from "./math";
import { at, BLOCK, loadPartial, storePartial } from "./simd";
import { lastOf } from "./vector";

/** y = max(x, 0); y may be x. pmax gives its first operand unless the second is larger: NaN stays NaN. */
export function reluForward(y: usize, x: usize, n: i32, begin: i32, end: i32): void {
  const last = lastOf(n, end);
  const zero = f32x4.splat(0);
  let i = begin * BLOCK;
  for (; i + 4 <= last; i += 4) v128.store(at(y, i), f32x4.pmax(v128.load(at(x, i)), zero));
  const count = last - i;
  if (count > 0) storePartial(at(y, i), f32x4.pmax(loadPartial(at(x, i), count), zero), count);
}

/** v where y > 0, else 0 */
function mask(y: v128, v: v128): v128 {
  return v128.and(v, f32x4.gt(y, f32x4.splat(0)));
}

/** out = v where y > 0, else 0; out may be v */
export function reluMask(out: usize, y: usize, v: usize, n: i32, begin: i32, end: i32): void {
  const last = lastOf(n, end);
  let i = begin * BLOCK;
  for (; i + 4 <= last; i += 4) v128.store(at(out, i), mask(v128.load(at(y, i)), v128.load(at(v, i))));
  const count = last - i;
  if (count > 0) {
    storePartial(at(out, i), mask(loadPartial(at(y, i), count), loadPartial(at(v, i), count)), count);
  }
}

/** y = ln(1 + eˣ); y may be x */
export function softplusForward(y: usize, x: usize, n: i32, begin: i32, end: i32): void {
  const last = lastOf(n, end);
  let i = begin * BLOCK;
  for (; i + 4 <= last; i += 4) v128.store(at(y, i), softplusPs(v128.load(at(x, i))));
  const count = last - i;
  if (count > 0) storePartial(at(y, i), softplusPs(loadPartial(at(x, i), count)), count);
}

/** dx = dy·sigmoid(x); dx may be dy or x */
export function softplusBackward(dx: usize, x: usize, dy: usize, n: i32, begin: i32, end: i32): void {
  const last = lastOf(n, end);
  let i = begin * BLOCK;
  for (; i + 4 <= last; i += 4) {
    v128.store(at(dx, i), f32x4.mul(v128.load(at(dy, i)), sigmoidPs(v128.load(at(x, i)))));
  }
  const count = last - i;
  if (count > 0) {
    const slope = sigmoidPs(loadPartial(at(x, i), count));
    storePartial(at(dx, i), f32x4.mul(loadPartial(at(dy, i), count), slope), count);
  }
}
