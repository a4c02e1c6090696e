// The machine's limit: as many 128-bit multiplications and additions as WebAssembly lets a core issue. Eight
// independent sums hide the latency of an addition; per 8 multiplications and 8 additions there are only 4 loads, so
// nothing but arithmetic can be the bottleneck. All operands come from memory: V8 would make constants again inside
// the loop, and the loop would measure that.
//
// Whatever a round of the loop holds at the same time must fit into V8's 15 vector registers: it moves all loads of a round to
// its beginning, and a sum that finds no register is stored and loaded again in every round. Two factors, four words and eight
// sums are 14. Four factors instead of two make a limit below what kernels reach.

/** 128-bit words of x: 16 KiB, which stay in the first-level cache of any core. */
const WORDS: usize = 1024;

/** sums[2q + r] += factors[r] · Σ x[word ≡ q mod 4], `rounds` times over; 2 factors, 8 sums, all of 4 floats. */
export function limit(sums: usize, factors: usize, x: usize, rounds: i32): void {
  const f0 = v128.load(factors);
  const f1 = v128.load(factors, 16);
  let s00 = v128.load(sums);
  let s01 = v128.load(sums, 16);
  let s10 = v128.load(sums, 32);
  let s11 = v128.load(sums, 48);
  let s20 = v128.load(sums, 64);
  let s21 = v128.load(sums, 80);
  let s30 = v128.load(sums, 96);
  let s31 = v128.load(sums, 112);
  const end = x + WORDS * 16;
  for (; rounds > 0; rounds--) {
    for (let p = x; p < end; p += 64) {
      const x0 = v128.load(p);
      s00 = f32x4.add(s00, f32x4.mul(f0, x0));
      s01 = f32x4.add(s01, f32x4.mul(f1, x0));
      const x1 = v128.load(p, 16);
      s10 = f32x4.add(s10, f32x4.mul(f0, x1));
      s11 = f32x4.add(s11, f32x4.mul(f1, x1));
      const x2 = v128.load(p, 32);
      s20 = f32x4.add(s20, f32x4.mul(f0, x2));
      s21 = f32x4.add(s21, f32x4.mul(f1, x2));
      const x3 = v128.load(p, 48);
      s30 = f32x4.add(s30, f32x4.mul(f0, x3));
      s31 = f32x4.add(s31, f32x4.mul(f1, x3));
    }
  }
  v128.store(sums, s00);
  v128.store(sums, s01, 16);
  v128.store(sums, s10, 32);
  v128.store(sums, s11, 48);
  v128.store(sums, s20, 64);
  v128.store(sums, s21, 80);
  v128.store(sums, s30, 96);
  v128.store(sums, s31, 112);
}
