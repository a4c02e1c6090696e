// What max pooling (pool2d.ts) does with a window, or a row of them. `lanes` is even, so the last vector of a pixel's lanes may be
// half one.
import { storeLanes } from "./simd";

// Windows of any kind. `x` (`rx`) is the first of the `rows` × `columns` elements inside the image, at tap `tap`;
// `pixel` and `row` are the steps to the right and down in bytes, `kw` the step down in taps.

export function forwardWindow(
  y: usize,
  index: usize,
  x: usize,
  pixel: usize,
  row: usize,
  tap: i32,
  rows: i32,
  columns: i32,
  kw: i32,
): void {
  for (let b: usize = 0; b < pixel; b += 16) {
    let best = f32x4.splat(-Infinity);
    let winner = f32x4.splat(<f32>tap);
    for (let i = 0; i < rows; i++) {
      let p = x + <usize>i * row + b;
      let here = f32x4.splat(<f32>(tap + i * kw));
      for (let j = 0; j < columns; j++, p += pixel) {
        const v = v128.load(p);
        const wins = beats(v, best);
        best = v128.bitselect(v, best, wins);
        winner = v128.bitselect(here, winner, wins);
        here = f32x4.add(here, f32x4.splat(1));
      }
    }
    const half = b + 16 > pixel;
    storeLanes(y + b, best, half);
    storeLanes(index + b, winner, half);
  }
}

export function gatherWindow(
  ry: usize,
  index: usize,
  rx: usize,
  pixel: usize,
  row: usize,
  tap: i32,
  rows: i32,
  columns: i32,
  kw: i32,
): void {
  for (let b: usize = 0; b < pixel; b += 16) {
    const winner = v128.load(index + b);
    let r = f32x4.splat(0);
    for (let i = 0; i < rows; i++) {
      let p = rx + <usize>i * row + b;
      let here = f32x4.splat(<f32>(tap + i * kw));
      for (let j = 0; j < columns; j++, p += pixel) {
        r = v128.or(r, only(v128.load(p), winner, here));
        here = f32x4.add(here, f32x4.splat(1));
      }
    }
    storeLanes(ry + b, r, b + 16 > pixel);
  }
}

/**
 * One element of dx, at `dx`: the sum of the dy that it has won. `dy` and `index` are at the first of the `rows` × `columns`
 * windows that it lies in, where it is tap `tap`; `row` is the step from a row of outputs to the next in bytes, `across` and `down`
 * are the taps from a window to the next.
 */
export function scatterPixel(
  dx: usize,
  index: usize,
  dy: usize,
  pixel: usize,
  row: usize,
  tap: i32,
  rows: i32,
  columns: i32,
  across: i32,
  down: i32,
): void {
  const step = f32x4.splat(<f32>across);
  for (let b: usize = 0; b < pixel; b += 16) {
    let sum = f32x4.splat(0);
    for (let i = 0; i < rows; i++) {
      let p = <usize>i * row + b;
      let here = f32x4.splat(<f32>(tap - i * down));
      for (let j = 0; j < columns; j++, p += pixel) {
        sum = f32x4.add(sum, only(v128.load(dy + p), v128.load(index + p), here));
        here = f32x4.sub(here, step);
      }
    }
    storeLanes(dx + b, sum, b + 16 > pixel);
  }
}

// Quads: 2×2 windows side by side, no padding: the pooling of most networks. A call takes `count` of them, a row of outputs. Whether a
// vector is half one is asked once for all its stores: asked at each, it takes as long as the rest.

export function forwardQuads(y: usize, index: usize, x: usize, pixel: usize, row: usize, count: i32): void {
  for (; count > 0; count--, y += pixel, index += pixel, x += 2 * pixel) {
    for (let b: usize = 0; b < pixel; b += 16) {
      let best = v128.load(x + b);
      let v = v128.load(x + pixel + b);
      let wins = beats(v, best);
      best = v128.bitselect(v, best, wins);
      let winner = v128.and(f32x4.splat(1), wins);
      v = v128.load(x + row + b);
      wins = beats(v, best);
      best = v128.bitselect(v, best, wins);
      winner = v128.bitselect(f32x4.splat(2), winner, wins);
      v = v128.load(x + row + pixel + b);
      wins = beats(v, best);
      best = v128.bitselect(v, best, wins);
      winner = v128.bitselect(f32x4.splat(3), winner, wins);
      if (b + 16 > pixel) {
        v128.store64_lane(y + b, best, 0);
        v128.store64_lane(index + b, winner, 0);
      } else {
        v128.store(y + b, best);
        v128.store(index + b, winner);
      }
    }
  }
}

export function gatherQuads(ry: usize, index: usize, rx: usize, pixel: usize, row: usize, count: i32): void {
  for (; count > 0; count--, ry += pixel, index += pixel, rx += 2 * pixel) {
    for (let b: usize = 0; b < pixel; b += 16) {
      const winner = v128.load(index + b);
      const top = v128.or(
        only(v128.load(rx + b), winner, f32x4.splat(0)),
        only(v128.load(rx + pixel + b), winner, f32x4.splat(1)),
      );
      const bottom = v128.or(
        only(v128.load(rx + row + b), winner, f32x4.splat(2)),
        only(v128.load(rx + row + pixel + b), winner, f32x4.splat(3)),
      );
      storeLanes(ry + b, v128.or(top, bottom), b + 16 > pixel);
    }
  }
}

/** Writes without adding: no other window has these elements. */
export function scatterQuads(dy: usize, index: usize, dx: usize, pixel: usize, row: usize, count: i32): void {
  for (; count > 0; count--, dy += pixel, index += pixel, dx += 2 * pixel) {
    for (let b: usize = 0; b < pixel; b += 16) {
      const winner = v128.load(index + b);
      const d = v128.load(dy + b);
      const topLeft = only(d, winner, f32x4.splat(0));
      const topRight = only(d, winner, f32x4.splat(1));
      const left = only(d, winner, f32x4.splat(2));
      const right = only(d, winner, f32x4.splat(3));
      const p = dx + b;
      if (b + 16 > pixel) {
        v128.store64_lane(p, topLeft, 0);
        v128.store64_lane(p + pixel, topRight, 0);
        v128.store64_lane(p + row, left, 0);
        v128.store64_lane(p + row + pixel, right, 0);
      } else {
        v128.store(p, topLeft);
        v128.store(p + pixel, topRight);
        v128.store(p + row, left);
        v128.store(p + row + pixel, right);
      }
    }
  }
}

/** Lanes where v is larger than best, or NaN */
function beats(v: v128, best: v128): v128 {
  return v128.or(f32x4.gt(v, best), f32x4.ne(v, v));
}

/** v where the winner is `tap`, else 0 */
export function only(v: v128, winner: v128, tap: v128): v128 {
  return v128.and(v, f32x4.eq(winner, tap));
}
