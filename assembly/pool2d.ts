// Max pooling with windows of kh × kw. x and dx [channels, h, w, lanes], y, dy and index [channels, oh, ow, lanes]; `lanes`
// is the padded number of images. It is even, so the last vector of a pixel's lanes may be half one. A tile is one channel.
//   forward   y  = the largest of each window; index = its place ky·kw + kx there, as a float
//   gather    ry = rx at the winners
//   scatter   dx = dy added at the winners, in the order of the outputs
// As in PyTorch the first of equals wins, a NaN beats all before it, and padding never wins.

import { Buffer } from "./fields";
import { storeLanes } from "./simd";

const FORWARD: i32 = 0;
const GATHER: i32 = 1;
const SCATTER: i32 = 2;

// Windows of any kind. `x` (`rx`, `dx`) is the first of the `rows` × `columns` elements inside the image, at tap `tap`;
// `pixel` and `row` are the steps to the right and down in bytes, `kw` the step down in taps.

function forwardWindow(
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

function gatherWindow(
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

function scatterWindow(
  dy: usize,
  index: usize,
  dx: usize,
  pixel: usize,
  row: usize,
  tap: i32,
  rows: i32,
  columns: i32,
  kw: i32,
): void {
  for (let b: usize = 0; b < pixel; b += 16) {
    const winner = v128.load(index + b);
    const d = v128.load(dy + b);
    const half = b + 16 > pixel;
    for (let i = 0; i < rows; i++) {
      let p = dx + <usize>i * row + b;
      let here = f32x4.splat(<f32>(tap + i * kw));
      for (let j = 0; j < columns; j++, p += pixel) {
        storeLanes(p, f32x4.add(v128.load(p), only(d, winner, here)), half);
        here = f32x4.add(here, f32x4.splat(1));
      }
    }
  }
}

// Quads: 2×2 windows side by side, no padding: the pooling of most networks. A call takes `count` of them, a row of outputs.

function forwardQuads(y: usize, index: usize, x: usize, pixel: usize, row: usize, count: i32): void {
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
      const half = b + 16 > pixel;
      storeLanes(y + b, v128.bitselect(v, best, wins), half);
      storeLanes(index + b, v128.bitselect(f32x4.splat(3), winner, wins), half);
    }
  }
}

function gatherQuads(ry: usize, index: usize, rx: usize, pixel: usize, row: usize, count: i32): void {
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
function scatterQuads(dy: usize, index: usize, dx: usize, pixel: usize, row: usize, count: i32): void {
  for (; count > 0; count--, dy += pixel, index += pixel, dx += 2 * pixel) {
    for (let b: usize = 0; b < pixel; b += 16) {
      const winner = v128.load(index + b);
      const d = v128.load(dy + b);
      const half = b + 16 > pixel;
      storeLanes(dx + b, only(d, winner, f32x4.splat(0)), half);
      storeLanes(dx + pixel + b, only(d, winner, f32x4.splat(1)), half);
      storeLanes(dx + row + b, only(d, winner, f32x4.splat(2)), half);
      storeLanes(dx + row + pixel + b, only(d, winner, f32x4.splat(3)), half);
    }
  }
}

/** Lanes where v is larger than best, or NaN */
function beats(v: v128, best: v128): v128 {
  return v128.or(f32x4.gt(v, best), f32x4.ne(v, v));
}

/** v where the winner is `tap`, else 0 */
function only(v: v128, winner: v128, tap: v128): v128 {
  return v128.and(v, f32x4.eq(winner, tap));
}

/** Windows over planes [inHeight, inWidth] with `padding` around them. */
@unmanaged
export class Pool2dShape {
  inHeight: i32;
  inWidth: i32;
  outHeight: i32;
  outWidth: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  stride: i32;
  padding: i32;
  lanes: i32;
}

/** Applies `rule` to every window of channels begin … end − 1. */
function pool(rule: i32, y: usize, index: usize, x: usize, shape: Pool2dShape, begin: i32, end: i32): void {
  const h = shape.inHeight;
  const w = shape.inWidth;
  const oh = shape.outHeight;
  const ow = shape.outWidth;
  const kh = shape.kernelHeight;
  const kw = shape.kernelWidth;
  const stride = shape.stride;
  const padding = shape.padding;
  const pixel = (<usize>shape.lanes) << 2;
  const row = <usize>w * pixel;
  const plane = <usize>h * row;
  const square = kh === 2 && kw === 2 && stride === 2 && padding === 0;
  const quads = square && 2 * oh <= h && 2 * ow <= w;
  const tiled = quads && 2 * oh === h && 2 * ow === w;
  let o = <usize>begin * <usize>(oh * ow) * pixel;
  for (let c = begin; c < end; c++) {
    const xc = x + <usize>c * plane;
    if (rule === SCATTER && !tiled) memory.fill(xc, 0, plane);
    for (let oy = 0; oy < oh; oy++) {
      const y0 = oy * stride - padding;
      if (quads) {
        const line = xc + <usize>y0 * row;
        if (rule === FORWARD) forwardQuads(y + o, index + o, line, pixel, row, ow);
        else if (rule === GATHER) gatherQuads(y + o, index + o, line, pixel, row, ow);
        else scatterQuads(y + o, index + o, line, pixel, row, ow);
        o += <usize>ow * pixel;
        continue;
      }
      const top = max(0, -y0);
      const rows = min(kh, h - y0) - top;
      for (let ox = 0; ox < ow; ox++, o += pixel) {
        const x0 = ox * stride - padding;
        const left = max(0, -x0);
        const columns = min(kw, w - x0) - left;
        const corner = xc + <usize>(y0 + top) * row + <usize>(x0 + left) * pixel;
        const tap = top * kw + left;
        if (rule === FORWARD) forwardWindow(y + o, index + o, corner, pixel, row, tap, rows, columns, kw);
        else if (rule === GATHER) gatherWindow(y + o, index + o, corner, pixel, row, tap, rows, columns, kw);
        else scatterWindow(y + o, index + o, corner, pixel, row, tap, rows, columns, kw);
      }
    }
  }
}

@unmanaged
export class MaxPool2dForwardJob extends Pool2dShape {
  y: Buffer;
  index: Buffer;
  x: Buffer;
}

/** y = the largest of each window, index = which it is */
export function maxPool2dForward(job: MaxPool2dForwardJob, begin: i32, end: i32): void {
  pool(FORWARD, job.y, job.index, job.x, job, begin, end);
}

@unmanaged
export class MaxPool2dGatherJob extends Pool2dShape {
  ry: Buffer;
  index: Buffer;
  rx: Buffer;
}

/** ry = rx at the winners */
export function maxPool2dGather(job: MaxPool2dGatherJob, begin: i32, end: i32): void {
  pool(GATHER, job.ry, job.index, job.rx, job, begin, end);
}

@unmanaged
export class MaxPool2dScatterJob extends Pool2dShape {
  dx: Buffer;
  index: Buffer;
  dy: Buffer;
}

/** dx = dy added at the winners, 0 elsewhere */
export function maxPool2dScatter(job: MaxPool2dScatterJob, begin: i32, end: i32): void {
  pool(SCATTER, job.dy, job.index, job.dx, job, begin, end);
}
