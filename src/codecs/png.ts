// PNG to pixels. fast-png does the filters and interlacing; this file checks the content first, because fast-png inflates
// whatever a file holds, however large. Transparency is dropped, as Pillow's convert("RGB") does.
import { convertIndexedToRgb, type DecodedPng, decode } from "fast-png";
import { FormatError } from "../errors.ts";
import { quote } from "../quote.ts";
import { inflate } from "./gzip.ts";
import { type DecodeOptions, defaultMaximumPixels, type Raster } from "./raster.ts";
import { crc32 } from "./zip.ts";

const signature: readonly number[] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Bit depths that PNG allows, and samples per pixel, by colour type. */
const colourTypes: ReadonlyMap<number, { readonly depths: readonly number[]; readonly samples: number }> = new Map([
  [0, { depths: [1, 2, 4, 8, 16], samples: 1 }],
  [2, { depths: [8, 16], samples: 3 }],
  [3, { depths: [1, 2, 4, 8], samples: 1 }],
  [4, { depths: [8, 16], samples: 2 }],
  [6, { depths: [8, 16], samples: 4 }],
]);
const indexed = 3;
/** So many chunks of a hundred bytes are 13 MB; writers use thousands of bytes. Empty chunks cost more than their bytes. */
const maximumChunks = 2 ** 17;
/** The passes of Adam7: first column, first row, and the steps. */
const passes: readonly (readonly [number, number, number, number])[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** Returns whether the bytes start like a PNG. */
export function isPng(bytes: Uint8Array): boolean {
  return signature.every((byte, i) => bytes[i] === byte);
}

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  /** The number of bytes to which the pixels must inflate. */
  readonly rawBytes: number;
}

type Bad = (at: number, expected: string, got: unknown) => FormatError;

/**
 * Decodes a PNG, which `isPng` has recognised: grey for grey files, else RGB. 16 bits are rounded to 8; fewer bits are spread
 * over 0..255.
 *
 * @throws FormatError with file name and byte offset; also for an interlaced file of fewer than 8 bits.
 */
export async function decodePng(bytes: Uint8Array, options: DecodeOptions): Promise<Raster> {
  const { name, maximumPixels = defaultMaximumPixels } = options;
  const bad: Bad = (at, expected, got) => new FormatError(`${name}: expected ${expected} at byte ${at}, got ${got}`);
  const { header, needed, packed } = readChunks(bytes, maximumPixels, bad);
  await inflate(packed, "deflate", { name, size: header.rawBytes });
  try {
    return toRaster(
      decode(join([...needed, ...chunkOf("IDAT", packed), ...chunkOf("IEND", new Uint8Array())])),
      header,
    );
  } catch (cause) {
    throw new FormatError(`${name}: expected a PNG, but it does not decode (${(cause as Error).message})`, { cause });
  }
}

/** Returns the parts of a chunk, with zeros for the CRC, at which fast-png does not look. */
function chunkOf(type: string, body: Uint8Array): Uint8Array[] {
  const head = new Uint8Array(8);
  new DataView(head.buffer).setUint32(0, body.length);
  for (let i = 0; i < 4; i++) head[4 + i] = type.charCodeAt(i);
  return [head, body, new Uint8Array(4)];
}

/**
 * Checks the structure. `needed` is the beginning of the file with only the chunks that pixels need, up to their data. `packed` are
 * the data of all IDAT: fast-png takes minutes for data that come in many small pieces.
 */
function readChunks(
  bytes: Uint8Array,
  maximumPixels: number,
  bad: Bad,
): { readonly header: Header; readonly needed: Uint8Array[]; readonly packed: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const needed = [bytes.subarray(0, 8)];
  const data: Uint8Array[] = [];
  let header: Header | undefined;
  let palette = false;
  let before = "";
  let chunks = 0;
  for (let at = 8; ; ) {
    if (++chunks > maximumChunks) throw bad(at, `at most ${maximumChunks} chunks`, "more");
    if (at + 12 > bytes.length) throw bad(bytes.length, "a chunk IEND before the end", "the end of the file");
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const next = at + 12 + length;
    if (next > bytes.length) throw bad(at, `a chunk within the ${bytes.length} bytes of the file`, length);
    const crc = crc32(bytes.subarray(at + 4, next - 4));
    if (crc !== view.getUint32(next - 4)) throw bad(next - 4, `CRC ${crc.toString(16)}`, "another");
    if ((type === "IHDR") !== (header === undefined)) throw bad(at + 4, "one IHDR, first", quote(type));
    if (type === "IHDR") header = readHeader(view, at + 8, length, maximumPixels, bad);
    else if (type === "PLTE") {
      const most = header!.colourType === indexed ? 1 << header!.depth : header!.colourType & 2 ? 256 : 0;
      if (palette || data.length > 0 || length === 0 || length % 3 !== 0 || length > 3 * most) {
        throw bad(at, `one palette before the pixels, of at most ${most} colours`, `${length} bytes`);
      }
      palette = true;
    } else if (type === "IDAT") {
      if (header!.colourType === indexed && !palette) throw bad(at + 4, "a palette before the pixels", "none");
      if (data.length > 0 && before !== "IDAT") throw bad(at + 4, "all IDAT one after the other", quote(before));
      data.push(bytes.subarray(at + 8, next - 4));
    } else if (type === "IEND") {
      if (length > 0) throw bad(at, "an IEND of 0 bytes", length);
      break;
    } else if (!/^[a-z][A-Za-z]{3}$/.test(type)) {
      // A capital first letter says that a reader must not skip a chunk that it does not know.
      throw bad(at + 4, "IHDR, PLTE, IDAT or IEND", quote(type));
    }
    if (type === "IHDR" || type === "PLTE") needed.push(bytes.subarray(at, next));
    before = type;
    at = next;
  }
  return { header: header!, needed, packed: join(data) };
}

function readHeader(view: DataView, at: number, length: number, maximumPixels: number, bad: Bad): Header {
  if (length !== 13) throw bad(at - 8, "an IHDR of 13 bytes", length);
  const [width, height] = [view.getUint32(at), view.getUint32(at + 4)];
  if (width === 0 || height === 0 || width * height > maximumPixels) {
    throw bad(at, `1 to ${maximumPixels} pixels`, `${width}×${height}`);
  }
  const depth = view.getUint8(at + 8);
  const colourType = view.getUint8(at + 9);
  const type = colourTypes.get(colourType);
  if (!type?.depths.includes(depth)) {
    throw bad(at + 8, "a bit depth and colour type of PNG", `${depth} and ${colourType}`);
  }
  if (view.getUint16(at + 10) !== 0) throw bad(at + 10, "compression 0 and filter 0", view.getUint16(at + 10));
  const interlace = view.getUint8(at + 12);
  if (interlace > 1) throw bad(at + 12, "interlace 0 or 1", interlace);
  if (interlace === 1 && depth < 8) throw bad(at + 12, "no interlacing with fewer than 8 bits", "Adam7");
  const rawBytes = (interlace ? passes : [[0, 0, 1, 1] as const]).reduce((sum, [x, y, dx, dy]) => {
    const [w, h] = [Math.max(0, Math.ceil((width - x) / dx)), Math.max(0, Math.ceil((height - y) / dy))];
    return sum + (w > 0 ? h * (1 + Math.ceil((w * type.samples * depth) / 8)) : 0);
  }, 0);
  return { width, height, depth, colourType, rawBytes };
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function toRaster(png: DecodedPng, { width, height, colourType }: Header): Raster {
  if (colourType === indexed) return { width, height, channels: 3, data: convertIndexedToRgb(png) };
  const channels = png.channels < 3 ? 1 : 3;
  const data = new Uint8Array(width * height * channels);
  const { depth, data: samples } = png;
  if (depth < 8) {
    const perByte = 8 / depth;
    const row = Math.ceil(width / perByte);
    const most = (1 << depth) - 1;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const byte = samples[y * row + Math.floor(x / perByte)]!;
        const value = (byte >> (8 - depth * ((x % perByte) + 1))) & most;
        data[y * width + x] = (value * 255) / most;
      }
    }
    return { width, height, channels, data };
  }
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let c = 0; c < channels; c++) {
      const value = samples[pixel * png.channels + c]!;
      data[pixel * channels + c] = depth === 16 ? Math.round(value / 257) : value;
    }
  }
  return { width, height, channels, data };
}
