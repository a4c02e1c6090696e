// Makes a picture that a visitor brings like the pictures of a set, so that the set's networks can read it.
import type { Raster } from "distillate/data";
import { decoded } from "./decode-picture.ts";
import { asInSet } from "./fit-picture.ts";
import { likeMnist } from "./like-mnist.ts";
import { drawingIn } from "./paper.ts";

/** What the pictures of a set are like. */
export interface Like {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Whether they are drawn, as digits are: light ink on black, cut out and centred. */
  readonly drawn: boolean;
}

/** Returns levels [height, width, channels] of the picture in a file. Throws an error with a sentence if it cannot be read. */
export async function levelsOf(file: Blob & { readonly name?: string }, like: Like): Promise<Uint8Array> {
  const name = file.name || "The picture";
  const picture = await decoded(file, name);
  if ("why" in picture) throw new Error(`${name} ${picture.why}.`);
  const levels = levelsLike(picture.raster, like);
  if (levels === undefined)
    throw new Error(`${name} shows nothing that looks drawn: dark ink on light paper is seen best.`);
  return levels;
}

/** Returns undefined if the set's pictures are drawn, and nothing is drawn in this one. */
export function levelsLike(picture: Raster, like: Like): Uint8Array | undefined {
  const { channels } = like;
  // Drawings are cut out as squares.
  if (!like.drawn || like.height !== like.width || isLikeThem(picture, like.height)) {
    return asInSet(picture, [like.height, like.width], channels).data;
  }
  const { ink, width, height } = drawingIn(picture);
  const grey = likeMnist(ink, width, height, like.height);
  if (grey === undefined || channels === 1) return grey;
  return Uint8Array.from({ length: channels * grey.length }, (_, i) => grey[Math.floor(i / channels)]!);
}

/** Whether a picture is one of a set of digits already: grey, of that size, with nothing at its edge. */
function isLikeThem({ width, height, channels, data }: Raster, side: number): boolean {
  if (width !== side || height !== side || channels !== 1) return false;
  const edge = data.filter((_, i) => i < side || i >= data.length - side || i % side === 0 || i % side === side - 1);
  return edge.every((level) => level < 64);
}
