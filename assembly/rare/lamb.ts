// LAMB (You et al. 2020) as optax.lamb computes it, in two kernels with two norms between them. A tile is BLOCK floats.
//   m ← β₁·m + (1 − β₁)·g,   v ← β₂·v + (1 − β₂)·g²
//   u = m̂ / (√v̂ + eps) + weightDecay·x,   m̂ = m / (1 − β₁ᵗ),   v̂ = v / (1 − β₂ᵗ)
//   x ← x − learningRate·‖x‖/‖u‖·u
// The corrections and the complements of β come from the caller, as in optimizer.ts.
import { Buffer, OptionalBuffer } from "../fields";
import { stops } from "../guard";
import { decay } from "../optimizer";
import { at, loadPartial, madd, storePartial } from "../simd";
import { BLOCK } from "../tiles";
import { addScaled, lastOf } from "../vector";

/** (m / correction1) / (√v / correction2Sqrt + eps) + weightDecay·x */
function direction(
  m: v128,
  v: v128,
  x: v128,
  correction1: f32,
  correction2Sqrt: f32,
  eps: f32,
  weightDecay: f32,
): v128 {
  const scale = f32x4.add(f32x4.div(f32x4.sqrt(v), f32x4.splat(correction2Sqrt)), f32x4.splat(eps));
  const adam = f32x4.div(f32x4.div(m, f32x4.splat(correction1)), scale);
  return madd(adam, f32x4.splat(weightDecay), x);
}

@unmanaged
export class AdamDirectionJob {
  u: Buffer;
  m: Buffer;
  v: Buffer;
  g: Buffer;
  x: Buffer;
  n: i32;
  guard: OptionalBuffer;
  beta1: f32;
  oneMinusBeta1: f32;
  beta2: f32;
  oneMinusBeta2: f32;
  eps: f32;
  weightDecay: f32;
  correction1: f32;
  correction2Sqrt: f32;
}

/** u [n] and the moments m and v [n], from the gradient g [n] and the values x [n]. u may be g. */
export function adamDirection(job: AdamDirectionJob, begin: i32, end: i32): void {
  if (stops(job.guard)) return;
  const u = job.u;
  const m = job.m;
  const v = job.v;
  const g = job.g;
  const x = job.x;
  const beta1 = job.beta1;
  const oneMinusBeta1 = job.oneMinusBeta1;
  const beta2 = job.beta2;
  const oneMinusBeta2 = job.oneMinusBeta2;
  const eps = job.eps;
  const weightDecay = job.weightDecay;
  const correction1 = job.correction1;
  const correction2Sqrt = job.correction2Sqrt;
  const last = lastOf(job.n, end);
  let i = begin * BLOCK;
  for (; i + 4 <= last; i += 4) {
    const gi = v128.load(at(g, i));
    const mi = decay(v128.load(at(m, i)), gi, beta1, oneMinusBeta1);
    const vi = decay(v128.load(at(v, i)), f32x4.mul(gi, gi), beta2, oneMinusBeta2);
    v128.store(at(m, i), mi);
    v128.store(at(v, i), vi);
    v128.store(at(u, i), direction(mi, vi, v128.load(at(x, i)), correction1, correction2Sqrt, eps, weightDecay));
  }
  const count = last - i;
  if (count > 0) {
    const gi = loadPartial(at(g, i), count);
    const mi = decay(loadPartial(at(m, i), count), gi, beta1, oneMinusBeta1);
    const vi = decay(loadPartial(at(v, i), count), f32x4.mul(gi, gi), beta2, oneMinusBeta2);
    storePartial(at(m, i), mi, count);
    storePartial(at(v, i), vi, count);
    const xi = loadPartial(at(x, i), count);
    storePartial(at(u, i), direction(mi, vi, xi, correction1, correction2Sqrt, eps, weightDecay), count);
  }
}

@unmanaged
export class LambStepJob {
  x: Buffer;
  u: Buffer;
  /** [2]: ‖x‖², ‖u‖² */
  squares: Buffer;
  n: i32;
  guard: OptionalBuffer;
  learningRate: f32;
}

/** x ← x − learningRate·trust·u, all [n], trust = ‖x‖/‖u‖, or 1 where either is 0. */
export function lambStep(job: LambStepJob, begin: i32, end: i32): void {
  if (stops(job.guard)) return;
  const ofX = sqrt<f64>(<f64>load<f32>(job.squares));
  const ofU = sqrt<f64>(<f64>load<f32>(job.squares, 4));
  const trust: f64 = ofX === 0 || ofU === 0 ? 1 : ofX / ofU;
  const step = <f32>(-(<f64>job.learningRate) * trust);
  addScaled(job.x, job.x, step, job.u, begin * BLOCK, lastOf(job.n, end));
}
