// Turns a drawing into one like MNIST's: cut out, scaled to a box of 20 of 28 pixels, its centre of mass in the middle.

/** The share of the picture that the longer side of the drawing takes. */
const BOX = 20 / 28;

/**
 * @param ink [height, width], 0 for paper to 255 for ink.
 * @returns [size, size] levels; undefined if nothing was drawn.
 */
export function likeMnist(
  ink: ArrayLike<number>,
  width: number,
  height: number,
  size: number = 28,
): Uint8Array | undefined {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (ink[y * width + x]! < 16) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  }
  if (right < 0) return undefined;
  let [mass, atX, atY] = [0, 0, 0];
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const level = ink[y * width + x]!;
      mass += level;
      atX += level * (x + 0.5);
      atY += level * (y + 0.5);
    }
  }
  /** The number of drawn pixels in one pixel of the picture. */
  const pace = Math.max(right - left + 1, bottom - top + 1) / (BOX * size);
  const origin = { x: atX / mass - (pace * size) / 2, y: atY / mass - (pace * size) / 2 };
  const mean = (column: number, row: number): number => {
    let [sum, area] = [0, 0];
    const [fromX, fromY] = [origin.x + column * pace, origin.y + row * pace];
    for (let y = Math.floor(fromY); y < fromY + pace; y++) {
      const tall = Math.min(y + 1, fromY + pace) - Math.max(y, fromY);
      for (let x = Math.floor(fromX); x < fromX + pace; x++) {
        const share = tall * (Math.min(x + 1, fromX + pace) - Math.max(x, fromX));
        area += share;
        if (x >= 0 && y >= 0 && x < width && y < height) sum += share * ink[y * width + x]!;
      }
    }
    return sum / area;
  };
  return Uint8Array.from({ length: size * size }, (_, i) => Math.round(mean(i % size, Math.floor(i / size))));
}
