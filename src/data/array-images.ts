// Images out of an array: which of its axes are what, and its numbers as bytes.

import { FormatError } from "../errors.ts";
import type { NumericArray } from "../formats/npy.ts";
import { permuted } from "../formats/permute.ts";
import { greyLevels, type White } from "./grey-levels.ts";

/** Images as a data set holds them. */
export interface ArrayImages {
  /** [count, channels, height, width] */
  readonly pixels: Uint8Array;
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** What `greyLevels` found. */
  readonly white: White | undefined;
  /** What is to be said of how the shape was read. */
  readonly notice?: string;
}

/** How likely an axis of this size is that of channels: grey and RGB, then two channels or RGBA, or not at all. */
function channelRank(size: number): number {
  return size === 1 || size === 3 ? 2 : size === 2 || size === 4 ? 1 : 0;
}

/**
 * Images of shape [n, h, w] (grey), [n, c, h, w], [n, h, w, c] or [n, h·w] (grey and square).
 *
 * Of four axes that of the channels is the second or the last, the one of size 1 or 3, or else of size 2 or 4; where both
 * may be it, the second.
 *
 * @param name What errors call the array.
 * @throws FormatError for another shape, and for numbers that are no grey levels.
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
