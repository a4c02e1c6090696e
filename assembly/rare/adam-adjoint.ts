// The way back through a step of Adam (docs/math.md §10; formulas in src/backend/ops.ts). A tile is BLOCK floats. All is in
// float64: q is a difference of two terms that nearly cancel in the first steps of a training. The moments after the step are
// computed again from those before it, because the stored ones have lost digits to rounding.
import { Buffer, OptionalBuffer } from "../fields";
import { at } from "../simd";
import { BLOCK } from "../tiles";
import { lastOf } from "../vector";

@unmanaged
export class AdamAdjointJob {
  q: Buffer;
  u: OptionalBuffer;
  dm: Buffer;
  ds: Buffer;
  p: Buffer;
  m: Buffer;
  s: Buffer;
  g: Buffer;
  /** [1] */
  rate: Buffer;
  n: i32;
  beta1: f32;
  oneMinusBeta1: f32;
  beta2: f32;
  oneMinusBeta2: f32;
  eps: f32;
  correction1: f32;
  correction2: f32;
}

/** Loads two floats, or one and a 0, as doubles. */
function load2(ptr: usize, i: i32, both: bool): v128 {
  const from = at(ptr, i);
  return f64x2.promote_low_f32x4(both ? v128.load64_zero(from) : v128.load32_zero(from));
}

/** Stores two doubles, or the first, as floats. */
function store2(ptr: usize, i: i32, value: v128, both: bool): void {
  const floats = f32x4.demote_f64x2_zero(value);
  if (both) v128.store64_lane(at(ptr, i), floats, 0);
  else v128.store32_lane(at(ptr, i), floats, 0);
}

/** q and u [n] from p, g and the moments m and s before the step; dm and ds go from after the step to before it. */
export function adamAdjoint(job: AdamAdjointJob, begin: i32, end: i32): void {
  const beta1 = f64x2.splat(<f64>job.beta1);
  const beta2 = f64x2.splat(<f64>job.beta2);
  const rest1 = f64x2.splat(<f64>job.oneMinusBeta1);
  const rest2 = f64x2.splat(<f64>job.oneMinusBeta2);
  const correction1 = f64x2.splat(<f64>job.correction1);
  const correction2 = f64x2.splat(<f64>job.correction2);
  const eps = f64x2.splat(<f64>job.eps);
  const rate = f64x2.splat(<f64>load<f32>(job.rate));
  const last = lastOf(job.n, end);
  for (let i = begin * BLOCK; i < last; i += 2) {
    const both = i + 1 < last;
    const g = load2(job.g, i, both);
    const m = f64x2.add(f64x2.mul(beta1, load2(job.m, i, both)), f64x2.mul(rest1, g));
    const s = f64x2.add(f64x2.mul(beta2, load2(job.s, i, both)), f64x2.mul(rest2, f64x2.mul(g, g)));
    const root = f64x2.sqrt(f64x2.div(s, correction2));
    const scale = f64x2.add(root, eps);
    const u = f64x2.div(f64x2.div(m, correction1), scale);
    const step = f64x2.div(f64x2.mul(rate, load2(job.p, i, both)), scale);
    const dm = f64x2.sub(load2(job.dm, i, both), f64x2.div(step, correction1));
    const slope = f64x2.div(f64x2.mul(step, u), f64x2.mul(f64x2.add(correction2, correction2), root));
    // Where the root is 0 there never was a gradient, and 0/0 counts as 0.
    const ds = f64x2.add(load2(job.ds, i, both), v128.and(slope, f64x2.gt(root, f64x2.splat(0))));
    const ofSquare = f64x2.mul(f64x2.mul(f64x2.add(rest2, rest2), g), ds);
    if (job.u !== 0) store2(job.u, i, u, both);
    store2(job.dm, i, f64x2.mul(beta1, dm), both);
    store2(job.ds, i, f64x2.mul(beta2, ds), both);
    store2(job.q, i, f64x2.add(f64x2.mul(rest1, dm), ofSquare), both);
  }
}
