// Places in a backend's memory.

/** What is read back: float32 from kernels, float64 from the reference. */
export type Floats = Float32Array | Float64Array;

/** A place in a backend's memory, counted in floats: `buffer + k` is the k-th float after it. Never below `Backend.base`. */
export type Buffer = number;

/** Stands for an operand that is left out. It is not a number, so the compiler refuses it where an op needs a buffer. */
export const none = undefined;

/** An operand that a caller may leave out. */
export type OptionalBuffer = Buffer | typeof none;

/** Returns the buffer of an operand for which room was allocated. Throws an Error with its name if it was left out. */
export function required(buffer: OptionalBuffer, name: string): Buffer {
  if (buffer === none) throw new Error(`no room was allocated for ${name}`);
  return buffer;
}

/** A buffer without floats, which no op takes. It is NaN, and so is every place that is counted from it. */
export const nowhere: Buffer = Number.NaN;
