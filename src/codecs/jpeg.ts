// JPEG to pixels, with jpeg-js: native decoders and those of browsers differ by several grey levels, and what a recipe
// computes starts at the pixels. The structure is checked here first, so that jpeg-js is only given files whose size and
// number of scans are sane.
import { FormatError } from "../errors.ts";
import { type Segment, withoutRestarts } from "./jpeg-restarts.ts";
import { exifOrientation, type Orientation, upright } from "./orientation.ts";
import { type DecodeOptions, defaultMaximumPixels, type Raster } from "./raster.ts";

/** Enough for 2²⁴ pixels in three components without subsampling. */
const maximumMegabytes = 512;
/** Progressive files have about ten scans. Each is a pass over all pixels, so a small file of many would take for ever. */
const maximumScans = 64;
const maximumScannedPixels = 2 ** 28;
/** A colour profile has up to 255; each takes many times the four bytes that it can be as short as. */
const maximumSegments = 4096;

const loadLibrary = async (): Promise<typeof import("jpeg-js")["decode"]> => (await import("jpeg-js")).default.decode;
let library: ReturnType<typeof loadLibrary> | undefined;

/** Whether the bytes start like a JPEG. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8;
}

/**
 * The pixels of a baseline or progressive JPEG of 8 bits: grey for one component, else RGB, turned as its EXIF says. The
 * same bytes give the same pixels on every host.
 *
 * @throws FormatError with the file name, and the byte offset where the structure is at fault.
 */
export async function decodeJpeg(bytes: Uint8Array, options: DecodeOptions): Promise<Raster> {
  const { name, maximumPixels = defaultMaximumPixels } = options;
  const { width, height, components, orientation, end, segments, unevenRestarts } = readStructure(
    bytes,
    name,
    maximumPixels,
  );
  // Loaded when needed: most users have no JPEGs, and it is no ES module, which a bare page could not load.
  library ??= loadLibrary();
  const decode = await library;
  let rgb: Uint8Array;
  try {
    ({ data: rgb } = decode(unevenRestarts ? withoutRestarts(bytes, segments) : bytes.subarray(0, end), {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxResolutionInMP: maximumPixels / 1e6,
      maxMemoryUsageInMB: maximumMegabytes,
    }));
  } catch (cause) {
    throw new FormatError(`${name}: expected a JPEG, but it does not decode (${(cause as Error).message})`, { cause });
  }
  const raster: Raster =
    components > 1
      ? { width, height, channels: 3, data: rgb }
      : { width, height, channels: 1, data: rgb.filter((_, i) => i % 3 === 0) };
  return upright(raster, orientation);
}

interface Structure {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly orientation: Orientation;
  readonly segments: readonly Segment[];
  /** Whether there are restart markers that jpeg-js cannot read. */
  readonly unevenRestarts: boolean;
  /** Just after the marker that ends the image. */
  readonly end: number;
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Blocks in scans of one component, by its number. */
  readonly blocks: ReadonlyMap<number, number>;
  /** The fewest bits that its coded data can have. */
  readonly leastBits: number;
}

/** Walks the markers from start to end of the image (ITU-T T.81, annex B). */
function readStructure(bytes: Uint8Array, name: string, maximumPixels: number): Structure {
  const bad = (at: number, expected: string, got: unknown): FormatError =>
    new FormatError(`${name}: expected ${expected} at byte ${at}, got ${got}`);
  const word = (at: number): number => {
    if (at + 2 > bytes.length) throw bad(bytes.length, "a JPEG that goes on", "the end of the file");
    return bytes[at]! * 256 + bytes[at + 1]!;
  };
  if (!isJpeg(bytes)) throw bad(0, "the marker ff d8 of a JPEG", "other bytes");

  let frame: Frame | undefined;
  let orientation: Orientation | undefined;
  let scans = 0;
  let codedBytes = 0;
  const segments: Segment[] = [];
  /** Units of a scan between two restart markers; 0 for none. */
  let interval = 0;
  let unevenRestarts = false;
  let at = 2;
  for (;;) {
    const marker = word(at);
    if (marker === 0xffff) {
      at++; // a fill byte
      continue;
    }
    if (marker === 0xffd9) break;
    const length = word(at + 2);
    const next = at + 2 + length;
    if (marker < 0xffc0 || (marker >= 0xffd0 && marker <= 0xffd8)) {
      throw bad(at, "a marker that begins a segment", `0x${marker.toString(16)}`);
    }
    if (length < 2 || next > bytes.length) throw bad(at + 2, "a length within the file", length);
    if (marker >= 0xffc0 && marker <= 0xffc2) {
      if (frame) throw bad(at, "one frame", "another");
      frame = readFrame(at + 2, marker);
    } else if (marker >= 0xffc3 && marker <= 0xffcf && marker !== 0xffc4 && marker !== 0xffc8) {
      throw bad(at, "a baseline or progressive JPEG", `0x${marker.toString(16)}`);
    }
    if (marker === 0xffdd) interval = word(at + 4);
    if (marker === 0xffe1) orientation ??= exifOrientation(bytes.subarray(at + 4, next));
    at = next;
    if (marker === 0xffda) {
      if (!frame) throw bad(next, "a frame before its scan", "none");
      const most = Math.min(maximumScans, Math.floor(maximumScannedPixels / (frame.width * frame.height)));
      if (++scans > most) throw bad(next, `at most ${most} scans of so many pixels`, "more");
      // Coded data: ff is followed by 0 (a byte of ff) or by a restart marker, maybe after more bytes of ff that fill, until
      // the next segment.
      while (at + 1 < bytes.length) {
        let code = at + 1;
        if (bytes[at] === 0xff) while (bytes[code] === 0xff) code++;
        const isRestart = bytes[code]! >= 0xd0 && bytes[code]! <= 0xd7;
        if (bytes[at] === 0xff && bytes[code] !== 0 && !isRestart) break;
        if (bytes[at] === 0xff && code > at + 1) unevenRestarts = true;
        at = code;
      }
      codedBytes += at - next;
      const alone = bytes[next - length + 2] === 1 ? frame.blocks.get(bytes[next - length + 3]!) : undefined;
      if (interval > 0 && alone !== undefined && alone % interval !== 0) unevenRestarts = true;
    }
    if (segments.length === maximumSegments) throw bad(at, `at most ${maximumSegments} segments`, "more");
    segments.push({ marker, start: next - length + 2, end: next, codedEnd: at });
  }
  if (!frame || scans === 0) throw bad(at, "a frame and a scan before the end of the image", "none");
  const { width, height, components, leastBits } = frame;
  // jpeg-js takes memory for all that the frame states, whatever the scans hold.
  if (8 * codedBytes < leastBits) {
    const least = Math.ceil(leastBits / 8);
    throw bad(at, `at least ${least} bytes of coded data for ${width}×${height} pixels`, codedBytes);
  }
  return { width, height, components, orientation: orientation ?? 1, segments, unevenRestarts, end: at + 2 };

  function readFrame(start: number, marker: number): Frame {
    const components = bytes[start + 7] ?? 0;
    if (word(start) !== 8 + 3 * components) throw bad(start, `${8 + 3 * components} bytes of frame`, word(start));
    if (bytes[start + 2] !== 8) throw bad(start + 2, "8 bits a sample", bytes[start + 2]);
    const [height, width] = [word(start + 3), word(start + 5)];
    if (width === 0 || height === 0 || width * height > maximumPixels) {
      throw bad(start + 3, `1 to ${maximumPixels} pixels`, `${width}×${height}`);
    }
    if (components !== 1 && components !== 3 && components !== 4) {
      throw bad(start + 7, "1, 3 or 4 components", components);
    }
    const factors: (readonly [h: number, v: number, id: number])[] = [];
    for (let k = 0; k < components; k++) {
      const both = bytes[start + 9 + 3 * k]!;
      const [h, v] = [both >> 4, both & 15];
      if (h < 1 || h > 4 || v < 1 || v > 4) throw bad(start + 9 + 3 * k, "sampling factors of 1 to 4", `${h}×${v}`);
      factors.push([h, v, bytes[start + 8 + 3 * k]!]);
    }
    const [mostH, mostV] = [0, 1].map((axis) => Math.max(...factors.map((both) => both[axis]!))) as [number, number];
    const blocks = new Map<number, number>();
    for (const [h, v, id] of factors) {
      if (blocks.has(id)) throw bad(start + 8, "components of different numbers", id);
      blocks.set(id, Math.ceil((width * h) / mostH / 8) * Math.ceil((height * v) / mostV / 8));
    }
    const all = [...blocks.values()].reduce((sum, count) => sum + count, 0);
    // A Huffman code has a bit at least. In a baseline JPEG every block of 8×8 has one for its mean and one that ends it;
    // in a progressive one, one for its mean.
    return { width, height, components, blocks, leastBits: marker === 0xffc2 ? all : 2 * all };
  }
}
