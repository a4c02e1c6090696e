// What is drawn in the demo reaches the network as MNIST's digits do.
import { describe, expect, test } from "vitest";
import { inked, type Point, type Stroke } from "../examples/browser/src/page/ink.ts";
import { digits } from "../src/index.ts";
import { ownDrawings } from "./browser/own-drawings.ts";

const LEAST = 14;
/** The edges of lines are softened alike wherever they lie between pixels, which moves the centre of mass a little; MNIST rounds it to pixels. */
const OFF_CENTRE = 0.1;

/** Points every 2 pixels of the way. */
function line(...corners: Point[]): Stroke {
  return corners.slice(1).flatMap(([x, y], i) => {
    const [fromX, fromY] = corners[i]!;
    const pieces = Math.ceil(Math.hypot(x - fromX, y - fromY) / 2);
    return Array.from({ length: pieces + 1 }, (_, piece): Point => {
      return [fromX + ((x - fromX) * piece) / pieces, fromY + ((y - fromY) * piece) / pieces];
    });
  });
}

const moved = (strokes: readonly Stroke[], scale: number, right: number, down: number): Stroke[] =>
  strokes.map((stroke) => stroke.map(([x, y]): Point => [right + scale * x, down + scale * y]));

function centreOf(picture: Uint8Array, size: number): Point {
  let [mass, x, y] = [0, 0, 0];
  picture.forEach((level, i) => {
    mass += level;
    x += level * ((i % size) + 0.5);
    y += level * (Math.floor(i / size) + 0.5);
  });
  return [x / mass, y / mass];
}

/** Returns the width and height, in pixels, of what is at least half as dark as ink. */
function extentOf(picture: Uint8Array, size: number): Point {
  const inkedAt = Array.from(picture.keys()).filter((i) => picture[i]! >= 128);
  const span = (places: readonly number[]): number => Math.max(...places) - Math.min(...places) + 1;
  return [span(inkedAt.map((i) => i % size)), span(inkedAt.map((i) => Math.floor(i / size)))];
}

/** Returns the mean width of the strokes of pictures of 28 × 28: a long line of width w has w/2 of area for each pixel of edge. */
function strokeWidth(pictures: Uint8Array): number {
  let [area, edge] = [0, 0];
  pictures.forEach((level, i) => {
    const place = i % 784;
    area += level;
    if (place % 28 === 27 || place >= 784 - 28) return;
    edge += Math.hypot(pictures[i + 1]! - level, pictures[i + 28]! - level);
  });
  return (2 * area) / edge;
}

const seven = [line([20, 20], [80, 20], [40, 120])];

describe("a drawing becomes a picture of 28 × 28", () => {
  test.each([
    { what: "a tall one", strokes: [line([30, 10], [32, 200])], longer: 1 },
    { what: "a wide one", strokes: [line([10, 30], [200, 30], [200, 50])], longer: 0 },
    { what: "a large one", strokes: moved(seven, 2.2, 10, 5), longer: 1 },
    { what: "a small one", strokes: moved(seven, 0.2, 200, 240), longer: 1 },
  ])("$what fills 20 pixels by its longer side, with its centre of mass in the middle", ({ strokes, longer }) => {
    const picture = inked(strokes, 28, LEAST)!;
    const [x, y] = centreOf(picture, 28);
    expect(Math.abs(x - 14)).toBeLessThan(OFF_CENTRE);
    expect(Math.abs(y - 14)).toBeLessThan(OFF_CENTRE);
    // Where the box lies between two pixels, one more or less is dark.
    expect(Math.abs(extentOf(picture, 28)[longer]! - 20)).toBeLessThanOrEqual(1);
  });

  test("neither its size nor its place on the pad changes it, up to the rounding of levels", () => {
    const picture = inked(seven, 28, LEAST)!;
    for (const other of [moved(seven, 0.25, 230, 200), moved(seven, 2.3, 0, 0)]) {
      const differences = inked(other, 28, LEAST)!.map((level, i) => Math.abs(level - picture[i]!));
      expect(Math.max(...differences)).toBeLessThanOrEqual(6);
    }
  });

  test("in a picture of 32 × 32 everything is larger by as much", () => {
    const picture = inked(seven, 32, LEAST)!;
    expect(picture.length).toBe(32 * 32);
    expect(Math.abs(centreOf(picture, 32)[0] - 16)).toBeLessThan(OFF_CENTRE);
    expect(Math.abs(extentOf(picture, 32)[1] - (20 * 32) / 28)).toBeLessThanOrEqual(1);
  });

  test("the strokes of digits are as wide as those of the packaged digits", async () => {
    const pictures = ownDrawings(1).map(({ strokes }) => inked(moved(strokes, 280, 0, 0), 28, LEAST)!);
    const drawn = strokeWidth(Uint8Array.from(pictures.flatMap((picture) => [...picture])));
    const { train } = await digits();
    const real = strokeWidth(train.pixels);
    console.log(`mean width of strokes: ${drawn.toFixed(2)} pixels drawn, ${real.toFixed(2)} in the packaged digits`);
    expect(Math.abs(drawn / real - 1)).toBeLessThan(0.03);
  });

  test("a dot stays a dot", () => {
    const [width, height] = extentOf(inked([[[100, 100]]], 28, LEAST)!, 28);
    expect(Math.max(width, height)).toBeLessThanOrEqual(4);
  });

  test("nothing drawn is no picture", () => {
    expect(inked([], 28, LEAST)).toBeUndefined();
    expect(inked([[]], 28, LEAST)).toBeUndefined();
  });
});
