// Paints tiles on a canvas, one canvas pixel for each image pixel; CSS enlarges them.
import type { Tiles } from "../lab/api.ts";

/** The canvas pixels between two tiles. */
export const gap = 1;

/** The place of each image: columns count from left to right, rows from top to bottom. */
export interface Places {
  readonly columns: number;
  readonly rows: number;
  /** [n], the cell of each image. */
  readonly cells: readonly number[];
}

export function sizeOf({ width, height }: Tiles, { columns, rows }: Places): { width: number; height: number } {
  return { width: columns * (width + gap) - gap, height: rows * (height + gap) - gap };
}

export function paintTiles(canvas: HTMLCanvasElement, tiles: Tiles, places: Places): void {
  const size = sizeOf(tiles, places);
  if (canvas.width !== size.width) canvas.width = size.width;
  if (canvas.height !== size.height) canvas.height = size.height;
  const image = new ImageData(size.width, size.height);
  const { channels, height, width, levels } = tiles;
  places.cells.forEach((cell, n) => {
    const left = (cell % places.columns) * (width + gap);
    const top = Math.floor(cell / places.columns) * (height + gap);
    for (let y = 0; y < height; y++) {
      let to = 4 * ((top + y) * size.width + left);
      let from = (n * height + y) * width * channels;
      for (let x = 0; x < width; x++, from += channels, to += 4) {
        image.data[to] = levels[from]!;
        image.data[to + 1] = levels[channels === 3 ? from + 1 : from]!;
        image.data[to + 2] = levels[channels === 3 ? from + 2 : from]!;
        image.data[to + 3] = 255;
      }
    }
  });
  canvas.getContext("2d")!.putImageData(image, 0, 0);
}

/** Puts all images in one row. */
export function inRow(count: number): Places {
  return { columns: count, rows: 1, cells: Array.from({ length: count }, (_, i) => i) };
}
