// Max pooling (pool2d.ts) by windows of 3×3, those of AlexNet and ResNet, without a loop over their taps. A call takes `count`
// windows of a row of outputs, all inside the image.
import { forwardWindow, only } from "./pool2d-windows";
import { storeLanes } from "./simd";

// @ts-ignore: AssemblyScript's v128 is a value here
type V = v128;

/**
 * The windows are `step` bytes apart. The largest so far is `pmax(best, v)`, which keeps the first of equals but also a number
 * before a NaN; so a row in which there may be a NaN, because the sum of its elements is one, is done again window by window.
 */
export function forwardNines(
  y: usize,
  index: usize,
  x: usize,
  pixel: usize,
  row: usize,
  step: usize,
  count: i32,
): void {
  let total = f32x4.splat(0);
  for (let k: usize = 0; k < <usize>count; k++) {
    const yk = y + k * pixel;
    const ik = index + k * pixel;
    let p = x + k * step;
    for (let b: usize = 0; b < pixel; b += 16, p += 16) {
      let best = v128.load(p);
      let sum = best;
      let winner = f32x4.splat(0);
      let v = v128.load(p + pixel);
      winner = v128.and(f32x4.gt(v, best), f32x4.splat(1));
      best = f32x4.pmax(best, v);
      sum = f32x4.add(sum, v);
      v = v128.load(p + 2 * pixel);
      winner = later(winner, v, best, 2);
      best = f32x4.pmax(best, v);
      sum = f32x4.add(sum, v);
      let q = p + row;
      v = v128.load(q);
      winner = later(winner, v, best, 3);
      best = f32x4.pmax(best, v);
      sum = f32x4.add(sum, v);
      v = v128.load(q + pixel);
      winner = later(winner, v, best, 4);
      best = f32x4.pmax(best, v);
      sum = f32x4.add(sum, v);
      v = v128.load(q + 2 * pixel);
      winner = later(winner, v, best, 5);
      best = f32x4.pmax(best, v);
      sum = f32x4.add(sum, v);
      q += row;
      v = v128.load(q);
      winner = later(winner, v, best, 6);
      best = f32x4.pmax(best, v);
      sum = f32x4.add(sum, v);
      v = v128.load(q + pixel);
      winner = later(winner, v, best, 7);
      best = f32x4.pmax(best, v);
      sum = f32x4.add(sum, v);
      v = v128.load(q + 2 * pixel);
      winner = later(winner, v, best, 8);
      best = f32x4.pmax(best, v);
      total = f32x4.add(total, f32x4.add(sum, v));
      const half = b + 16 > pixel;
      storeLanes(yk + b, best, half);
      storeLanes(ik + b, winner, half);
    }
  }
  if (!v128.any_true(f32x4.ne(total, total))) return;
  for (let k: usize = 0; k < <usize>count; k++) {
    forwardWindow(y + k * pixel, index + k * pixel, x + k * step, pixel, row, 0, 3, 3, 3);
  }
}

/** The winner after tap `tap`, which is larger than those before it, has the value v. */
function later(winner: V, v: V, best: V, tap: f32): V {
  return i32x4.max_s(winner, v128.and(f32x4.gt(v, best), f32x4.splat(tap)));
}

/** The windows are `step` bytes apart. */
export function gatherNines(
  ry: usize,
  index: usize,
  rx: usize,
  pixel: usize,
  row: usize,
  step: usize,
  count: i32,
): void {
  for (; count > 0; count--, ry += pixel, index += pixel, rx += step) {
    let p = rx;
    for (let b: usize = 0; b < pixel; b += 16, p += 16) {
      const winner = v128.load(index + b);
      let q = p + row;
      let r = only(v128.load(p), winner, f32x4.splat(0));
      r = v128.or(r, only(v128.load(p + pixel), winner, f32x4.splat(1)));
      r = v128.or(r, only(v128.load(p + 2 * pixel), winner, f32x4.splat(2)));
      r = v128.or(r, only(v128.load(q), winner, f32x4.splat(3)));
      r = v128.or(r, only(v128.load(q + pixel), winner, f32x4.splat(4)));
      r = v128.or(r, only(v128.load(q + 2 * pixel), winner, f32x4.splat(5)));
      q += row;
      r = v128.or(r, only(v128.load(q), winner, f32x4.splat(6)));
      r = v128.or(r, only(v128.load(q + pixel), winner, f32x4.splat(7)));
      r = v128.or(r, only(v128.load(q + 2 * pixel), winner, f32x4.splat(8)));
      storeLanes(ry + b, r, b + 16 > pixel);
    }
  }
}

/**
 * Windows two pixels apart: writes the middle element of each and the three on the right, below and at the corner between, which it
 * shares with the windows there. These lie `right` and `below` bytes on in dy; 0 where there are none. A sum takes windows in
 * order.
 */
export function scatterNines(
  dx: usize,
  index: usize,
  dy: usize,
  pixel: usize,
  row: usize,
  right: usize,
  below: usize,
  count: i32,
): void {
  const zero = f32x4.splat(0);
  // The taps that these elements are of the window on the right, that below and that at the corner.
  const r3 = f32x4.splat(right ? 3 : -1);
  const r6 = f32x4.splat(right ? 6 : -1);
  const b1 = f32x4.splat(below ? 1 : -1);
  const b2 = f32x4.splat(below ? 2 : -1);
  const c0 = f32x4.splat(right && below ? 0 : -1);
  for (; count > 0; count--, dy += pixel, index += pixel, dx += 2 * pixel) {
    for (let b: usize = 0; b < pixel; b += 16) {
      const half = b + 16 > pixel;
      let w = v128.load(index + b);
      let d = v128.load(dy + b);
      let beside = f32x4.add(zero, only(d, w, f32x4.splat(5)));
      let under = f32x4.add(zero, only(d, w, f32x4.splat(7)));
      let corner = f32x4.add(zero, only(d, w, f32x4.splat(8)));
      storeLanes(dx + b, f32x4.add(zero, only(d, w, f32x4.splat(4))), half);
      w = v128.load(index + right + b);
      d = v128.load(dy + right + b);
      beside = f32x4.add(beside, only(d, w, r3));
      corner = f32x4.add(corner, only(d, w, r6));
      storeLanes(dx + pixel + b, beside, half);
      w = v128.load(index + below + b);
      d = v128.load(dy + below + b);
      under = f32x4.add(under, only(d, w, b1));
      corner = f32x4.add(corner, only(d, w, b2));
      storeLanes(dx + row + b, under, half);
      w = v128.load(index + below + right + b);
      d = v128.load(dy + below + right + b);
      corner = f32x4.add(corner, only(d, w, c0));
      storeLanes(dx + row + pixel + b, corner, half);
    }
  }
}
