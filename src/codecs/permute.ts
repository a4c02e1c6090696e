// Reorders the axes of arrays, such as column-major files and images whose channels come last.

/**
 * Returns an array in C order with its axes in another order, as `numpy.transpose(a, axes).ravel()`.
 *
 * @param shape The shape of `data`.
 * @param axes Lists each axis of `data` once: axis i of the result is axis `axes[i]` of `data`.
 */
export function permuted<T extends { readonly length: number; slice(): T }>(
  data: T,
  shape: readonly number[],
  axes: readonly number[],
): T {
  const out = data.slice();
  // The type of the numbers does not matter here.
  const [from, to] = [data, out] as unknown as [Float64Array, Float64Array];
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const steps = axes.map((axis) => strides[axis]!);
  const sizes = axes.map((axis) => shape[axis]!);
  const last = sizes.length - 1;
  if (last < 1 || data.length === 0) return out;
  const [step, size] = [steps[last]!, sizes[last]!];
  const index = sizes.map(() => 0);
  for (let at = 0, first = 0; at < to.length; ) {
    for (let i = 0; i < size; i++) to[at++] = from[first + i * step]!;
    for (let axis = last - 1; axis >= 0; axis--) {
      first += steps[axis]!;
      if (++index[axis]! < sizes[axis]!) break;
      first -= steps[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

/** Returns in C order the numbers of an array in Fortran order (first dimension fastest). */
export function rowMajor<T extends { readonly length: number; slice(): T }>(data: T, shape: readonly number[]): T {
  // An array in Fortran order is, in memory, the array in C order with its axes reversed.
  return permuted(
    data,
    [...shape].reverse(),
    shape.map((_, axis) => shape.length - 1 - axis),
  );
}
