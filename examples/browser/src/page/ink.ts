// Inks a drawing anew, as MNIST has its digits: scaled to a box of 20 of 28 pixels, its centre of mass in the middle, and with a pen
// as thick as MNIST's. The lines that a visitor sees on the pad have one thickness at any size of the drawing. If those were scaled, a
// small digit would come out far too bold and a large one too thin for a network that has seen MNIST's alone.

/** A place on the pad: x to the right and y downwards. */
export type Point = readonly [x: number, y: number];

/** The points where a pen went, from where it was put down to where it was lifted. */
export type Stroke = readonly Point[];

/** The sizes that follow are in pixels of a picture of this side, MNIST's. */
const SIDE = 28;
/** The side of the box that holds a digit, with its ink. */
const BOX = 20;
/** The width of the pen, with which drawings have the same mean width of strokes as the packaged digits (test/ink.test.ts). */
export const PEN = 2.5;
/** For how many pixels ink fades at the edge of a line. MNIST's digits were made smaller, which left such edges. */
const FADE = 1.2;

/**
 * Returns a drawing as [size, size] levels; undefined if nothing was drawn.
 *
 * @param least A drawing smaller than this is not enlarged further, so that a dot stays a dot.
 */
export function inked(strokes: readonly Stroke[], size: number, least: number): Uint8Array | undefined {
  const drawn = strokes.filter((stroke) => stroke.length > 0);
  if (drawn.length === 0) return undefined;
  const scaled = fittedTo(drawn, ((BOX - PEN) * size) / SIDE, least);
  const { x, y } = centreOfMass(inkOf(scaled, size), size);
  return inkOf(
    scaled.map((stroke) => stroke.map(([atX, atY]): Point => [atX + size / 2 - x, atY + size / 2 - y])),
    size,
  );
}

/** Scales a drawing so that its longer side is `side`, around the middle of a picture of that side. */
function fittedTo(strokes: readonly Stroke[], side: number, least: number): Stroke[] {
  const points = strokes.flat();
  const end = (pick: (a: number, b: number) => number, axis: 0 | 1): number =>
    points.map((point) => point[axis]).reduce((a, b) => pick(a, b));
  const [left, right, top, bottom] = [end(Math.min, 0), end(Math.max, 0), end(Math.min, 1), end(Math.max, 1)];
  const scale = side / Math.max(right - left, bottom - top, least);
  const middle = ((side / (BOX - PEN)) * SIDE) / 2;
  return strokes.map((stroke) =>
    stroke.map(
      ([x, y]): Point => [middle + (x - (left + right) / 2) * scale, middle + (y - (top + bottom) / 2) * scale],
    ),
  );
}

/** Returns [size, size] levels of ink of lines with round ends. */
function inkOf(strokes: readonly Stroke[], size: number): Uint8Array {
  const unit = size / SIDE;
  const nearest = new Float64Array(size * size).fill(Number.POSITIVE_INFINITY);
  for (const stroke of strokes) {
    for (let i = 0; i < Math.max(1, stroke.length - 1); i++) {
      nearTo(stroke[i]!, stroke[Math.min(i + 1, stroke.length - 1)]!, nearest, size, (PEN / 2 + FADE) * unit);
    }
  }
  return Uint8Array.from(nearest, (distance) => {
    const share = 0.5 + (PEN / 2 - distance / unit) / FADE;
    return Math.round(255 * Math.min(1, Math.max(0, share)));
  });
}

/** Lowers the distances of pixels to the line from `a` to `b` that is within `reach`. */
function nearTo([ax, ay]: Point, [bx, by]: Point, nearest: Float64Array, size: number, reach: number): void {
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy;
  const first = (a: number, b: number): number => Math.max(0, Math.floor(Math.min(a, b) - reach));
  const last = (a: number, b: number): number => Math.min(size - 1, Math.ceil(Math.max(a, b) + reach));
  for (let row = first(ay, by); row <= last(ay, by); row++) {
    for (let column = first(ax, bx); column <= last(ax, bx); column++) {
      const [x, y] = [column + 0.5 - ax, row + 0.5 - ay];
      const along = square === 0 ? 0 : Math.min(1, Math.max(0, (x * dx + y * dy) / square));
      const distance = Math.hypot(x - along * dx, y - along * dy);
      const pixel = row * size + column;
      if (distance < nearest[pixel]!) nearest[pixel] = distance;
    }
  }
}

function centreOfMass(levels: Uint8Array, size: number): { readonly x: number; readonly y: number } {
  let [mass, x, y] = [0, 0, 0];
  levels.forEach((level, i) => {
    mass += level;
    x += level * ((i % size) + 0.5);
    y += level * (Math.floor(i / size) + 0.5);
  });
  return { x: x / mass, y: y / mass };
}
