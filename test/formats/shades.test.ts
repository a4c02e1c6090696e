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
