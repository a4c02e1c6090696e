// Adam (Kingma & Ba 2015) as PyTorch computes it, without weight decay. A tile is BLOCK floats.
//   m ← β₁·m + (1 − β₁)·g
//   v ← β₂·v + (1 − β₂)·g²
//   x ← x − stepSize·m / (√v / correction2Sqrt + eps)
// with stepSize = lr / (1 − β₁ᵗ) and correction2Sqrt = √(1 − β₂ᵗ) from the caller, in float64. So are 1 − β₁ and 1 − β₂:
// 1 − 0.999 in float32 keeps four digits.
// docs/math.md §1 says how a run uses it.
import { Buffer, OptionalBuffer } from "./fields";
import { stops } from "./guard";
import { at, loadPartial, madd, storePartial } from "./simd";
import { BLOCK } from "./tiles";
import { lastOf } from "./vector";

/** β·average + (1 − β)·value */
export function decay(average: v128, value: v128, beta: f32, oneMinusBeta: f32): v128 {
  return madd(f32x4.mul(f32x4.splat(beta), average), f32x4.splat(oneMinusBeta), value);
}

/** x − stepSize·m / (√v / correction2Sqrt + eps) */
function descend(x: v128, m: v128, v: v128, stepSize: f32, eps: f32, correction2Sqrt: f32): v128 {
  const scale = f32x4.add(f32x4.div(f32x4.sqrt(v), f32x4.splat(correction2Sqrt)), f32x4.splat(eps));
  return f32x4.sub(x, f32x4.div(f32x4.mul(f32x4.splat(stepSize), m), scale));
}

@unmanaged
export class AdamJob {
  x: Buffer;
  m: Buffer;
  v: Buffer;
  g: Buffer;
  n: i32;
  stepSize: f32;
  beta1: f32;
  oneMinusBeta1: f32;
  beta2: f32;
  oneMinusBeta2: f32;
  eps: f32;
  correction2Sqrt: f32;
  guard: OptionalBuffer;
}

/** Updates x, m and v, all [n], from the gradient g [n]; nothing where the guard, if there is one, holds 0. */
export function adam(job: AdamJob, begin: i32, end: i32): void {
  if (stops(job.guard)) return;
  const x = job.x;
  const m = job.m;
  const v = job.v;
  const g = job.g;
  const stepSize = job.stepSize;
  const beta1 = job.beta1;
  const oneMinusBeta1 = job.oneMinusBeta1;
  const beta2 = job.beta2;
  const oneMinusBeta2 = job.oneMinusBeta2;
  const eps = job.eps;
  const correction2Sqrt = job.correction2Sqrt;
  const last = lastOf(job.n, end);
  let i = begin * BLOCK;
  for (; i + 4 <= last; i += 4) {
    const gi = v128.load(at(g, i));
    const mi = decay(v128.load(at(m, i)), gi, beta1, oneMinusBeta1);
    const vi = decay(v128.load(at(v, i)), f32x4.mul(gi, gi), beta2, oneMinusBeta2);
    v128.store(at(m, i), mi);
    v128.store(at(v, i), vi);
    v128.store(at(x, i), descend(v128.load(at(x, i)), mi, vi, stepSize, eps, correction2Sqrt));
  }
  const count = last - i;
  if (count > 0) {
    const gi = loadPartial(at(g, i), count);
    const mi = decay(loadPartial(at(m, i), count), gi, beta1, oneMinusBeta1);
    const vi = decay(loadPartial(at(v, i), count), f32x4.mul(gi, gi), beta2, oneMinusBeta2);
    storePartial(at(m, i), mi, count);
    storePartial(at(v, i), vi, count);
    storePartial(at(x, i), descend(loadPartial(at(x, i), count), mi, vi, stepSize, eps, correction2Sqrt), count);
  }
}
