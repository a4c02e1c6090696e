// Resamples each image where an affine map of its own says, bilinearly, with zeros around it; and the adjoint of that. The map is
// in pixels about the centre of the image: row v and column u of y are row d·u + e·v + t and column a·u + b·v + s of x.
//
//   y[i, j] = Σ w·x at the four neighbours of that place           dx = Σ w·dy: the same weights, the other way
//
// Places and weights are computed in float64, so a large image loses no digits of them. A tile is WARP_LANES images, with all
// their channels, so that the sums of dx have one order whatever the threads.
// docs/math.md §8 has the formulas.
import { Buffer } from "../fields";
import { at } from "../simd";
import { WARP_LANES } from "../tiles";

/** Images [channels, height, width, lanes]. */
@unmanaged
export class ImagesShape {
  channels: i32;
  height: i32;
  width: i32;
  lanes: i32;
}

/** The place that row k of a map gives: m0·u + m1·v + m2 + centre, with `stride` bytes from one to the next. */
function placeOf(map: usize, stride: usize, u: f64, v: f64, centre: f64): f64 {
  const along = <f64>load<f32>(map) * u + <f64>load<f32>(map + stride) * v;
  return along + <f64>load<f32>(map + 2 * stride) + centre;
}

/**
 * One place of y in all channels, from or to its neighbours in x: those in row `row` and behind it, in column `column` and behind
 * it. A neighbour that the image lacks has no weight, and stands where the other one does.
 */
function resample(backward: bool, y: usize, x: usize, row: f64, column: f64, shape: ImagesShape): void {
  const height = shape.height;
  const width = shape.width;
  const pixel = (<usize>shape.lanes) << 2;
  const plane = <usize>(height * width) * pixel;
  const end = y + <usize>shape.channels * plane;
  if (!(row > -1 && row < <f64>height && column > -1 && column < <f64>width)) {
    if (!backward) for (let to = y; to < end; to += plane) store<f32>(to, 0);
    return;
  }
  const top = <i32>floor<f64>(row);
  const left = <i32>floor<f64>(column);
  const below = row - <f64>top;
  const right = column - <f64>left;
  const w0: f64 = top < 0 ? 0 : 1 - below;
  const w1: f64 = top + 1 < height ? below : 0;
  const v0: f64 = left < 0 ? 0 : 1 - right;
  const v1: f64 = left + 1 < width ? right : 0;
  const i0 = max(top, 0);
  const i1 = min(top + 1, height - 1);
  const j0 = max(left, 0);
  const j1 = min(left + 1, width - 1);
  let p00 = x + <usize>(i0 * width + j0) * pixel;
  let p01 = x + <usize>(i0 * width + j1) * pixel;
  let p10 = x + <usize>(i1 * width + j0) * pixel;
  let p11 = x + <usize>(i1 * width + j1) * pixel;
  for (let to = y; to < end; to += plane) {
    if (backward) {
      const d = <f64>load<f32>(to);
      store<f32>(p00, load<f32>(p00) + <f32>(w0 * v0 * d));
      store<f32>(p01, load<f32>(p01) + <f32>(w0 * v1 * d));
      store<f32>(p10, load<f32>(p10) + <f32>(w1 * v0 * d));
      store<f32>(p11, load<f32>(p11) + <f32>(w1 * v1 * d));
    } else {
      const above = w0 * v0 * <f64>load<f32>(p00) + w0 * v1 * <f64>load<f32>(p01);
      const under = w1 * v0 * <f64>load<f32>(p10) + w1 * v1 * <f64>load<f32>(p11);
      store<f32>(to, <f32>(above + under));
    }
    p00 += plane;
    p01 += plane;
    p10 += plane;
    p11 += plane;
  }
}

/** Every place of images `first` … `last` − 1. */
function warp(backward: bool, y: usize, x: usize, matrices: usize, shape: ImagesShape, first: i32, last: i32): void {
  const width = shape.width;
  const lanes = shape.lanes;
  const stride = (<usize>lanes) << 2;
  const middle = 0.5 * <f64>(shape.height - 1);
  const centre = 0.5 * <f64>(width - 1);
  for (let i = 0; i < shape.height; i++) {
    const v = <f64>i - middle;
    for (let j = 0; j < width; j++) {
      const u = <f64>j - centre;
      const place = y + <usize>(i * width + j) * stride;
      for (let b = first; b < last; b++) {
        const map = at(matrices, b);
        const column = placeOf(map, stride, u, v, centre);
        const row = placeOf(map + 3 * stride, stride, u, v, middle);
        resample(backward, at(place, b), at(x, b), row, column, shape);
      }
    }
  }
}

@unmanaged
export class Warp2dForwardJob extends ImagesShape {
  y: Buffer;
  x: Buffer;
  matrices: Buffer;
}

/** y = x resampled. x and y [channels, height, width, lanes], matrices [6, lanes] */
export function warp2dForward(job: Warp2dForwardJob, begin: i32, end: i32): void {
  warp(false, job.y, job.x, job.matrices, job, begin * WARP_LANES, min(job.lanes, end * WARP_LANES));
}

@unmanaged
export class Warp2dBackwardJob extends ImagesShape {
  dx: Buffer;
  dy: Buffer;
  matrices: Buffer;
}

/** dx = the adjoint at dy */
export function warp2dBackward(job: Warp2dBackwardJob, begin: i32, end: i32): void {
  const first = begin * WARP_LANES;
  const last = min(job.lanes, end * WARP_LANES);
  const pixel = (<usize>job.lanes) << 2;
  const run = (<usize>(last - first)) << 2;
  const stop = job.dx + <usize>(job.channels * job.height * job.width) * pixel;
  for (let place = job.dx; place < stop; place += pixel) memory.fill(at(place, first), 0, run);
  warp(true, job.dy, job.dx, job.matrices, job, first, last);
}
