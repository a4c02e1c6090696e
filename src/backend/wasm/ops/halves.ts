// A float64 as two words of a job, whose fields have 32 bits.

/** The bits of a float64: the lower 32 and the upper 32. */
export function halves(value: number): readonly [low: number, high: number] {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  return [bits.getUint32(4), bits.getUint32(0)];
}
