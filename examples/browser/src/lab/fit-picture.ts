// Makes a picture small as the library makes the pictures of a data set small: the central square, resized.
import { type Dataset, type Raster, resized, toGrey, toRgb } from "distillate/data";

/** Returns the central square of a picture, of this side. */
export function cut(picture: Raster, side: number): Raster {
  if (picture.width === side && picture.height === side) return picture;
  const { pixels } = resized(asSet(picture), side);
  return asRaster(pixels, picture.channels, side, side);
}

/** Returns a picture as a set of this size and these channels would have it. */
export function asInSet(picture: Raster, [height, width]: readonly [number, number], channels: number): Raster {
  // Colour is taken away before the picture becomes small, as in a set that is read as grey.
  const converted =
    channels === picture.channels ? asSet(picture) : channels === 1 ? toGrey(asSet(picture)) : toRgb(asSet(picture));
  return asRaster(resized(converted, [height, width]).pixels, channels as 1 | 3, height, width);
}

/** Puts a picture's channels apart, as data sets have them. */
function asSet({ width, height, channels, data }: Raster): Dataset {
  const plane = width * height;
  const pixels = channels === 1 ? data : new Uint8Array(3 * plane);
  if (channels === 3) {
    for (let p = 0, at = 0; p < plane; p++, at += 3) {
      pixels[p] = data[at]!;
      pixels[plane + p] = data[at + 1]!;
      pixels[2 * plane + p] = data[at + 2]!;
    }
  }
  const each = Array.from({ length: channels }, () => 1);
  return {
    name: "",
    pixels,
    labels: new Uint8Array(1),
    count: 1,
    channels,
    height,
    width,
    classes: 1,
    mean: each,
    std: each,
  };
}

function asRaster(pixels: Uint8Array, channels: 1 | 3, height: number, width: number): Raster {
  const plane = height * width;
  const data = new Uint8Array(pixels.length);
  for (let p = 0, to = 0; p < plane; p++) for (let c = 0; c < channels; c++) data[to++] = pixels[c * plane + p]!;
  return { width, height, channels, data };
}
