// The matrices of winograd.ts, points 0, 1, −1, 2, −2, ∞, applied to vectors of four lanes. Each is written as its even and
// odd part in the points, which halves the arithmetic.
//
//        ⎡4  0 −5  0 1 0⎤        ⎡  6   0  0 …⎤  row of point a: s·[1, a, a², …],     ⎡1 1  1 1  1 0⎤  row i: aⁱ, and 1 in the
//        ⎢0 −4 −4  1 1 0⎥        ⎢ −4  −4 −4 …⎥  s = 1/4, −1/6, −1/6, 1/24, 1/24      ⎢0 1 −1 2 −2 0⎥  last place of the last
//   Bᵀ = ⎢0  4 −4 −1 1 0⎥  24·G =⎢ −4   4 −4 …⎥                                  Aᵀ = ⎢…            ⎥  row, for ∞
//        ⎢0 −2 −1  2 1 0⎥        ⎢  1   2  4 …⎥                                       ⎣       …     1⎦
//        ⎢0  2 −1 −2 1 0⎥        ⎢  1  −2  4 …⎥
//        ⎣0  4  0 −5 0 1⎦        ⎣  0   …   24⎦
import { madd } from "./simd";

// @ts-ignore: AssemblyScript's v128 is a value here
type V = v128;

function times(k: f32, a: V): V {
  return f32x4.mul(f32x4.splat(k), a);
}

/** acc + k·a */
function plus(acc: V, k: f32, a: V): V {
  return madd(acc, f32x4.splat(k), a);
}

/** Bᵀ·d into six vectors `ld` bytes apart. */
export function transform6(out: usize, ld: usize, d0: V, d1: V, d2: V, d3: V, d4: V, d5: V): void {
  const even = plus(d4, -4, d2);
  const odd = plus(d3, -4, d1);
  const even2 = f32x4.sub(d4, d2);
  const odd2 = times(2, f32x4.sub(d3, d1));
  v128.store(out, plus(plus(d4, -5, d2), 4, d0));
  v128.store(out + ld, f32x4.add(even, odd));
  v128.store(out + 2 * ld, f32x4.sub(even, odd));
  v128.store(out + 3 * ld, f32x4.add(even2, odd2));
  v128.store(out + 4 * ld, f32x4.sub(even2, odd2));
  v128.store(out + 5 * ld, plus(plus(d5, -5, d3), 4, d1));
}

/** G·w for the r vectors at w, `ldw` bytes apart, into six. */
function applyG(out: usize, ld: usize, w: usize, ldw: usize, kernel: i32): void {
  const w0 = v128.load(w);
  const w1 = v128.load(w + ldw);
  const w2 = v128.load(w + 2 * ldw);
  let last = w2;
  let even = f32x4.add(w0, w2);
  let odd = w1;
  let even2 = plus(w0, 4, w2);
  let odd2 = times(2, w1);
  if (kernel == 5) {
    const w3 = v128.load(w + 3 * ldw);
    last = v128.load(w + 4 * ldw);
    even = f32x4.add(even, last);
    odd = f32x4.add(odd, w3);
    even2 = plus(even2, 16, last);
    odd2 = plus(odd2, 8, w3);
  }
  v128.store(out, times(1.0 / 4.0, w0));
  v128.store(out + ld, times(-1.0 / 6.0, f32x4.add(even, odd)));
  v128.store(out + 2 * ld, times(-1.0 / 6.0, f32x4.sub(even, odd)));
  v128.store(out + 3 * ld, times(1.0 / 24.0, f32x4.add(even2, odd2)));
  v128.store(out + 4 * ld, times(1.0 / 24.0, f32x4.sub(even2, odd2)));
  v128.store(out + 5 * ld, last);
}

/** out[p] = (G w Gᵀ)[p], `position` bytes apart, for w [r, r] vectors. tmp: 6 × r vectors. */
export function transformWeights(out: usize, position: usize, w: usize, kernel: i32, tmp: usize): void {
  const line = (<usize>kernel) << 4;
  for (let x: usize = 0; x < line; x += 16) applyG(tmp + x, line, w + x, line, kernel);
  for (let i: usize = 0; i < 6; i++) applyG(out + 6 * i * position, position, tmp + i * line, 16, kernel);
}

/** Gᵀ·u for six vectors, into r. */
function applyGBack(out: usize, ldo: usize, u: usize, ld: usize, kernel: i32): void {
  const u1 = times(-1.0 / 6.0, v128.load(u + ld));
  const u2 = times(-1.0 / 6.0, v128.load(u + 2 * ld));
  const u3 = times(1.0 / 24.0, v128.load(u + 3 * ld));
  const u4 = times(1.0 / 24.0, v128.load(u + 4 * ld));
  const last = v128.load(u + 5 * ld);
  const even = f32x4.add(u1, u2);
  const odd = f32x4.sub(u1, u2);
  const even2 = f32x4.add(u3, u4);
  const odd2 = f32x4.sub(u3, u4);
  v128.store(out, plus(f32x4.add(even, even2), 1.0 / 4.0, v128.load(u)));
  v128.store(out + ldo, plus(odd, 2, odd2));
  const third = plus(even, 4, even2);
  if (kernel == 3) {
    v128.store(out + 2 * ldo, f32x4.add(third, last));
    return;
  }
  v128.store(out + 2 * ldo, third);
  v128.store(out + 3 * ldo, plus(odd, 8, odd2));
  v128.store(out + 4 * ldo, f32x4.add(plus(even, 16, even2), last));
}

/** out [r, r] = Gᵀ u G for 36 vectors. tmp: r × 6 vectors. */
export function untransformWeights(out: usize, u: usize, kernel: i32, tmp: usize): void {
  for (let x: usize = 0; x < 96; x += 16) applyGBack(tmp + x, 96, u + x, 96, kernel);
  const line = (<usize>kernel) << 4;
  for (let i: usize = 0; i < <usize>kernel; i++) applyGBack(out + i * line, 16, tmp + i * 96, 16, kernel);
}

/** Aᵀ·s for six vectors `ld` bytes apart, into m. */
function applyA(out: usize, ldo: usize, s: usize, ld: usize, m: i32): void {
  const s1 = v128.load(s + ld);
  const s2 = v128.load(s + 2 * ld);
  const s3 = v128.load(s + 3 * ld);
  const s4 = v128.load(s + 4 * ld);
  const last = v128.load(s + 5 * ld);
  const even = f32x4.add(s1, s2);
  const odd = f32x4.sub(s1, s2);
  const even2 = f32x4.add(s3, s4);
  const odd2 = f32x4.sub(s3, s4);
  v128.store(out, f32x4.add(f32x4.add(v128.load(s), even), even2));
  const second = plus(odd, 2, odd2);
  if (m == 2) {
    v128.store(out + ldo, f32x4.add(second, last));
    return;
  }
  v128.store(out + ldo, second);
  v128.store(out + 2 * ldo, plus(even, 4, even2));
  v128.store(out + 3 * ldo, f32x4.add(plus(odd, 8, odd2), last));
}

/** Where the outputs of a tile go: `rows` × `across` of them, rows `ldy` and columns `lane` bytes apart. */
@unmanaged
export class OutputPlace {
  m: i32;
  rows: i32;
  across: i32;
  ldy: usize;
  lane: usize;
  accumulate: bool;
}

/** y (+)= Aᵀ s A + b; s is 36 vectors `ld` bytes apart. tmp: m × 6 and m vectors. */
export function transformOutputs(y: usize, s: usize, ld: usize, b: V, place: OutputPlace, tmp: usize): void {
  const m = place.m;
  const across = <usize>place.across;
  const ldy = place.ldy;
  const lane = place.lane;
  const accumulate = place.accumulate;
  for (let j: usize = 0; j < 6; j++) applyA(tmp + (j << 4), 96, s + j * ld, 6 * ld, m);
  const line = tmp + 384;
  for (let i = place.rows; i > 0; i--, y += ldy, tmp += 96) {
    applyA(line, 16, tmp, 16, m);
    for (let j: usize = 0; j < across; j++) {
      const at = y + j * lane;
      const v = f32x4.add(v128.load(line + (j << 4)), b);
      v128.store(at, accumulate ? f32x4.add(v128.load(at), v) : v);
    }
  }
}

/** A·y for m vectors `ldy` bytes apart, of which `count` are there and the others zero, into six. */
function applyABack(out: usize, ldo: usize, y: usize, ldy: usize, count: i32, m: i32): void {
  const zero = f32x4.splat(0);
  const y0 = v128.load(y);
  const y1 = count > 1 ? v128.load(y + ldy) : zero;
  let even = y0;
  let odd = y1;
  let even2 = y0;
  let odd2 = times(2, y1);
  let last = y1;
  if (m == 4) {
    const y2 = count > 2 ? v128.load(y + 2 * ldy) : zero;
    last = count > 3 ? v128.load(y + 3 * ldy) : zero;
    even = f32x4.add(even, y2);
    odd = f32x4.add(odd, last);
    even2 = plus(even2, 4, y2);
    odd2 = plus(odd2, 8, last);
  }
  v128.store(out, y0);
  v128.store(out + ldo, f32x4.add(even, odd));
  v128.store(out + 2 * ldo, f32x4.sub(even, odd));
  v128.store(out + 3 * ldo, f32x4.add(even2, odd2));
  v128.store(out + 4 * ldo, f32x4.sub(even2, odd2));
  v128.store(out + 5 * ldo, last);
}

/** A y Aᵀ of a tile of `rows` × `across` values, the rest of its m × m zero: 36 vectors `ldo` bytes apart. */
export function widen(
  out: usize,
  ldo: usize,
  y: usize,
  ldy: usize,
  lane: usize,
  rows: i32,
  across: i32,
  m: i32,
  tmp: usize,
): void {
  for (let j: usize = 0; j < <usize>across; j++) {
    applyABack(tmp + (j << 4), 64, y + j * lane, ldy, rows, m);
  }
  for (let i: usize = 0; i < 6; i++) applyABack(out + 6 * i * ldo, ldo, tmp + (i << 6), 16, across, m);
}
