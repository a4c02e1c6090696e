// Max pooling with windows of kh × kw. x and dx [channels, h, w, lanes], y, dy and index [channels, oh, ow, lanes]; `lanes`
// is the padded number of images. It is even, so the last vector of a pixel's lanes may be half one. A tile is one channel.
//   forward   y  = the largest of each window; index = its place ky·kw + kx there, as a float
//   gather    ry = rx at the winners
//   scatter   dx = dy added at the winners, in the order of the outputs
// As in PyTorch the first of equals wins, a NaN beats all before it, and padding never wins.

import { Buffer } from "./fields";
import { forwardNines, gatherNines, scatterNines } from "./pool2d-nines";
import { forwardQuads, forwardWindow, gatherQuads, gatherWindow, scatterPixel, scatterQuads } from "./pool2d-windows";

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

/** Whether windows are 2×2, side by side and inside the image. */
function areQuads(s: Pool2dShape): bool {
  const square = s.kernelHeight === 2 && s.kernelWidth === 2 && s.stride === 2 && s.padding === 0;
  return square && 2 * s.outHeight <= s.inHeight && 2 * s.outWidth <= s.inWidth;
}

/** y (or ry) of channels begin … end − 1: forward, with the places of the winners, or a gather from them. */
function pool(forward: bool, y: usize, index: usize, x: usize, shape: Pool2dShape, begin: i32, end: i32): void {
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
  const quads = areQuads(shape);
  const nines = kh === 3 && kw === 3;
  // Windows first … last of a row are inside the image.
  const first = (padding + stride - 1) / stride;
  const last = min(ow - 1, w < kw - padding ? -1 : (w - kw + padding) / stride);
  let o = <usize>begin * <usize>(oh * ow) * pixel;
  for (let c = begin; c < end; c++) {
    const xc = x + <usize>c * plane;
    for (let oy = 0; oy < oh; oy++) {
      const y0 = oy * stride - padding;
      if (quads) {
        const line = xc + <usize>y0 * row;
        if (forward) forwardQuads(y + o, index + o, line, pixel, row, ow);
        else gatherQuads(y + o, index + o, line, pixel, row, ow);
        o += <usize>ow * pixel;
        continue;
      }
      const top = max(0, -y0);
      const rows = min(kh, h - y0) - top;
      for (let ox = 0; ox < ow; ox++, o += pixel) {
        const x0 = ox * stride - padding;
        if (nines && rows === 3 && ox === first && last >= first) {
          const count = last - first + 1;
          const corner = xc + <usize>y0 * row + <usize>x0 * pixel;
          const step = <usize>stride * pixel;
          if (forward) forwardNines(y + o, index + o, corner, pixel, row, step, count);
          else gatherNines(y + o, index + o, corner, pixel, row, step, count);
          ox = last;
          o += <usize>(last - first) * pixel;
          continue;
        }
        const left = max(0, -x0);
        const columns = min(kw, w - x0) - left;
        const corner = xc + <usize>(y0 + top) * row + <usize>(x0 + left) * pixel;
        const tap = top * kw + left;
        if (forward) forwardWindow(y + o, index + o, corner, pixel, row, tap, rows, columns, kw);
        else gatherWindow(y + o, index + o, corner, pixel, row, tap, rows, columns, kw);
      }
    }
  }
}

/** The first window of an axis that element i lies in; `size`, `stride` and `padding` of the windows. */
function firstOf(i: i32, size: i32, stride: i32, padding: i32): i32 {
  return max(0, (i + padding - size + stride) / stride);
}

/** dx of channels begin … end − 1. */
function scatter(job: MaxPool2dScatterJob, begin: i32, end: i32): void {
  const h = job.inHeight;
  const w = job.inWidth;
  const oh = job.outHeight;
  const ow = job.outWidth;
  const padding = job.padding;
  const pixel = (<usize>job.lanes) << 2;
  const row = <usize>w * pixel;
  const below = <usize>ow * pixel;
  const quads = areQuads(job);
  const tiled = quads && 2 * oh === h && 2 * ow === w;
  const nines = job.kernelHeight === 3 && job.kernelWidth === 3 && job.stride === 2 && padding <= 1;
  // Columns from … to − 1 are those of blocks of two by two elements, all but the last of which have a window on the right.
  const from = 1 - padding;
  const blocks = min(ow, (w - from) / 2);
  const whole = min(blocks, ow - 1);
  const to = from + 2 * blocks;
  for (let c = begin; c < end; c++) {
    const dx = job.dx + <usize>c * <usize>h * row;
    const skip = <usize>(c * oh) * below;
    const dy = job.dy + skip;
    const index = job.index + skip;
    if (quads) {
      if (!tiled) memory.fill(dx, 0, <usize>h * row);
      for (let oy: usize = 0; oy < <usize>oh; oy++) {
        scatterQuads(dy + oy * below, index + oy * below, dx + 2 * oy * row, pixel, row, ow);
      }
      continue;
    }
    for (let y = 0; y < h; y++) {
      // The row of windows of which this is the middle.
      const oy = (y + padding - 1) / 2;
      if (nines && y + padding === 2 * oy + 1 && oy < oh && y + 1 < h) {
        const o = <usize>oy * below;
        const under = oy + 1 < oh ? below : 0;
        const line = dx + <usize>y * row + <usize>from * pixel;
        scatterNines(line, index + o, dy + o, pixel, row, pixel, under, whole);
        if (whole < blocks) {
          const end = <usize>whole * pixel;
          scatterNines(line + 2 * end, index + o + end, dy + o + end, pixel, row, 0, under, 1);
        }
        scatterPixels(job, dx, index, dy, y, 0, from);
        scatterPixels(job, dx, index, dy, y, to, w);
        y++;
        scatterPixels(job, dx, index, dy, y, 0, from);
        scatterPixels(job, dx, index, dy, y, to, w);
      } else {
        scatterPixels(job, dx, index, dy, y, 0, w);
      }
    }
  }
}

/** Columns from … to − 1 of row y of one channel's dx. */
function scatterPixels(shape: Pool2dShape, dx: usize, index: usize, dy: usize, y: i32, from: i32, to: i32): void {
  const kw = shape.kernelWidth;
  const stride = shape.stride;
  const padding = shape.padding;
  const pixel = (<usize>shape.lanes) << 2;
  const below = <usize>shape.outWidth * pixel;
  const line = dx + <usize>(y * shape.inWidth) * pixel;
  const oy = firstOf(y, shape.kernelHeight, stride, padding);
  const rows = min(shape.outHeight, (y + padding) / stride + 1) - oy;
  for (let x = from; x < to; x++) {
    const ox = firstOf(x, kw, stride, padding);
    const columns = min(shape.outWidth, (x + padding) / stride + 1) - ox;
    const o = <usize>oy * below + <usize>ox * pixel;
    const tap = (y + padding - oy * stride) * kw + x + padding - ox * stride;
    const at = line + <usize>x * pixel;
    scatterPixel(at, index + o, dy + o, pixel, below, tap, rows, columns, stride, stride * kw);
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
  pool(true, job.y, job.index, job.x, job, begin, end);
}

@unmanaged
export class MaxPool2dGatherJob extends Pool2dShape {
  ry: Buffer;
  index: Buffer;
  rx: Buffer;
}

/** ry = rx at the winners */
export function maxPool2dGather(job: MaxPool2dGatherJob, begin: i32, end: i32): void {
  pool(false, job.ry, job.index, job.rx, job, begin, end);
}

@unmanaged
export class MaxPool2dScatterJob extends Pool2dShape {
  dx: Buffer;
  index: Buffer;
  dy: Buffer;
}

/** dx = dy added at the winners, 0 elsewhere */
export function maxPool2dScatter(job: MaxPool2dScatterJob, begin: i32, end: i32): void {
  scatter(job, begin, end);
}
