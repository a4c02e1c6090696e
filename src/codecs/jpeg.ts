// Decodes JPEGs with libjpeg in WebAssembly (mozjpeg.ts), because what a recipe computes starts at the pixels, and browsers'
// decoders differ by some grey levels. The structure is checked here first, because libjpeg takes memory for everything that
// a header states, and time for every scan.

import { FormatError } from "../errors.ts";
import { exifOrientation, type Orientation, upright } from "./orientation.ts";
import { type DecodeOptions, defaultMaximumPixels, type Raster } from "./raster.ts";

/** Progressive files have about ten scans. Each is a pass over all pixels, so a small file of many would take very long. */
const maximumScans = 64;
const maximumScannedPixels = 2 ** 28;
/** A colour profile has up to 255 segments. Each takes many times the four bytes of the shortest one. */
const maximumSegments = 4096;

/** Returns whether the bytes start like a JPEG. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8;
}

/**
 * Decodes a baseline or progressive JPEG of 8 bits, which `isJpeg` has recognised: grey for one component, RGB for three,
 * turned as its EXIF says. The pixels are those of libjpeg, and so of Pillow, on every host.
 *
 * @throws FormatError with the file name, and the byte offset if the structure is at fault; also for what libjpeg would
 * only warn about, such as missing pixels; UnsupportedError if the host does not compile WebAssembly.
 */
export async function decodeJpeg(bytes: Uint8Array, options: DecodeOptions): Promise<Raster> {
  const { name, maximumPixels = defaultMaximumPixels } = options;
  const { width, height, channels, orientation, end, trifles } = readStructure(bytes, name, maximumPixels);
  const whole = bytes.subarray(0, end);
  // Not `slice`, which does not copy a Buffer of Node's.
  const checked = trifles.length > 0 ? new Uint8Array(whole) : whole;
  for (const { at, usual } of trifles) checked.set(usual, at);
  // The decoder is loaded on demand, because most users have no JPEGs.
  const { decodeMozjpeg } = await import("./mozjpeg.ts");
  const data = await decodeMozjpeg(checked, { name, width, height, channels });
  return upright({ width, height, channels, data }, orientation);
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly progressive: boolean;
  /** The smallest number of bits that its coded data can have. */
  readonly leastBits: number;
}

interface Structure extends Frame {
  readonly orientation: Orientation;
  /** The offset just after the marker that ends the image. */
  readonly end: number;
  /** Bytes about which libjpeg would warn although they do not affect pixels, and the usual bytes there. */
  readonly trifles: readonly { readonly at: number; readonly usual: readonly number[] }[];
}

/** First and last coefficient and the bits of a scan in a file that is not progressive; some programs write zeros. */
const wholeScan: readonly number[] = [0, 63, 0];
/** The start of the segment that names the version of JFIF. */
const jfif: readonly number[] = [0x4a, 0x46, 0x49, 0x46, 0];

/** The bytes of a file; makes the errors about its faults. */
class Source {
  readonly bytes: Uint8Array;
  readonly #name: string;

  constructor(bytes: Uint8Array, name: string) {
    this.bytes = bytes;
    this.#name = name;
  }

  bad(at: number, expected: string, got: unknown): FormatError {
    return new FormatError(`${this.#name}: expected ${expected} at byte ${at}, got ${got}`);
  }

  word(at: number): number {
    const { bytes } = this;
    if (at + 2 > bytes.length) throw this.bad(bytes.length, "a JPEG that goes on", "the end of the file");
    return bytes[at]! * 256 + bytes[at + 1]!;
  }
}

/** Walks the markers from start to end of the image (ITU-T T.81, annex B). */
function readStructure(bytes: Uint8Array, name: string, maximumPixels: number): Structure {
  const source = new Source(bytes, name);
  let frame: Frame | undefined;
  let orientation: Orientation | undefined;
  let [scans, codedBytes, segments] = [0, 0, 0];
  const trifles: { at: number; usual: readonly number[] }[] = [];
  let at = 2;
  for (;;) {
    const marker = source.word(at);
    if (marker === 0xffff) {
      at++; // a fill byte
      continue;
    }
    if (marker === 0xffd9) break;
    const length = source.word(at + 2);
    const next = at + 2 + length;
    if (marker < 0xffc0 || (marker >= 0xffd0 && marker <= 0xffd8)) {
      throw source.bad(at, "a marker that begins a segment", `0x${marker.toString(16)}`);
    }
    if (length < 2 || next > bytes.length) throw source.bad(at + 2, "a length within the file", length);
    if (marker >= 0xffc0 && marker <= 0xffc2) {
      if (frame) throw source.bad(at, "one frame", "another");
      frame = readFrame(source, at + 2, marker === 0xffc2, maximumPixels);
    } else if (marker >= 0xffc3 && marker <= 0xffcf && marker !== 0xffc4 && marker !== 0xffc8) {
      throw source.bad(at, "a baseline or progressive JPEG", `0x${marker.toString(16)}`);
    }
    if (marker === 0xffe0 && length >= 16 && jfif.every((byte, k) => bytes[at + 4 + k] === byte)) {
      trifles.push({ at: at + 9, usual: [1] });
    }
    if (marker === 0xffe1) orientation ??= exifOrientation(bytes.subarray(at + 4, next));
    at = next;
    if (marker === 0xffda) {
      if (!frame) throw source.bad(next, "a frame before its scan", "none");
      const most = Math.min(maximumScans, Math.floor(maximumScannedPixels / (frame.width * frame.height)));
      if (++scans > most) throw source.bad(next, `at most ${most} scans of so many pixels`, "more");
      if (!frame.progressive && length >= 8) trifles.push({ at: next - 3, usual: wholeScan });
      at = endOfCoded(bytes, next);
      codedBytes += at - next;
    }
    if (++segments > maximumSegments) throw source.bad(at, `at most ${maximumSegments} segments`, "more");
  }
  if (!frame || scans === 0) throw source.bad(at, "a frame and a scan before the end of the image", "none");
  const { width, height, leastBits } = frame;
  // libjpeg takes memory for everything that the frame states, whatever the scans hold.
  if (8 * codedBytes < leastBits) {
    const least = Math.ceil(leastBits / 8);
    throw source.bad(at, `at least ${least} bytes of coded data for ${width}×${height} pixels`, codedBytes);
  }
  const unusual = trifles.filter(({ at, usual }) => usual.some((byte, k) => bytes[at + k] !== byte));
  return { ...frame, orientation: orientation ?? 1, end: at + 2, trifles: unusual };
}

/**
 * Returns where the coded data from `start` on end. In them ff is followed by 0 (for a byte of ff) or by a restart marker,
 * maybe after more bytes of ff as fill; anything else after ff begins a segment.
 */
function endOfCoded(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at + 1 < bytes.length) {
    let code = at + 1;
    if (bytes[at] === 0xff) while (bytes[code] === 0xff) code++;
    const isRestart = bytes[code]! >= 0xd0 && bytes[code]! <= 0xd7;
    if (bytes[at] === 0xff && bytes[code] !== 0 && !isRestart) break;
    at = code;
  }
  return at;
}

/** Reads a frame whose length is at `start`. */
function readFrame(source: Source, start: number, progressive: boolean, maximumPixels: number): Frame {
  const { bytes } = source;
  const components = bytes[start + 7] ?? 0;
  if (source.word(start) !== 8 + 3 * components) {
    throw source.bad(start, `${8 + 3 * components} bytes of frame`, source.word(start));
  }
  if (bytes[start + 2] !== 8) throw source.bad(start + 2, "8 bits a sample", bytes[start + 2]);
  const [height, width] = [source.word(start + 3), source.word(start + 5)];
  if (width === 0 || height === 0 || width * height > maximumPixels) {
    throw source.bad(start + 3, `1 to ${maximumPixels} pixels`, `${width}×${height}`);
  }
  if (components !== 1 && components !== 3) {
    const got = components === 4 ? "4, as print has them (CMYK): save the picture as RGB" : components;
    throw source.bad(start + 7, "1 or 3 components", got);
  }
  const factors: (readonly [h: number, v: number])[] = [];
  const ids = new Set<number>();
  for (let at = start + 8; at < start + 8 + 3 * components; at += 3) {
    const [h, v] = [bytes[at + 1]! >> 4, bytes[at + 1]! & 15];
    if (h < 1 || h > 4 || v < 1 || v > 4) throw source.bad(at + 1, "sampling factors of 1 to 4", `${h}×${v}`);
    if (ids.has(bytes[at]!)) throw source.bad(at, "components of different numbers", bytes[at]);
    ids.add(bytes[at]!);
    factors.push([h, v]);
  }
  const [mostH, mostV] = [0, 1].map((axis) => Math.max(...factors.map((both) => both[axis]!))) as [number, number];
  let blocks = 0;
  for (const [h, v] of factors) {
    blocks += Math.ceil((width * h) / mostH / 8) * Math.ceil((height * v) / mostV / 8);
  }
  // A Huffman code has at least one bit. In a baseline JPEG every block of 8×8 has one code for its mean and one that ends
  // it; in a progressive one it has one for its mean.
  return { width, height, channels: components, progressive, leastBits: progressive ? blocks : 2 * blocks };
}
