// What is drawn in the demo reaches the network as MNIST's digits do.
import { describe, expect, test } from "vitest";
import { likeMnist } from "../examples/browser/src/lab/like-mnist.ts";

/** A canvas of 280 × 280 with a filled box. */
function box(left: number, top: number, width: number, height: number): Uint8Array {
  return Uint8Array.from({ length: 280 * 280 }, (_, i) => {
    const [x, y] = [i % 280, Math.floor(i / 280)];
    return x >= left && x < left + width && y >= top && y < top + height ? 255 : 0;
  });
}

describe("a drawing becomes a picture of 28 × 28", () => {
  test.each([
    [0, 0, 30, 100],
    [200, 150, 80, 20],
    [10, 10, 260, 260],
    [140, 140, 3, 3],
  ])("the box at %i, %i of %i × %i fills 20 pixels by its longer side, in the middle", (left, top, width, height) => {
    const picture = likeMnist(box(left, top, width, height), 280, 280)!;
    let [mass, x, y] = [0, 0, 0];
    picture.forEach((level, i) => {
      mass += level;
      x += level * ((i % 28) + 0.5);
      y += level * (Math.floor(i / 28) + 0.5);
    });
    // Levels are rounded, and so is their centre, a little.
    expect(x / mass).toBeCloseTo(14, 1);
    expect(y / mass).toBeCloseTo(14, 1);
    const scale = 20 / Math.max(width, height);
    expect(mass / 255 / (width * scale * height * scale)).toBeCloseTo(1, 1);
  });

  test("the ink's centre of mass is in the middle, not that of its box", () => {
    const [bar, stem] = [box(100, 100, 60, 20), box(120, 120, 20, 80)];
    const heavyBelow = bar.map((level, i) => level | stem[i]!);
    const picture = likeMnist(heavyBelow, 280, 280)!;
    const rows = Array.from({ length: 28 }, (_, row) =>
      picture.subarray(28 * row, 28 * row + 28).reduce((a, b) => a + b),
    );
    const mass = rows.reduce((a, b) => a + b);
    expect(rows.reduce((sum, row, y) => sum + row * (y + 0.5), 0) / mass).toBeCloseTo(14, 1);
  });

  test("nothing drawn is no picture", () => {
    expect(likeMnist(new Uint8Array(280 * 280), 280, 280)).toBeUndefined();
  });
});
