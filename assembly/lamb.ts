// LAMB (You et al. 2020) as optax.lamb computes it, in two kernels with two norms between them. A tile is BLOCK floats.
//   m ← β₁·m + (1 − β₁)·g,   v ← β₂·v + (1 − β₂)·g²
//   u = m̂ / (√v̂ + eps) + weightDecay·x,   m̂ = m / (1 − β₁ᵗ),   v̂ = v / (1 − β₂ᵗ)
//   x ← x − learningRate·‖x‖/‖u‖·u
// The corrections and the complements of β come from the caller, as in optimizer.ts.
import { stops } from "./guard";
import { decay } from "./optimizer";
import { at, BLOCK, loadPartial, madd, storePartial } from "./simd";
import { axpy, lastOf } from "./vector";

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

/** u [n] and the moments m and v [n], from the gradient g [n] and the values x [n]. u may be g. */
export function adamDirection(
  u: usize,
  m: usize,
  v: usize,
  g: usize,
  x: usize,
  n: i32,
  guard: usize,
  beta1: f32,
  oneMinusBeta1: f32,
  beta2: f32,
  oneMinusBeta2: f32,
  eps: f32,
  weightDecay: f32,
  correction1: f32,
  correction2Sqrt: f32,
  begin: i32,
  end: i32,
): void {
  if (stops(guard)) return;
  const last = lastOf(n, end);
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

/** x ← x − learningRate·trust·u, all [n]. squares [2] = ‖x‖², ‖u‖²; trust = ‖x‖/‖u‖, or 1 where either is 0. */
export function lambStep(
  x: usize,
  u: usize,
  squares: usize,
  n: i32,
  guard: usize,
  learningRate: f32,
  begin: i32,
  end: i32,
): void {
  if (stops(guard)) return;
  const ofX = sqrt<f64>(<f64>load<f32>(squares));
  const ofU = sqrt<f64>(<f64>load<f32>(squares, 4));
  const trust: f64 = ofX === 0 || ofU === 0 ? 1 : ofX / ofU;
  axpy(x, x, <f32>(-(<f64>learningRate) * trust), u, n, begin, end);
}
