// SGD with momentum (Polyak 1964) as optax.sgd and torch.optim.SGD without dampening compute it. A tile is BLOCK floats.
//   v ← momentum·v + g
//   x ← x − learningRate·v
import { stops } from "./guard";
import { at, BLOCK, loadPartial, madd, storePartial } from "./simd";
import { axpy, lastOf } from "./vector";

/** Updates x and v, both [n], from the gradient g [n]. v may be 0: then nothing is remembered and v is g. */
export function sgd(
  x: usize,
  v: usize,
  g: usize,
  n: i32,
  guard: usize,
  learningRate: f32,
  momentum: f32,
  begin: i32,
  end: i32,
): void {
  if (stops(guard)) return;
  if (v === 0) {
    axpy(x, x, -learningRate, g, n, begin, end);
    return;
  }
  const last = lastOf(n, end);
  const rate = f32x4.splat(-learningRate);
  const kept = f32x4.splat(momentum);
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
