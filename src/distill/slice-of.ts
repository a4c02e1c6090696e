/** Returns the images of slice `slice` out of `slices`, among `images`: from the first to before the second number. */
export function sliceOf(images: number, slice: number, slices: number): readonly [from: number, to: number] {
  return [Math.floor((images * slice) / slices), Math.floor((images * (slice + 1)) / slices)];
}
