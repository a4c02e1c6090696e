// The guard of an outer step and its clip, where the numbers are: whether the update may happen, and how much shorter the
// gradient is made for it (src/backend/ops.ts). All is in float64, because the running mean lasts through a whole run.
// docs/math.md §1 has the formulas.
import { Buffer, OptionalBuffer } from "./fields";
import { at } from "./simd";

/** The smallest float above 0. */
const LEAST: f32 = 1.401298464324817e-45;

/** Returns whether there is a guard buffer that says that nothing may be updated. */
export function stops(guard: usize): bool {
  return guard !== 0 && load<f32>(guard) === 0;
}

/** A float64 kept as the sum of three floats: what each leaves is the next one's, so that none of its bits is lost. */
function loadSum(from: usize): f64 {
  return <f64>load<f32>(from) + <f64>load<f32>(from, 4) + <f64>load<f32>(from, 8);
}

function storeSum(to: usize, value: f64): void {
  const high = <f32>value;
  const middle = <f32>(value - <f64>high);
  store<f32>(to, high);
  store<f32>(to, middle, 4);
  store<f32>(to, <f32>(value - <f64>high - <f64>middle), 8);
}

@unmanaged
export class GuardJob {
  out: Buffer;
  /** [3]; left out if there is no clip. */
  mean: OptionalBuffer;
  squares: Buffer;
  count: i32;
  loss: Buffer;
  /** The two halves of the bits of clip, a float64. */
  clipLow: u32;
  clipHigh: u32;
}

/**
 * out[0] = 0 if loss[0] or any of squares [count] is not finite. Else, with n = √Σ squares and m the running mean, or n if
 * that is 0: f = min(1, clip·m/n), mean ← 0.9·m + 0.1·n·f, out[0] = f; without a clip, clip = 0, it is 1.
 * A job of one tile.
 */
export function guard(job: GuardJob, begin: i32, end: i32): void {
  if (begin >= end) return;
  let finite = isFinite(load<f32>(job.loss));
  let total: f64 = 0;
  for (let i = 0; i < job.count; i++) {
    const square = load<f32>(at(job.squares, i));
    finite = finite && isFinite(square);
    total += <f64>square;
  }
  const clip = reinterpret<f64>(((<u64>job.clipHigh) << 32) | <u64>job.clipLow);
  if (!finite || clip === 0) {
    store<f32>(job.out, finite ? 1 : 0);
    return;
  }
  const norm = sqrt<f64>(total);
  const before = loadSum(job.mean);
  // A mean of 0 would hold every gradient after it at 0.
  const m = before === 0 ? norm : before;
  const factor: f64 = norm > clip * m ? (clip * m) / norm : 1;
  storeSum(job.mean, 0.9 * m + 0.1 * norm * factor);
  store<f32>(job.out, max(<f32>factor, LEAST));
}
