// Decodes one picture and makes it small. It runs in the reader's workers, because a photo takes a second.
import { type ByteSource, decodeImage, type Raster } from "distillate/data";
import { cut } from "./fit-picture.ts";
import { isMissingPart } from "./missing-part.ts";
import { formatByContent, formatByName, type OtherFormat } from "./picture-formats.ts";

/** The sides that LeNet reads. Pictures of any other size become squares of the second one. */
export const sides = [28, 32] as const;

/** A picture that was left out, and the words that follow its name. */
export interface LeftOut {
  readonly why: string;
}

export interface Decoded {
  readonly raster: Raster;
  /** The format, if the library does not read it and the browser has decoded it. */
  readonly byBrowser?: string | undefined;
}

const megapixels = (n: number): string => (n / 1e6).toFixed(n < 1e8 ? 1 : 0).replace(/\.0$/, "");
/** The library's limit, which holds for pictures that the browser decodes too. */
const mostPixels = 2 ** 24;

/** Decodes a picture of any size; returns why if it cannot be read. Throws if what decodes did not arrive. */
export async function decoded(source: ByteSource, path: string): Promise<Decoded | LeftOut> {
  const named = formatByName(path);
  if (named && named.type === undefined) return notRead(named);
  try {
    const bytes = await bytesOf(source);
    if (bytes.length === 0) return { why: "is empty" };
    const other = isLibrarys(bytes) ? undefined : formatByContent(bytes);
    if (other) return await byBrowser(bytes, other);
    return { raster: await decodeImage(bytes, { name: path }) };
  } catch (error) {
    // That is no fault of the picture.
    if (isMissingPart(error)) throw error;
    return { why: inWords(error, path) };
  }
}

/** Does what `decoded` does, and makes the picture one of the sizes that networks here read. */
export async function decodedSmall(source: ByteSource, path: string): Promise<Decoded | LeftOut> {
  const picture = await decoded(source, path);
  if ("why" in picture) return picture;
  const { width, height } = picture.raster;
  if (width === height && sides.some((side) => side === width)) return picture;
  try {
    return { ...picture, raster: cut(picture.raster, sides[1]) };
  } catch (error) {
    return { why: inWords(error, path) };
  }
}

async function bytesOf(source: ByteSource): Promise<Uint8Array> {
  return source instanceof Uint8Array
    ? source
    : new Uint8Array(source instanceof Blob ? await source.arrayBuffer() : (source as ArrayBuffer));
}

/** Whether these are a PNG or a JPEG by their first bytes. */
function isLibrarys(bytes: Uint8Array): boolean {
  return (bytes[0] === 0x89 && bytes[1] === 0x50) || (bytes[0] === 0xff && bytes[1] === 0xd8);
}

function notRead({ name, advice }: OtherFormat): LeftOut {
  return { why: `is ${name}, which is not read here: ${advice}` };
}

/** Has the browser decode what the library does not read, if it can. */
async function byBrowser(bytes: Uint8Array, format: OtherFormat): Promise<Decoded | LeftOut> {
  if (format.type === undefined || typeof OffscreenCanvas === "undefined") return notRead(format);
  const blob = new Blob([bytes as Uint8Array<ArrayBuffer>], { type: format.type });
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" }).catch(() => undefined);
  if (!bitmap) return notRead(format);
  const { width, height } = bitmap;
  try {
    if (width * height > mostPixels) return tooLarge(width, height);
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
    // What can be seen through is white.
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0);
    return { raster: withoutAlpha(context.getImageData(0, 0, width, height)), byBrowser: format.name };
  } finally {
    bitmap.close();
  }
}

/** Returns red, green and blue, or one channel if they are equal everywhere. */
function withoutAlpha({ width, height, data }: ImageData): Raster {
  let grey = true;
  for (let at = 0; at < data.length && grey; at += 4) grey = data[at] === data[at + 1] && data[at] === data[at + 2];
  const channels = grey ? 1 : 3;
  const pixels = new Uint8Array(width * height * channels);
  for (let from = 0, to = 0; to < pixels.length; from += 4) {
    for (let c = 0; c < channels; c++) pixels[to++] = data[from + c]!;
  }
  return { width, height, channels, data: pixels };
}

function tooLarge(width: number, height: number): LeftOut {
  return {
    why: `has ${megapixels(width * height)} megapixels (${width}×${height}), and at most ${megapixels(mostPixels)} are read: make it smaller`,
  };
}

/** Says in a visitor's words what the library says about a picture. */
function inWords(error: unknown, path: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const [, width, height] = /expected 1 to \d+ pixels .*got (\d+)×(\d+)/.exec(message) ?? [];
  if (width !== undefined && Number(width) * Number(height) > 0) return tooLarge(Number(width), Number(height)).why;
  const reason = message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
  return `is broken (${reason.replace(/\.$/, "")})`;
}
