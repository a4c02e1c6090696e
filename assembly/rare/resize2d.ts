// Bilinear resampling of planes to another size, and its adjoint: torch.nn.functional.interpolate with mode="bilinear" and
// align_corners=False. x and dx [channels, h, w, lanes], y and dy [channels, oh, ow, lanes]; `lanes` is even, so the last vector of
// a pixel's lanes may be half one. Row i of y lies at row p = max(0, (i + ½)·h/oh − ½) of x, between two rows; columns likewise.
//   forward    y[i, j] = Σ weights · the four neighbours
//   backward   dx = the same weights the other way, added in the order of the outputs
// A tile is a row of y going forward and a row of dx going back, so an image of one channel is work for several threads.
// docs/math.md §14 has the formulas.
import { Buffer } from "../fields";
import { storeLanes } from "../simd";

@unmanaged
export class Resize2dShape {
  inHeight: i32;
  inWidth: i32;
  outHeight: i32;
  outWidth: i32;
  lanes: i32;
}

/** 2·oh·p for row i, which is a whole number. */
function scaledPlace(i: i32, from: i32, to: i32): i32 {
  return max(0, (2 * i + 1) * from - to);
}

/** The row of x at or above place p. */
function lowerOf(i: i32, from: i32, to: i32): i32 {
  return scaledPlace(i, from, to) / (2 * to);
}

/** How far p is below that row, from 0 to 1: the weight of the next row. */
function shareOf(i: i32, from: i32, to: i32): f32 {
  const whole = 2 * to;
  return <f32>(scaledPlace(i, from, to) % whole) / <f32>whole;
}

@unmanaged
export class Resize2dForwardJob extends Resize2dShape {
  y: Buffer;
  x: Buffer;
}

/** y = x resampled, rows begin … end − 1 of all channels' rows */
export function resize2dForward(job: Resize2dForwardJob, begin: i32, end: i32): void {
  const h = job.inHeight;
  const w = job.inWidth;
  const oh = job.outHeight;
  const ow = job.outWidth;
  const pixel = (<usize>job.lanes) << 2;
  const row = <usize>w * pixel;
  const one = f32x4.splat(1);
  let to = job.y + <usize>begin * <usize>ow * pixel;
  for (let tile = begin; tile < end; tile++) {
    const i = tile % oh;
    const lower = lowerOf(i, h, oh);
    const plane = job.x + <usize>(tile / oh) * <usize>h * row;
    const top = plane + <usize>lower * row;
    const bottom = plane + <usize>min(lower + 1, h - 1) * row;
    const below = f32x4.splat(shareOf(i, h, oh));
    const above = f32x4.sub(one, below);
    for (let j = 0; j < ow; j++, to += pixel) {
      const column = lowerOf(j, w, ow);
      const left = <usize>column * pixel;
      const right = <usize>min(column + 1, w - 1) * pixel;
      const after = f32x4.splat(shareOf(j, w, ow));
      const before = f32x4.sub(one, after);
      for (let b: usize = 0; b < pixel; b += 16) {
        const l = left + b;
        const r = right + b;
        const upper = f32x4.add(f32x4.mul(before, v128.load(top + l)), f32x4.mul(after, v128.load(top + r)));
        const under = f32x4.add(f32x4.mul(before, v128.load(bottom + l)), f32x4.mul(after, v128.load(bottom + r)));
        const value = f32x4.add(f32x4.mul(above, upper), f32x4.mul(below, under));
        storeLanes(to + b, value, b + 16 > pixel);
      }
    }
  }
}

@unmanaged
export class Resize2dBackwardJob extends Resize2dShape {
  dx: Buffer;
  dy: Buffer;
}

/** Adds weight·d to the floats of a pixel from `to` on. */
function addTo(to: usize, weight: f32, d: v128, half: bool): void {
  storeLanes(to, f32x4.add(v128.load(to), f32x4.mul(f32x4.splat(weight), d)), half);
}

/** dx = the adjoint at dy, rows begin … end − 1 of all channels' rows */
export function resize2dBackward(job: Resize2dBackwardJob, begin: i32, end: i32): void {
  const h = job.inHeight;
  const w = job.inWidth;
  const oh = job.outHeight;
  const ow = job.outWidth;
  const pixel = (<usize>job.lanes) << 2;
  for (let tile = begin; tile < end; tile++) {
    const k = tile % h;
    const dx = job.dx + <usize>tile * <usize>w * pixel;
    memory.fill(dx, 0, <usize>w * pixel);
    for (let i = 0; i < oh; i++) {
      const lower = lowerOf(i, h, oh);
      const share = shareOf(i, h, oh);
      let weight: f32 = 0;
      if (lower === k) weight += 1 - share;
      if (min(lower + 1, h - 1) === k) weight += share;
      if (weight === 0) continue;
      let from = job.dy + <usize>((tile / h) * oh + i) * <usize>ow * pixel;
      for (let j = 0; j < ow; j++, from += pixel) {
        const column = lowerOf(j, w, ow);
        const left = dx + <usize>column * pixel;
        const right = dx + <usize>min(column + 1, w - 1) * pixel;
        const after = shareOf(j, w, ow);
        for (let b: usize = 0; b < pixel; b += 16) {
          const half = b + 16 > pixel;
          const d = v128.load(from + b);
          addTo(left + b, weight * (1 - after), d, half);
          addTo(right + b, weight * after, d, half);
        }
      }
    }
  }
}
