// The two 16-bit formats in which networks are saved: IEEE 754's half precision and bfloat16. Written by hand, because
// Node 20 has no Float16Array, and no host has bfloat16.

/** Returns the number that 16 bits stand for: 1 bit of sign, 5 of exponent, 10 of fraction. It is exact. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return (sign * (exponent === 0 ? fraction * 2 : (1024 + fraction) * (1 << exponent))) / 2 ** 25;
}

/** Converts an array of halves, given as their bits. */
export function halvesToFloats(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, fromHalf);
}

/** Converts an array of bfloat16, given as their bits: the upper halves of float32. */
export function brainsToFloats(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (upper) => upper << 16).buffer);
}
