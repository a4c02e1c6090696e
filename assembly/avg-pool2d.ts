// Average pooling. x and dx [channels, h, w, lanes], y and dy [channels, oh, ow, lanes]; `lanes` is
// the padded number of images, a multiple of 4. A tile is one channel. The ops are linear, so tangents use the same kernels.
//   forward    y  = the sum of each window, in row order, over its area
//   backward   dx = dy over the area, added at every element of its window, in the order of the outputs
// avgPool2d has windows of kh × kw, sh and sw apart, over a plane padded with zeros that count: the area is kh·kw.
// adaptiveAvgPool2d cuts each axis into bins, which share an element where its length is no multiple of theirs.
import { Buffer } from "./fields";

const FORWARD: i32 = 0;
const BACKWARD: i32 = 1;

/** The `rows` × `columns` elements from x on; `pixel` and `row` are the steps to the right and down in bytes. */
function averageWindow(y: usize, x: usize, pixel: usize, row: usize, rows: i32, columns: i32, area: i32): void {
  const divisor = f32x4.splat(<f32>area);
  for (let b: usize = 0; b < pixel; b += 16) {
    let sum = f32x4.splat(0);
    for (let i = 0; i < rows; i++) {
      let p = x + <usize>i * row + b;
      for (let j = 0; j < columns; j++, p += pixel) sum = f32x4.add(sum, v128.load(p));
    }
    v128.store(y + b, f32x4.div(sum, divisor));
  }
}

function spreadWindow(dy: usize, dx: usize, pixel: usize, row: usize, rows: i32, columns: i32, area: i32): void {
  const divisor = f32x4.splat(<f32>area);
  for (let b: usize = 0; b < pixel; b += 16) {
    const d = f32x4.div(v128.load(dy + b), divisor);
    for (let i = 0; i < rows; i++) {
      let p = dx + <usize>i * row + b;
      for (let j = 0; j < columns; j++, p += pixel) v128.store(p, f32x4.add(v128.load(p), d));
    }
  }
}

// Quads: 2×2 windows side by side, no padding: the pooling of most networks. A quarter is exact.

function averageQuad(y: usize, x: usize, pixel: usize, row: usize): void {
  const quarter = f32x4.splat(0.25);
  for (const end = x + pixel; x < end; x += 16, y += 16) {
    const top = f32x4.add(v128.load(x), v128.load(x + pixel));
    const sum = f32x4.add(f32x4.add(top, v128.load(x + row)), v128.load(x + row + pixel));
    v128.store(y, f32x4.mul(quarter, sum));
  }
}

/** Writes without adding: no other window has these elements. */
function spreadQuad(dy: usize, dx: usize, pixel: usize, row: usize): void {
  const quarter = f32x4.splat(0.25);
  for (const end = dx + pixel; dx < end; dx += 16, dy += 16) {
    const d = f32x4.mul(quarter, v128.load(dy));
    v128.store(dx, d);
    v128.store(dx + pixel, d);
    v128.store(dx + row, d);
    v128.store(dx + row + pixel, d);
  }
}

/** Windows over planes [inHeight, inWidth] with `padding` zeros around them. */
@unmanaged
export class AvgPool2dShape {
  inHeight: i32;
  inWidth: i32;
  outHeight: i32;
  outWidth: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  padding: i32;
  lanes: i32;
}

/** Applies `rule` to every window of channels begin … end − 1. */
function pool(rule: i32, y: usize, x: usize, shape: AvgPool2dShape, begin: i32, end: i32): void {
  const h = shape.inHeight;
  const w = shape.inWidth;
  const oh = shape.outHeight;
  const ow = shape.outWidth;
  const kh = shape.kernelHeight;
  const kw = shape.kernelWidth;
  const sh = shape.strideHeight;
  const sw = shape.strideWidth;
  const padding = shape.padding;
  const pixel = (<usize>shape.lanes) << 2;
  const row = <usize>w * pixel;
  const plane = <usize>h * row;
  const quads = kh === 2 && kw === 2 && sh === 2 && sw === 2 && padding === 0;
  const tiled = quads && 2 * oh === h && 2 * ow === w;
  let o = <usize>begin * <usize>(oh * ow) * pixel;
  for (let c = begin; c < end; c++) {
    const xc = x + <usize>c * plane;
    if (rule === BACKWARD && !tiled) memory.fill(xc, 0, plane);
    for (let oy = 0; oy < oh; oy++) {
      const y0 = oy * sh - padding;
      const top = max(0, y0);
      const rows = min(h, y0 + kh) - top;
      for (let ox = 0; ox < ow; ox++, o += pixel) {
        const x0 = ox * sw - padding;
        const left = max(0, x0);
        const columns = min(w, x0 + kw) - left;
        const corner = xc + <usize>top * row + <usize>left * pixel;
        if (rule === FORWARD) {
          if (quads) averageQuad(y + o, corner, pixel, row);
          else averageWindow(y + o, corner, pixel, row, rows, columns, kh * kw);
        } else {
          if (quads) spreadQuad(y + o, corner, pixel, row);
          else spreadWindow(y + o, corner, pixel, row, rows, columns, kh * kw);
        }
      }
    }
  }
}

/** First element of bin i, of `bins` over `length` elements: ⌊i·length / bins⌋ */
function binStart(i: i32, length: i32, bins: i32): i32 {
  return (i * length) / bins;
}

/** The element after the last one of bin i: ⌈(i + 1)·length / bins⌉ */
function binEnd(i: i32, length: i32, bins: i32): i32 {
  return ((i + 1) * length + bins - 1) / bins;
}

/** Bins of planes [inHeight, inWidth]. */
@unmanaged
export class AdaptivePool2dShape {
  inHeight: i32;
  inWidth: i32;
  outHeight: i32;
  outWidth: i32;
  lanes: i32;
}

/** Applies `rule` to every bin of channels begin … end − 1. */
function adaptivePool(rule: i32, y: usize, x: usize, shape: AdaptivePool2dShape, begin: i32, end: i32): void {
  const h = shape.inHeight;
  const w = shape.inWidth;
  const oh = shape.outHeight;
  const ow = shape.outWidth;
  const pixel = (<usize>shape.lanes) << 2;
  const row = <usize>w * pixel;
  const plane = <usize>h * row;
  let o = <usize>begin * <usize>(oh * ow) * pixel;
  for (let c = begin; c < end; c++) {
    const xc = x + <usize>c * plane;
    if (rule === BACKWARD) memory.fill(xc, 0, plane);
    for (let oy = 0; oy < oh; oy++) {
      const top = binStart(oy, h, oh);
      const rows = binEnd(oy, h, oh) - top;
      for (let ox = 0; ox < ow; ox++, o += pixel) {
        const left = binStart(ox, w, ow);
        const columns = binEnd(ox, w, ow) - left;
        const corner = xc + <usize>top * row + <usize>left * pixel;
        if (rule === FORWARD) averageWindow(y + o, corner, pixel, row, rows, columns, rows * columns);
        else spreadWindow(y + o, corner, pixel, row, rows, columns, rows * columns);
      }
    }
  }
}

@unmanaged
export class AvgPool2dForwardJob extends AvgPool2dShape {
  y: Buffer;
  x: Buffer;
}

/** y = the mean of each window, padding counted */
export function avgPool2dForward(job: AvgPool2dForwardJob, begin: i32, end: i32): void {
  pool(FORWARD, job.y, job.x, job, begin, end);
}

@unmanaged
export class AvgPool2dBackwardJob extends AvgPool2dShape {
  dx: Buffer;
  dy: Buffer;
}

/** dx = dy / (kh·kw) added over each window, 0 elsewhere */
export function avgPool2dBackward(job: AvgPool2dBackwardJob, begin: i32, end: i32): void {
  pool(BACKWARD, job.dy, job.dx, job, begin, end);
}

@unmanaged
export class AdaptiveAvgPool2dForwardJob extends AdaptivePool2dShape {
  y: Buffer;
  x: Buffer;
}

/** y = the mean of each bin */
export function adaptiveAvgPool2dForward(job: AdaptiveAvgPool2dForwardJob, begin: i32, end: i32): void {
  adaptivePool(FORWARD, job.y, job.x, job, begin, end);
}

@unmanaged
export class AdaptiveAvgPool2dBackwardJob extends AdaptivePool2dShape {
  dx: Buffer;
  dy: Buffer;
}

/** dx = dy over the size of its bin, added over each bin */
export function adaptiveAvgPool2dBackward(job: AdaptiveAvgPool2dBackwardJob, begin: i32, end: i32): void {
  adaptivePool(BACKWARD, job.dy, job.dx, job, begin, end);
}
