import { decode } from "fast-png";
import { describe, expect, test } from "vitest";
import { contactSheet } from "../../src/formats/contact-sheet.ts";
import { makeSet } from "./sets.ts";

/** Every image is flat; image i of the set has the level `levels[i]` (0..255) once denormalised. */
function flat(levels: readonly number[], targets: number[][], steps: number, size = 2) {
  const [mean, std, classes] = [0.25, 0.5, targets[0]!.length];
  return makeSet({
    steps,
    epochs: 1,
    imagesPerStep: levels.length / steps,
    classes,
    height: size,
    width: size,
    mean: [mean],
    std: [std],
    images: Float32Array.from(
      { length: levels.length * size * size },
      (_, i) => (levels[Math.floor(i / size / size)]! / 255 - mean) / std,
    ),
    targets: Float32Array.from(targets.flat()),
    learningRates: new Float32Array(steps).fill(0.1),
  });
}

/** One level per tile, row by row: the middle of each tile, which must be flat. */
function levels(png: Uint8Array, tile: number, rows: readonly number[]): number[][] {
  const { width, data } = decode(png);
  const columns = (width - 2) / (tile + 2);
  return rows.map((top) =>
    Array.from({ length: columns }, (_, c) => data[(top + 1) * width + 2 + c * (tile + 2) + 1]!),
  );
}

describe("contactSheet", () => {
  test("one line per step, one column per class, whatever the order in the step", async () => {
    const set = flat(
      [10, 20, 30, 40],
      [
        [0, 1],
        [1, 0],
        [1, 0],
        [0, 1],
      ],
      2,
    );
    const png = await contactSheet(set, { scale: 2, range: "screen" });
    expect(decode(png)).toMatchObject({ width: 2 + 2 * 6, height: 2 + 2 * 6, channels: 1, depth: 8 });
    expect(levels(png, 4, [2, 8])).toEqual([
      [20, 10],
      [30, 40],
    ]);
  });

  test("several images per class are the lines of a step, with a wider gap between steps", async () => {
    const oneHot = [
      [1, 0],
      [0, 1],
    ];
    const set = flat([1, 2, 3, 4, 5, 6, 7, 8], [...oneHot, ...oneHot, ...oneHot, ...oneHot], 2);
    const png = await contactSheet(set, { scale: 1, range: "screen" });
    expect(decode(png).height).toBe(2 + 4 + 4 + 8 + 4 + 4);
    expect(levels(png, 2, [2, 6, 18, 22])).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ]);
  });

  test("images that are not spread evenly follow each other by class, empty places stay dark", async () => {
    const set = flat(
      [9, 8, 7],
      [
        [0, 1],
        [0, 1],
        [1, 0],
      ],
      1,
    );
    expect(levels(await contactSheet(set, { scale: 1, range: "screen" }), 2, [2, 6])).toEqual([
      [7, 9],
      [8, 24],
    ]);
  });

  test("soft targets are bars below their image, class by class, the largest as high as there is room", async () => {
    const set = flat(
      [10, 20],
      [
        [0.8, 0.2, 0],
        [0.4, 0, 0.4],
      ],
      1,
      3,
    );
    // Tiles of 9×9, a line, 8 rows of bars. Bars of three columns, of which the last is a gap.
    const { width, height, data } = decode(await contactSheet(set, { scale: 3, range: "screen" }));
    expect([width, height]).toEqual([2 + 2 * 11, 2 + 9 + 1 + 8 + 2]);
    const heights = (left: number) =>
      [0, 3, 6].map(
        (x) => Array.from({ length: 8 }, (_, y) => data[(12 + y) * width + left + x]).filter((v) => v === 190).length,
      );
    expect(heights(2)).toEqual([8, 2, 0]);
    expect(heights(13)).toEqual([4, 0, 4]);
    expect(data[(12 + 7) * width + 2 + 2]).toBe(24);
  });

  test("a sheet for the screen clips to black and white, the same way in every tile", async () => {
    const set = flat(
      [-400, 0, 128, 900],
      [
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
      ],
      1,
    );
    expect(levels(await contactSheet(set, { scale: 1, range: "screen" }), 2, [2])).toEqual([[0, 0, 128, 255]]);
  });

  test("by default the set's own range is drawn, without the outermost half percent, the same way in every tile", async () => {
    // 400 tiles from −300 to 900, and one far out on either side.
    const shown = Array.from({ length: 398 }, (_, i) => -300 + (1200 * i) / 397);
    const all = [-5000, ...shown, 5000];
    const targets = all.map((_, i) => all.map((_, k) => (k === i ? 1 : 0)));
    const png = await contactSheet(flat(all, targets, 1), { scale: 1 });
    const drawn = [...new Set(decode(png).data)].filter((level) => level !== 24).sort((a, b) => a - b);
    expect(drawn[0]).toBe(0);
    expect(drawn.at(-1)).toBe(255);
    // Evenly in between: no level is missing but the ground's.
    expect(drawn.length).toBeGreaterThan(250);
  });

  test("ground is dark, pixels are squares, colour stays in its channel", async () => {
    const set = makeSet({
      steps: 1,
      epochs: 1,
      classes: 1,
      channels: 3,
      height: 1,
      width: 2,
      mean: [0, 0, 0],
      std: [1, 1, 1],
      images: Float32Array.of(1, 0, 0, 1, 0.2, 0.4),
      targets: Float32Array.of(1),
      learningRates: Float32Array.of(1),
    });
    const { width, height, channels, data } = decode(await contactSheet(set, { scale: 2, range: "screen" }));
    expect([width, height, channels]).toEqual([8, 6, 3]);
    const row = (y: number) =>
      Array.from({ length: 8 }, (_, x) => [...data.subarray((y * 8 + x) * 3, (y * 8 + x) * 3 + 3)]);
    const [g, a, b] = [
      [24, 24, 24],
      [255, 0, 51],
      [0, 255, 102],
    ];
    expect(row(1)).toEqual(new Array(8).fill(g));
    for (const y of [2, 3]) expect(row(y)).toEqual([g, g, a, a, b, b, g, g]);
  });

  test("by default ten 28-pixel digits are drawn three times as large, and a sheet is 1000 wide at most", async () => {
    const width = async (classes: number, size: number) =>
      decode(await contactSheet(makeSet({ steps: 1, epochs: 1, classes, height: size, width: size }))).width;
    expect(await width(10, 28)).toBe(2 + 10 * (84 + 2));
    expect(await width(10, 32)).toBe(2 + 10 * (96 + 2));
    expect(await width(100, 32)).toBeLessThanOrEqual(1000);
    expect(await width(2, 4)).toBe(2 + 2 * (84 + 2));
    expect(await width(10, 224)).toBeLessThanOrEqual(1000);
  });

  test("the same set gives the same bytes", async () => {
    expect(await contactSheet(makeSet())).toEqual(await contactSheet(makeSet()));
  });

  test("arguments that cannot be drawn are refused", async () => {
    await expect(contactSheet(makeSet(), { scale: 0 })).rejects.toThrow('"scale" expected integer >= 1, got 0');
    await expect(contactSheet(makeSet(), { scale: 1.5 })).rejects.toThrow(RangeError);
    await expect(contactSheet(makeSet(), { scale: 1e6 })).rejects.toThrow('"scale" expected a sheet of at most');
    await expect(contactSheet(makeSet({ channels: 2 }))).rejects.toThrow('"set.channels" expected 1 or 3, got 2');
  });
});
