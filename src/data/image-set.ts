// Turns encoded images into one block of pixels of one size; every reader of PNG and JPEG files uses it.

import { TooSlowError } from "../codecs/decode-apart.ts";
import { decodeImage } from "../codecs/decode-image.ts";
import type { Raster } from "../codecs/raster.ts";
import { FormatError } from "../errors.ts";
import { isBytes, isObject } from "../kinds.ts";
import { nextTask } from "../platform/platform.ts";
import { type DataFile, nameOf, readDataFile } from "./data-file.ts";
import type { LabelledPixels } from "./dataset.ts";
import type { ImageOptions } from "./load-options.ts";
import { bothSides } from "./options.ts";
import { type Fit, fitTo, Resizer } from "./resize.ts";

/** The pixels from `left`, `top` up to, not including, `right`, `bottom`. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A picture in the set, or a part of one. Consecutive parts of one file are decoded once. */
export interface LabelledImage {
  readonly file: DataFile;
  readonly label: number;
  readonly box?: Box | undefined;
}

const maximumBytes = 2 ** 31 - 1;
/** After so many decoded pixels, which take a few milliseconds, the page gets a turn. */
const pixelsAtATime = 2 ** 16;

/**
 * Decodes `images`, in their order, to [n, channels, height, width].
 *
 * @throws FormatError that names the first file that cannot be read and says how many cannot, or that names a file whose
 * size differs from the first one's when no `size` is given. RangeError for options out of range, or a set above 2 GiB.
 */
export async function readImages(
  images: readonly LabelledImage[],
  set: { readonly name: string; readonly classNames: readonly string[] },
  options: ImageOptions,
): Promise<LabelledPixels> {
  const { fit = "cover", channels: wanted, decode = decodeFile, signal, onProgress } = options;
  const planes = wanted ?? 3;
  let size = options.size === undefined ? undefined : bothSides(options.size);
  let block: Block | undefined;
  let grey = true;
  let sinceLast = 0;
  let decoded: { file: DataFile; raster: Raster | undefined } | undefined;
  const unread: Unread = { files: new Set() };
  const letGo = async (): Promise<0> => {
    await nextTask();
    return 0;
  };
  // The next picture is decoded while this one is resized.
  const files = images.map(({ file }) => file).filter((file, i, all) => file !== all[i - 1]);
  let next = 0;
  const ahead = (): Promise<Raster | undefined> | undefined => {
    const file = files[next++];
    const raster = file && readRaster(file, decode, unread);
    raster?.catch(() => {});
    return raster;
  };
  let coming = ahead();
  for (const [i, { file, box }] of images.entries()) {
    signal?.throwIfAborted();
    if (decoded?.file !== file) {
      const raster = await coming;
      coming = ahead();
      decoded = { file, raster };
      sinceLast += raster === undefined ? pixelsAtATime : raster.width * raster.height;
    }
    const { raster } = decoded;
    // Once a picture cannot be read, the others are only counted.
    if (unread.first !== undefined || raster === undefined) {
      if (sinceLast >= pixelsAtATime) sinceLast = await letGo();
      continue;
    }
    const part = box ? withinRaster(box, raster, file) : whole(raster);
    const [height, width] = [part.bottom - part.top, part.right - part.left];
    size ??= [height, width];
    if (options.size === undefined && (height !== size[0] || width !== size[1])) {
      throw new FormatError(
        `${nameOf(file)}: expected ${size[1]}×${size[0]} pixels as in ${nameOf(images[0]!.file)}, got ` +
          `${width}×${height}: give "size" to resize them`,
      );
    }
    block ??= new Block(images.length, planes, size, fit);
    block.put(raster, part);
    grey &&= raster.channels === 1;
    if (sinceLast >= pixelsAtATime) {
      await onProgress?.({ done: i + 1, total: images.length });
      sinceLast = await letGo();
    }
  }
  if (unread.first !== undefined) {
    const total = new Set(images.map(({ file }) => file)).size;
    throw new FormatError(`${unread.first.message} (cannot be read: ${unread.files.size} of ${total} pictures)`, {
      cause: unread.first,
    });
  }
  if (block === undefined) throw new RangeError(`"images" expected at least one, got none`);
  await onProgress?.({ done: images.length, total: images.length });
  const channels = wanted ?? (grey ? 1 : 3);
  return {
    name: set.name,
    pixels: channels < planes ? firstOfThree(block.pixels, size![0] * size![1]) : block.pixels,
    labels: Uint8Array.from(images, ({ label }) => label),
    channels,
    height: size![0],
    width: size![1],
    classes: set.classNames.length,
    classNames: set.classNames,
  };
}

/** Pictures that cannot be read, and the reason for the first. */
interface Unread {
  readonly files: Set<DataFile>;
  first?: FormatError;
}

async function decodeFile(file: DataFile): Promise<Raster> {
  return decodeImage(await readDataFile(file), { name: nameOf(file) });
}

/** Decodes the picture in `file`; returns undefined, and notes the file in `unread`, if it cannot be read. */
async function readRaster(
  file: DataFile,
  decode: NonNullable<ImageOptions["decode"]>,
  unread: Unread,
): Promise<Raster | undefined> {
  try {
    return checkRaster(await decode(file), file);
  } catch (error) {
    // Others may be as slow, so they are not counted.
    if (!(error instanceof FormatError) || error instanceof TooSlowError) throw error;
    unread.files.add(file);
    unread.first ??= error;
    return undefined;
  }
}

/** Throws TypeError unless `raster` has as many bytes as it states; a decoder of the caller's may give anything. */
function checkRaster(raster: Raster, file: DataFile): Raster {
  const { width, height, channels, data } = isObject(raster) ? (raster as Partial<Raster>) : {};
  const fits = (channels === 1 || channels === 3) && isBytes(data) && data.length === width! * height! * channels;
  if (fits && data.length > 0) return raster;
  throw new TypeError(
    `"decode" expected { width, height, channels, data } with a byte for each value, 1 or 3 channels, for ${nameOf(file)}`,
  );
}

function whole({ width, height }: Raster): Box {
  return { left: 0, top: 0, right: width, bottom: height };
}

function withinRaster(box: Box, { width, height }: Raster, file: DataFile): Box {
  if (box.right <= width && box.bottom <= height) return box;
  throw new FormatError(
    `${nameOf(file)}: expected an image that holds the box to ${box.right}, ${box.bottom}, got ${width}×${height}`,
  );
}

/** Returns one plane of grey images that were stored as three equal ones. */
function firstOfThree(pixels: Uint8Array, plane: number): Uint8Array {
  const out = new Uint8Array(pixels.length / 3);
  for (let at = 0; at < out.length; at += plane) out.set(pixels.subarray(3 * at, 3 * at + plane), at);
  return out;
}

/** The pixels of all images, filled one after the other. */
class Block {
  /** [n, channels, height, width] */
  readonly pixels: Uint8Array;
  readonly #channels: 1 | 3;
  readonly #size: readonly [number, number];
  readonly #fit: Fit;
  #at = 0;
  #resizer: Resizer | undefined;
  #shape = "";

  constructor(n: number, channels: 1 | 3, size: readonly [number, number], fit: Fit) {
    const bytes = n * channels * size[0] * size[1];
    if (bytes > maximumBytes) {
      throw new RangeError(`"size" expected at most ${maximumBytes} bytes for ${n} images, got ${bytes}`);
    }
    this.pixels = new Uint8Array(bytes);
    this.#channels = channels;
    this.#size = size;
    this.#fit = fit;
  }

  /** Appends a part of `raster`. */
  put(raster: Raster, { left, top, right, bottom }: Box): void {
    const [width, height] = [right - left, bottom - top];
    if (this.#shape !== `${width}×${height}`) {
      this.#shape = `${width}×${height}`;
      this.#resizer = new Resizer(width, height, fitTo(width, height, this.#size, this.#fit));
    }
    const { data, channels } = this.#channels === 1 && raster.channels === 3 ? toGrey(raster) : raster;
    for (let c = 0; c < this.#channels; c++) {
      const plane = {
        data,
        offset: (top * raster.width + left) * channels + (channels === 3 ? c : 0),
        rowStride: raster.width * channels,
        pixelStride: channels,
        width,
        height,
      };
      this.#resizer!.plane(plane, this.pixels, this.#at);
      this.#at += this.#size[0] * this.#size[1];
    }
  }
}

/** Computes ITU-R BT.601 luma of RGB, as Pillow's convert("L") does. */
export function luma(red: number, green: number, blue: number): number {
  return (red * 19_595 + green * 38_470 + blue * 7_471 + 0x8000) >> 16;
}

function toGrey({ width, height, data }: Raster): Raster {
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i++) grey[i] = luma(data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!);
  return { width, height, channels: 1, data: grey };
}
