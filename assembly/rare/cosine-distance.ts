// How the rows of two gradients differ in direction (Zhao, Mopuri, Bilen, *Dataset Condensation with Gradient Matching*, ICLR 2021,
// equation 10): 1 − a·b/(‖a‖·‖b‖ + 1e-6) for each row, and the gradient of that by a. A row is the weights that lead to one output.
// Products are added in float64, because rows that point the same way leave little of 1. docs/math.md §11 has the formulas.
import { Buffer } from "../fields";
import { at, loadPartial, storePartial } from "../simd";

/** Keeps rows that are 0 from a division by 0. */
const LEAST: f64 = 1e-6;

/** (Σ u·v at even places, at odd ones) of 4 floats each, added to `sum`: places 0 and 2, then 1 and 3. */
function addProducts(sum: v128, u: v128, v: v128): v128 {
  const low = f64x2.mul(f64x2.promote_low_f32x4(u), f64x2.promote_low_f32x4(v));
  const highU = f64x2.promote_low_f32x4(v128.shuffle<f32>(u, u, 2, 3, 2, 3));
  const highV = f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3));
  return f64x2.add(f64x2.add(sum, low), f64x2.mul(highU, highV));
}

function total(sum: v128): f64 {
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

@unmanaged
export class CosineDistanceJob {
  losses: Buffer;
  dx: Buffer;
  x: Buffer;
  y: Buffer;
  length: i32;
}

/** losses [rows] and dx [rows, length], from x and y [rows, length]; dx may be x. A tile is a row. */
export function cosineDistance(job: CosineDistanceJob, begin: i32, end: i32): void {
  const length = job.length;
  const whole = length & ~3;
  for (let r = begin; r < end; r++) {
    const x = at(job.x, r * length);
    const y = at(job.y, r * length);
    const dx = at(job.dx, r * length);
    let ab = f64x2.splat(0);
    let aa = f64x2.splat(0);
    let bb = f64x2.splat(0);
    for (let i = 0; i < length; i += 4) {
      const a = i < whole ? v128.load(at(x, i)) : loadPartial(at(x, i), length - i);
      const b = i < whole ? v128.load(at(y, i)) : loadPartial(at(y, i), length - i);
      ab = addProducts(ab, a, b);
      aa = addProducts(aa, a, a);
      bb = addProducts(bb, b, b);
    }
    const product = total(ab);
    const ofX = sqrt<f64>(total(aa));
    const ofY = sqrt<f64>(total(bb));
    const q = ofX * ofY + LEAST;
    const along: f64 = ofX === 0 ? 0 : (product * ofY) / (q * q * ofX);
    store<f32>(at(job.losses, r), <f32>(1 - product / q));
    const alongX = f32x4.splat(<f32>along);
    const alongY = f32x4.splat(<f32>(1 / q));
    for (let i = 0; i < length; i += 4) {
      const a = i < whole ? v128.load(at(x, i)) : loadPartial(at(x, i), length - i);
      const b = i < whole ? v128.load(at(y, i)) : loadPartial(at(y, i), length - i);
      const d = f32x4.sub(f32x4.mul(alongX, a), f32x4.mul(alongY, b));
      if (i < whole) v128.store(at(dx, i), d);
      else storePartial(at(dx, i), d, length - i);
    }
  }
}
