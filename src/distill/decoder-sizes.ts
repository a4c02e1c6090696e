// Sizes of what decoders store.
import type { Resize2dShape } from "../backend/shapes.ts";
import type { ImageShape } from "../nn/layer.ts";
import type { Packing } from "./tensor.ts";

/** Returns the rows and columns of images that are so many times smaller. */
export function smallSide([, height, width]: ImageShape, factor: number): readonly [height: number, width: number] {
  return [Math.ceil(height / factor), Math.ceil(width / factor)];
}

/** Returns the sizes of enlarging all images of a set at once: blocks follow each other as channels do. */
export function enlarging(shape: ImageShape, factor: number, { blocks, lanes }: Packing): Resize2dShape {
  const [channels, outHeight, outWidth] = shape;
  const [inHeight, inWidth] = smallSide(shape, factor);
  return { channels: blocks * channels, inHeight, inWidth, outHeight, outWidth, lanes };
}
