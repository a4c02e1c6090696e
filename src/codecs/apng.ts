// Pictures of one size as one animated PNG (APNG, part of the PNG specification since its third edition): a PNG whose readers
// that know no animation show the first picture.
import { FormatError } from "../errors.ts";
import { crc32 } from "./zip.ts";

/** One picture of an animation. */
export interface Frame {
  /** A PNG without a palette, as `encode` of fast-png writes it. */
  readonly png: Uint8Array;
  readonly milliseconds: number;
}

interface Chunk {
  readonly type: string;
  readonly body: Uint8Array;
}

/**
 * Joins pictures into an animation that begins again when it has ended. The same pictures give the same bytes.
 *
 * @throws FormatError unless there is a picture and all have the same size and kind.
 */
export function animatedPng(frames: readonly Frame[]): Uint8Array {
  const pictures = frames.map(({ png }) => chunksOf(png));
  const header = pictures[0]?.find(({ type }) => type === "IHDR");
  if (!header) throw new FormatError("animation: expected a picture, got none");
  const parts = [frames[0]!.png.subarray(0, 8), chunk("IHDR", header.body), chunk("acTL", words(frames.length, 0))];
  let number = 0;
  pictures.forEach((chunks, i) => {
    const own = chunks.find(({ type }) => type === "IHDR")?.body;
    if (own?.join() !== header.body.join()) {
      throw new FormatError(`animation: expected pictures of one size and kind, got another at ${i}`);
    }
    parts.push(chunk("fcTL", control(number++, header.body, frames[i]!.milliseconds)));
    for (const { type, body } of chunks) {
      if (type !== "IDAT") continue;
      // The data of the first picture stand where readers without animation look for them.
      parts.push(i === 0 ? chunk("IDAT", body) : chunk("fdAT", joined([words(number++), body])));
    }
  });
  parts.push(chunk("IEND", new Uint8Array()));
  return joined(parts);
}

/** The place and time of a frame: all of the picture, which takes the place of the one before. */
function control(number: number, header: Uint8Array, milliseconds: number): Uint8Array {
  const times = new Uint8Array(6);
  const view = new DataView(times.buffer);
  view.setUint16(0, milliseconds);
  view.setUint16(2, 1000);
  return joined([words(number), header.subarray(0, 8), words(0, 0), times]);
}

function chunksOf(png: Uint8Array): Chunk[] {
  const view = new DataView(png.buffer, png.byteOffset, png.length);
  const chunks: Chunk[] = [];
  for (let at = 8; at + 12 <= png.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    chunks.push({ type, body: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

function chunk(type: string, body: Uint8Array): Uint8Array {
  const typed = joined([Uint8Array.from(type, (letter) => letter.charCodeAt(0)), body]);
  return joined([words(body.length), typed, words(crc32(typed))]);
}

/** Whole numbers of 32 bits, the highest byte first. */
function words(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint32(4 * i, value);
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
