// SGD with momentum (Polyak 1964) as optax.sgd and torch.optim.SGD without dampening compute it. A tile is BLOCK floats.
//   v ← momentum·v + g
//   x ← x − learningRate·v
import { Buffer, OptionalBuffer } from "./fields";
import { stops } from "./guard";
import { at, loadPartial, madd, storePartial } from "./simd";
import { BLOCK } from "./tiles";
import { addScaled, lastOf } from "./vector";

@unmanaged
export class SgdJob {
  x: Buffer;
  /** Left out where nothing is remembered. */
  v: OptionalBuffer;
  g: Buffer;
  n: i32;
  guard: OptionalBuffer;
  learningRate: f32;
  momentum: f32;
}

/** Updates x and v, both [n], from the gradient g [n]. Without v it is as if v were g. */
export function sgd(job: SgdJob, begin: i32, end: i32): void {
  if (stops(job.guard)) return;
  const x = job.x;
  const v = job.v;
  const g = job.g;
  const last = lastOf(job.n, end);
  if (v === 0) {
    addScaled(x, x, -job.learningRate, g, begin * BLOCK, last);
    return;
  }
  const rate = f32x4.splat(-job.learningRate);
  const kept = f32x4.splat(job.momentum);
  let i = begin * BLOCK;
  for (; i + 4 <= last; i += 4) {
    const vi = madd(v128.load(at(g, i)), kept, v128.load(at(v, i)));
    v128.store(at(v, i), vi);
    v128.store(at(x, i), madd(v128.load(at(x, i)), rate, vi));
  }
  const count = last - i;
  if (count > 0) {
    const vi = madd(loadPartial(at(g, i), count), kept, loadPartial(at(v, i), count));
    storePartial(at(v, i), vi, count);
    storePartial(at(x, i), madd(loadPartial(at(x, i), count), rate, vi), count);
  }
}
