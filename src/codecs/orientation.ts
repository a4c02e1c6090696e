// The orientation of the camera that a JPEG's EXIF states (Exif 2.3, tag 274), and pixels turned by it.
import type { Raster } from "./raster.ts";

/** The orientation by EXIF's numbers: 1 as stored, 2 to 4 mirrored or upside down, 5 to 8 with rows and columns exchanged. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const tag = 0x0112;
/** The types of numbers that writers use for the orientation: 16 and 32 bits. */
const short = 3;
const long = 4;

/**
 * Returns the orientation in the content of a JPEG's APP1 segment, or undefined when it is not EXIF or is damaged: much
 * EXIF is damaged, and the picture can be shown without it.
 */
export function exifOrientation(segment: Uint8Array): Orientation | undefined {
  if (String.fromCharCode(...segment.subarray(0, 6)) !== "Exif\0\0") return undefined;
  const tiff = new DataView(segment.buffer, segment.byteOffset + 6, segment.length - 6);
  if (tiff.byteLength < 8) return undefined;
  const order = tiff.getUint16(0);
  const little = order === 0x4949;
  if ((!little && order !== 0x4d4d) || tiff.getUint16(2, little) !== 42) return undefined;
  const directory = tiff.getUint32(4, little);
  if (directory + 2 > tiff.byteLength) return undefined;
  const count = tiff.getUint16(directory, little);
  for (let i = 0, at = directory + 2; i < count && at + 12 <= tiff.byteLength; i++, at += 12) {
    if (tiff.getUint16(at, little) !== tag) continue;
    const type = tiff.getUint16(at + 2, little);
    if ((type !== short && type !== long) || tiff.getUint32(at + 4, little) !== 1) return undefined;
    const value = type === short ? tiff.getUint16(at + 8, little) : tiff.getUint32(at + 8, little);
    return value >= 1 && value <= 8 ? (value as Orientation) : undefined;
  }
  return undefined;
}

/** Turns the picture upright, as Pillow's `ImageOps.exif_transpose` does. */
export function upright(raster: Raster, orientation: Orientation): Raster {
  if (orientation === 1) return raster;
  const { width, height, channels, data } = raster;
  const turned = orientation >= 5;
  const out = { width: turned ? height : width, height: turned ? width : height };
  // These say from which end the columns and rows are read.
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBelow = [3, 4, 6, 7].includes(orientation);
  const pixels = new Uint8Array(data.length);
  let to = 0;
  for (let y = 0; y < out.height; y++) {
    for (let x = 0; x < out.width; x++) {
      const [column, row] = turned ? [y, x] : [x, y];
      const from = (fromBelow ? height - 1 - row : row) * width + (fromRight ? width - 1 - column : column);
      for (let c = 0; c < channels; c++) pixels[to++] = data[from * channels + c]!;
    }
  }
  return { ...out, channels, data: pixels };
}
