// Turns numbers of any type into grey levels, 0 to 255.

import type { NumericArray } from "../../codecs/npy.ts";
import { FormatError } from "../../errors.ts";
import { isBytes, isFloats } from "../../kinds.ts";

/** The number that stands for white. */
export type White = 1 | 255;

/**
 * Returns which of the two usual scales has these smallest and largest values: 0 to 1, or 0 to 255. Images of 0 to 255 whose
 * largest value is between 1 and 2 would be black, so such values are taken for some that overshot 1, and refused.
 *
 * @param name The name of the values in errors.
 * @throws FormatError that names the range when it fits neither scale.
 */
export function whiteOf(least: number, most: number, name: string): White {
  if (least >= 0 && most <= 1) return 1;
  if (least >= 0 && most >= 2 && most <= 255) return 255;
  const overshoots = (white: White): boolean => least >= -white / 4 && most > white / 2 && most <= 1.25 * white;
  const white = ([1, 255] as const).find(overshoots);
  const advice =
    white !== undefined
      ? `clip them, as numpy.clip(x, 0, ${white}) does`
      : least >= 0
        ? "divide them by their largest possible value"
        : "undo the normalisation";
  const [from, to] = [least, most].map((value) => Number(value.toPrecision(4)));
  throw new FormatError(`${name}: found values from ${from} to ${to}; expected 0 to 1 or 0 to 255: ${advice}`);
}

/**
 * Returns `data` as bytes. uint8 is taken as it is, and so are other whole numbers from 0 to 255; false is black and true is
 * white. Floats are 0 to 1 if the largest is at most 1, else 0 to 255 (`whiteOf`), and become the nearest grey level.
 *
 * @param name The array's name in errors.
 * @returns The bytes, and for floats the number that stood for white; undefined if all are 0, which fits both scales.
 * @throws FormatError that names what was found: a number that is not finite, or a range that fits neither scale.
 */
export function greyLevels(
  { data, bool }: NumericArray,
  name: string,
): { readonly pixels: Uint8Array; readonly white: White | undefined } {
  if (bool) return { pixels: Uint8Array.from(data as Uint8Array, (value) => 255 * value), white: undefined };
  if (isBytes(data)) return { pixels: data, white: undefined };
  const pixels = new Uint8Array(data.length);
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  if (!isFloats(data)) {
    for (let i = 0; i < pixels.length; i++) {
      const value = Number(data[i]);
      if (value < least) least = value;
      if (value > most) most = value;
      pixels[i] = value;
    }
    if (least >= 0 && most <= 255) return { pixels, white: undefined };
    throw new FormatError(
      `${name}: found whole numbers from ${least} to ${most}; expected 0 to 255: scale them, or save floats from 0 to 1`,
    );
  }
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!Number.isFinite(value)) throw new FormatError(`${name}: found ${value} at ${i}; expected finite numbers`);
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const white = whiteOf(least, most, name);
  const scale = 255 / white;
  for (let i = 0; i < pixels.length; i++) pixels[i] = Math.round(data[i]! * scale);
  return { pixels, white: most === 0 ? undefined : white };
}

/** Refuses two parts of a set whose floats are on different scales; `undefined` fits both. */
export function checkWhites(train: White | undefined, test: White | undefined, source: string): void {
  if (train === undefined || test === undefined || train === test) return;
  throw new FormatError(
    `${source}: found training images from 0 to ${train} and test images from 0 to ${test}; expected one scale for both`,
  );
}
