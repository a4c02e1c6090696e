// Changes the colours of each image: y = p·x + q·⟨x⟩_c + r·⟨x⟩ + b, with ⟨x⟩_c the mean over the channels at each place, as a
// saturation has it, and ⟨x⟩ the mean of the whole image, as a contrast has it. A tile is RECOLOR_LANES images.
// docs/math.md §8 has the formulas.
import { Buffer, Flag } from "../fields";
import { at, madd, storeLanes } from "../simd";
import { RECOLOR_LANES } from "../tiles";
import { ImagesShape } from "./warp2d";

/** The sum over the channels at one place, of four images. */
function channelSum(x: usize, channels: i32, plane: usize): v128 {
  let sum = v128.load(x);
  for (let c = 1; c < channels; c++) sum = f32x4.add(sum, v128.load(x + <usize>c * plane));
  return sum;
}

/** The mean of each of four images, summed in float64. */
function imageMean(x: usize, channels: i32, area: i32, pixel: usize): v128 {
  const plane = <usize>area * pixel;
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (const end = x + plane; x < end; x += pixel) {
    const sum = channelSum(x, channels, plane);
    low = f64x2.add(low, f64x2.promote_low_f32x4(sum));
    high = f64x2.add(high, f64x2.promote_low_f32x4(i64x2.shuffle(sum, sum, 1, 1)));
  }
  const count = f64x2.splat(<f64>channels * <f64>area);
  const first = f32x4.demote_f64x2_zero(f64x2.div(low, count));
  const second = f32x4.demote_f64x2_zero(f64x2.div(high, count));
  return i64x2.shuffle(first, second, 0, 2);
}

@unmanaged
export class RecolorJob extends ImagesShape {
  y: Buffer;
  x: Buffer;
  /** p, q, r and b */
  factors: Buffer;
  shifts: Flag;
}

/** y = x recoloured, without b unless `shifts`. x and y [channels, height, width, lanes], factors [4, lanes]; y may be x. */
export function recolor(job: RecolorJob, begin: i32, end: i32): void {
  const channels = job.channels;
  const area = job.height * job.width;
  const lanes = job.lanes;
  const pixel = (<usize>lanes) << 2;
  const plane = <usize>area * pixel;
  const count = f32x4.splat(<f32>channels);
  const last = min(lanes, end * RECOLOR_LANES);
  for (let b = begin * RECOLOR_LANES; b < last; b += RECOLOR_LANES) {
    const half = b + RECOLOR_LANES > lanes;
    const factors = at(job.factors, b);
    const own = v128.load(factors);
    const ofPlace = v128.load(factors + pixel);
    let same = f32x4.mul(v128.load(factors + 2 * pixel), imageMean(at(job.x, b), channels, area, pixel));
    if (job.shifts) same = f32x4.add(same, v128.load(factors + 3 * pixel));
    for (let offset = at(0, b), stop = offset + plane; offset < stop; offset += pixel) {
      const mean = f32x4.div(channelSum(job.x + offset, channels, plane), count);
      const rest = madd(same, ofPlace, mean);
      for (let c = 0; c < channels; c++) {
        const here = offset + <usize>c * plane;
        storeLanes(job.y + here, madd(rest, own, v128.load(job.x + here)), half);
      }
    }
  }
}
