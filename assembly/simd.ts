// Helpers shared by the kernels. Addresses are bytes and need only be 4-byte aligned.
//
// Tails: an elementwise kernel runs its last 1 … 3 floats through the same vector formula as the rest, on lanes loaded
// one by one, so an element's bits depend neither on its lane nor on where a tile ends.

/**
 * acc + a·b, rounded twice: never fused, so that every machine gives the same bits. Only the `relaxed` build leaves it to
 * the machine, and nothing else differs there.
 */
export function madd(acc: v128, a: v128, b: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, acc);
  return f32x4.add(acc, f32x4.mul(a, b));
}

/** (l0 + l1) + (l2 + l3) */
export function hsum(v: v128): f32 {
  const low = f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1);
  const high = f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3);
  return low + high;
}

/** hsum of a, b, c and d */
export function hsums(a: v128, b: v128, c: v128, d: v128): v128 {
  const abLow = i32x4.shuffle(a, b, 0, 4, 1, 5);
  const cdLow = i32x4.shuffle(c, d, 0, 4, 1, 5);
  const abHigh = i32x4.shuffle(a, b, 2, 6, 3, 7);
  const cdHigh = i32x4.shuffle(c, d, 2, 6, 3, 7);
  const low = f32x4.add(i64x2.shuffle(abLow, cdLow, 0, 2), i64x2.shuffle(abLow, cdLow, 1, 3));
  const high = f32x4.add(i64x2.shuffle(abHigh, cdHigh, 0, 2), i64x2.shuffle(abHigh, cdHigh, 1, 3));
  return f32x4.add(low, high);
}

/** The first `count` (1 … 3) floats at `ptr`; the other lanes are 0. */
export function loadPartial(ptr: usize, count: i32): v128 {
  if (count === 1) return v128.load32_zero(ptr);
  const pair = v128.load64_zero(ptr);
  return count === 2 ? pair : v128.load32_lane(ptr + 8, pair, 2);
}

/** Stores the first `count` (1 … 3) lanes of `v`. */
export function storePartial(ptr: usize, v: v128, count: i32): void {
  if (count === 1) {
    v128.store32_lane(ptr, v, 0);
    return;
  }
  v128.store64_lane(ptr, v, 0);
  if (count === 3) v128.store32_lane(ptr + 8, v, 2);
}

/** Stores v, or, where a pixel's lanes end in half a vector, its first two lanes. */
export function storeLanes(ptr: usize, v: v128, half: bool): void {
  if (half) v128.store64_lane(ptr, v, 0);
  else v128.store(ptr, v);
}

/** Byte address of float `i` counted from `ptr`. */
export function at(ptr: usize, i: i32): usize {
  return ptr + ((<usize>i) << 2);
}

/** Four floats, `step` bytes apart. */
export function gather(source: usize, step: usize): v128 {
  let v = v128.load32_zero(source);
  v = v128.load32_lane(source + step, v, 1);
  v = v128.load32_lane(source + 2 * step, v, 2);
  return v128.load32_lane(source + 3 * step, v, 3);
}

/** Stores four floats `step` bytes apart. */
export function scatter(target: usize, step: usize, v: v128): void {
  v128.store32_lane(target, v, 0);
  v128.store32_lane(target + step, v, 1);
  v128.store32_lane(target + 2 * step, v, 2);
  v128.store32_lane(target + 3 * step, v, 3);
}
