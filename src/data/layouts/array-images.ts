// Reads images from an array: finds which of its axes are which, and turns its numbers into bytes.

import type { NumericArray } from "../../codecs/npy.ts";
import { permuted } from "../../codecs/permute.ts";
import { FormatError } from "../../errors.ts";
import { greyLevels, type White } from "./grey-levels.ts";

/** Images in the form that a data set holds. */
export interface ArrayImages {
  /** [count, channels, height, width] */
  readonly pixels: Uint8Array;
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** The number that stood for white, as `greyLevels` found it. */
  readonly white: White | undefined;
  /** A message about how the shape was read, if that was a guess. */
  readonly notice?: string;
}

/** Ranks how likely an axis of this size is that of channels: grey or RGB, then two channels or RGBA, then any other. */
function channelRank(size: number): number {
  return size === 1 || size === 3 ? 2 : size === 2 || size === 4 ? 1 : 0;
}

/**
 * Reads images of shape [n, h, w] (grey), [n, c, h, w], [n, h, w, c] or [n, h·w] (grey and square).
 *
 * With four axes, the channels are the second or the last axis: the one of size 1 or 3, or else of size 2 or 4, and the
 * second if both fit.
 *
 * @param name The array's name in errors.
 * @throws FormatError for another shape, and for numbers that are not grey levels.
 */
export function arrayImages(array: NumericArray, name: string): ArrayImages {
  const { shape, data } = array;
  const refused = (what: string): FormatError =>
    new FormatError(
      `${name}: found [${shape.join(", ")}]; expected [n, h, w], [n, c, h, w] or [n, h, w, c] with up to 4 channels${what}`,
    );
  const [count, second, third, last] = shape as [number, number, number, number];
  if (data.length === 0) throw refused(", none of them 0");
  if (shape.length === 3) return { ...greyLevels(array, name), count, channels: 1, height: second, width: third };
  if (shape.length === 2) {
    const side = Math.round(Math.sqrt(second));
    if (side * side === second) return { ...greyLevels(array, name), count, channels: 1, height: side, width: side };
    const colour = Math.round(Math.sqrt(second / 3));
    if (3 * colour * colour !== second) throw refused("; rows of pixels must be of square images");
    throw refused(
      `; reshape the rows, to [n, 3, ${colour}, ${colour}] where all red comes first, or [n, ${colour}, ${colour}, 3]`,
    );
  }
  if (shape.length !== 4) throw refused("");
  const [asSecond, asLast] = [channelRank(second), channelRank(last)];
  if (asSecond === 0 && asLast === 0) throw refused("");
  if (asSecond >= asLast) {
    const images = { ...greyLevels(array, name), count, channels: second, height: third, width: last };
    const doubtful = asSecond === asLast && !(second === last && third === 1);
    return doubtful ? { ...images, notice: `${name}: [${shape.join(", ")}] is read as [n, c, h, w]` } : images;
  }
  const { pixels, white } = greyLevels(array, name);
  const planes = last === 1 ? pixels : permuted(pixels, shape, [0, 3, 1, 2]);
  return { pixels: planes, white, count, channels: last, height: second, width: third };
}
