// The weights of bilinear resampling between pixel centres: torch's interpolate with mode="bilinear" and align_corners=False.

/** Where a row or column of resampled images comes from: lower·(1 − share) + upper·share. */
export interface Taps {
  readonly lower: number;
  readonly upper: number;
  readonly share: number;
}

/** Returns the taps of `to` rows, or columns, over `from`: row i lies at max(0, (i + ½)·from/to − ½). */
export function bilinearTaps(from: number, to: number): readonly Taps[] {
  return Array.from({ length: to }, (_, i) => {
    const place = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const lower = Math.min(Math.floor(place), from - 1);
    return { lower, upper: Math.min(lower + 1, from - 1), share: place - lower };
  });
}
