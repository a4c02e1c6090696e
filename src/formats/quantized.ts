// Numbers of so many bits: x ≈ low + step · q with whole q from 0 to 2^bits − 1.

/** A row of numbers in so many bits each. */
export interface Quantized {
  /** The number that q = 0 stands for, a float32. */
  readonly low: number;
  /** How much one more of q is, a float32; 0 if all numbers are alike. */
  readonly step: number;
  /** q of each number. */
  readonly levels: Uint8Array;
}

/** How many cuts are tried on either side, each larger by a 16th of the range. */
const cuts = 10;

/**
 * Quantises a row of finite numbers. From the range between the smallest and the largest it cuts off what makes the sum of squared
 * errors least, first above, then below: a few numbers far from all others would make the steps of all large.
 */
export function quantize(row: Float32Array, bits: number): Quantized {
  const [smallest, largest] = [row.reduce((a, b) => Math.min(a, b)), row.reduce((a, b) => Math.max(a, b))];
  const cut = (largest - smallest) / 16;
  let best = scaleOf(row, bits, smallest, largest);
  let top = largest;
  for (let i = 1; i <= cuts; i++) {
    const tried = scaleOf(row, bits, smallest, largest - i * cut);
    if (tried.error < best.error) [best, top] = [tried, largest - i * cut];
  }
  for (let i = 1; i <= cuts; i++) {
    const tried = scaleOf(row, bits, smallest + i * cut, top);
    if (tried.error < best.error) best = tried;
  }
  const { low, step } = best;
  return { low, step, levels: Uint8Array.from(row, (x) => levelOf(x, best, (1 << bits) - 1)) };
}

interface Scale {
  readonly low: number;
  readonly step: number;
}

/** Returns the scale of a range, and the sum of the squared errors with it, which is infinite if no float32 is its step. */
function scaleOf(row: Float32Array, bits: number, bottom: number, top: number): Scale & { readonly error: number } {
  const most = (1 << bits) - 1;
  const low = Math.fround(bottom);
  const scale = { low, step: Math.fround((top - low) / most) };
  if (!(scale.step > 0 && Number.isFinite(Math.fround(low + most * scale.step)))) {
    return { low, step: 0, error: Number.POSITIVE_INFINITY };
  }
  let error = 0;
  for (let i = 0; i < row.length; i++) {
    const difference = row[i]! - low - scale.step * levelOf(row[i]!, scale, most);
    error += difference * difference;
  }
  return { ...scale, error };
}

function levelOf(x: number, { low, step }: Scale, most: number): number {
  return step === 0 ? 0 : Math.min(most, Math.max(0, Math.round((x - low) / step)));
}

/** Writes the numbers that a row stands for. */
export function dequantize({ low, step, levels }: Quantized, to: Float32Array): void {
  for (let i = 0; i < levels.length; i++) to[i] = low + step * levels[i]!;
}
