// The multi-formation of IDC (Kim et al., ICML 2022, §4.1): each stored image is a grid of factor × factor smaller ones, which are
// enlarged to the size of the whole. Enlarging is bilinear between pixel centres, as torch.nn.functional.interpolate with
// align_corners=False; sides that the factor does not divide are filled up with grey first.
import { bilinearTaps } from "../../numeric/bilinear.ts";
import type { Images } from "./images.ts";

/** IDC pads pixels with this before it cuts them. */
const grey = 0.5;

/**
 * Returns the small images of each stored one, enlarged: image i · factor² + k is part k of image i, parts row by row. The images
 * are pixels from 0 to 1.
 */
export function decoded(images: Images, factor: number): Images {
  if (factor === 1) return images;
  const { count, channels, height, width, values } = images;
  const [h, w] = [Math.ceil(height / factor), Math.ceil(width / factor)];
  const [rows, columns] = [bilinearTaps(h, height), bilinearTaps(w, width)];
  const out = new Float32Array(values.length * factor * factor);
  let at = 0;
  for (let image = 0; image < count; image++) {
    for (let part = 0; part < factor * factor; part++) {
      const [top, left] = [Math.floor(part / factor) * h, (part % factor) * w];
      for (let c = 0; c < channels; c++) {
        const plane = (image * channels + c) * height * width;
        const pixel = (y: number, x: number): number =>
          top + y < height && left + x < width ? values[plane + (top + y) * width + left + x]! : grey;
        for (const row of rows) {
          for (const column of columns) {
            const upper =
              pixel(row.lower, column.lower) * (1 - column.share) + pixel(row.lower, column.upper) * column.share;
            const lower =
              pixel(row.upper, column.lower) * (1 - column.share) + pixel(row.upper, column.upper) * column.share;
            out[at++] = upper * (1 - row.share) + lower * row.share;
          }
        }
      }
    }
  }
  return { ...images, count: count * factor * factor, values: out };
}

/** Repeats each row of [n, columns] for the parts of its image. */
export function repeatedRows(values: Float32Array, columns: number, factor: number): Float32Array {
  const copies = factor * factor;
  return Float32Array.from({ length: values.length * copies }, (_, i) => {
    const row = Math.floor(i / columns / copies);
    return values[row * columns + (i % columns)]!;
  });
}
