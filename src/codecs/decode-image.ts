// The public function that decodes a picture.
import { bytes as checkBytes, number, optional, text } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { decodeApart } from "./decode-apart.ts";
import type { DecodeOptions, Raster } from "./raster.ts";

const decodeChecks: Checks<DecodeOptions> = {
  name: text,
  maximumPixels: optional(number("a number > 0", (pixels) => pixels > 0)),
};

/**
 * Decodes a PNG or JPEG to the same pixels on every host.
 *
 * @throws FormatError that names the file when it is neither, is damaged, or has more than `maximumPixels`.
 * @example
 * const { width, height, channels, data } = await decodeImage(await readFile("cat.jpg"), { name: "cat.jpg" });
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions): Promise<Raster> {
  checkBytes("bytes", bytes);
  checkOptions(options, decodeChecks);
  return decodeApart(bytes, options);
}
