// Decodes a PNG or a JPEG, told apart by their first bytes, in the thread that asks.
import { FormatError } from "../errors.ts";
import { decodeJpeg, isJpeg } from "./jpeg.ts";
import { decodePng, isPng } from "./png.ts";
import type { DecodeOptions, Raster } from "./raster.ts";

/** Does what `decodeImage` does, for options that were checked. */
export async function decodeHere(bytes: Uint8Array, options: DecodeOptions): Promise<Raster> {
  if (isPng(bytes)) return decodePng(bytes, options);
  if (isJpeg(bytes)) return decodeJpeg(bytes, options);
  throw new FormatError(`${options.name}: expected a PNG (89 50 4e 47) or JPEG (ff d8) at byte 0, got other bytes`);
}
