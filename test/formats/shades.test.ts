import { decode } from "fast-png";
import { expect, test } from "vitest";
import { contactSheet } from "../../src/formats/contact-sheet.ts";
import { displayLevels } from "../../src/formats/shades.ts";
import { makeSet } from "./sets.ts";

test("displayLevels has the pixels of the contact sheet, image by image, channels side by side", async () => {
  const [classes, channels, height, width] = [3, 3, 4, 5];
  const set = makeSet({
    ...{ steps: 1, epochs: 1, imagesPerStep: classes, classes, channels, height, width },
    mean: [0.1, 0.2, 0.3],
    std: [0.5, 1, 2],
    images: Float32Array.from({ length: classes * channels * height * width }, (_, i) => ((i * 37) % 251) / 100 - 1),
    targets: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
    learningRates: Float32Array.of(0.1),
  });
  const levels = displayLevels(set);
  const sheet = decode(await contactSheet(set, { scale: 1 }));
  for (let image = 0; image < classes; image++) {
    for (let y = 0; y < height; y++) {
      const from = ((2 + y) * sheet.width + 2 + image * (width + 2)) * channels;
      const at = (image * height + y) * width * channels;
      const row = levels.subarray(at, at + width * channels);
      expect([...row]).toEqual([...sheet.data.subarray(from, from + width * channels)]);
    }
  }
  expect(new Set(levels).size).toBeGreaterThan(50);
});

/** Images of 8×8 whose values go evenly from −1 to 1, with some of them replaced. */
function gradient(n: number, channels: number, replaced: Readonly<Record<number, number>>) {
  const images = Float32Array.from({ length: n * channels * 64 }, (_, i) => -1 + (2 * ((i * 29) % 64)) / 63);
  for (const [at, value] of Object.entries(replaced)) images[Number(at)] = value;
  return makeSet({ steps: 1, classes: n, channels, height: 8, width: 8, images });
}

const far = 1e4;

test.each([
  { what: "one pixel of one image far above", n: 1, channels: 1, replaced: { 20: far } },
  { what: "one pixel far below", n: 1, channels: 1, replaced: { 20: -far } },
  { what: "a pixel far above and one far below", n: 2, channels: 1, replaced: { 5: far, 99: -far } },
  { what: "the three values of a coloured pixel", n: 1, channels: 3, replaced: { 7: far, 71: far, 135: far } },
  { what: "a few pixels far above", n: 10, channels: 1, replaced: { 1: far, 80: 9, 150: 3 * far, 151: far, 600: far } },
])("$what does not blacken a small set: the other pixels keep their shades", async ({ n, channels, replaced }) => {
  const plain = gradient(n, channels, {});
  const odd = gradient(n, channels, replaced);
  const [expected, levels] = [displayLevels(plain), displayLevels(odd)];
  const differing = levels.reduce((sum, level, i) => sum + (Math.abs(level - expected[i]!) > 16 ? 1 : 0), 0);
  expect(differing).toBeLessThanOrEqual(Object.keys(replaced).length);
  // The picture of the command is drawn in the same range.
  const sheet = decode(await contactSheet(odd, { scale: 1 }));
  const shades = new Set(sheet.data);
  expect(shades.size).toBeGreaterThan(50);
});

test("values that are few but not far out, strokes on paper for example, stay in the range", () => {
  // 3 % of ink at 1 on paper at 0, and ink only.
  const strokes = gradient(1, 1, {});
  strokes.images.fill(0);
  strokes.images.fill(1, 10, 12);
  expect([...new Set(displayLevels(strokes))].sort((a, b) => a - b)).toEqual([0, 255]);
});
