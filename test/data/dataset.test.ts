import { describe, expect, test } from "vitest";
import { batchInto, classIndex, type Dataset } from "../../src/data/dataset.ts";
import { statistics } from "../../src/data/normalize.ts";
import { subset } from "../../src/data/subsets.ts";

/** 4 images of 2 channels, 1×3, all values different. */
const tiny: Dataset = {
  name: "tiny",
  pixels: Uint8Array.from({ length: 24 }, (_, i) => i * 10),
  labels: Uint8Array.of(1, 0, 1, 3),
  count: 4,
  channels: 2,
  height: 1,
  width: 3,
  classes: 4,
  mean: [0.4, 0.6],
  std: [0.2, 0.3],
};

describe("subset", () => {
  test("is a view of the images from start to end", () => {
    const part = subset(tiny, 1, 3);
    expect(part).toMatchObject({ count: 2, channels: 2, classes: 4, mean: tiny.mean });
    expect(part.pixels).toEqual(tiny.pixels.slice(6, 18));
    expect(part.pixels.buffer).toBe(tiny.pixels.buffer);
    expect(part.labels).toEqual(Uint8Array.of(0, 1));
    expect(subset(tiny, 4, 4).count).toBe(0);
  });

  test("refuses a range outside of the set", () => {
    expect(() => subset(tiny, -1, 2)).toThrow('"start" expected integer >= 0, got -1');
    expect(() => subset(tiny, 0, 5)).toThrow('"end" expected integer in 0..4, got 5');
    expect(() => subset(tiny, 3, 2)).toThrow(RangeError);
    expect(() => subset(tiny, 0.5, 2)).toThrow(RangeError);
  });
});

describe("statistics", () => {
  test("agrees with the definition, per channel", () => {
    const { mean, std } = statistics(tiny.pixels, 2, 1, 3);
    for (const channel of [0, 1]) {
      const values = [0, 1, 2, 3].flatMap((i) => [
        ...tiny.pixels.subarray(i * 6 + channel * 3, i * 6 + channel * 3 + 3),
      ]);
      const m = values.reduce((a, b) => a + b) / values.length;
      const v = values.reduce((a, b) => a + (b - m) ** 2, 0) / values.length;
      expect(mean[channel]).toBeCloseTo(m / 255, 14);
      expect(std[channel]).toBeCloseTo(Math.sqrt(v) / 255, 14);
    }
  });

  test("does not lose digits where the spread is tiny beside the sums", () => {
    // One pixel in 3 million differs by one: the variance is p (1 − p), p = 1 / n.
    const n = 3_000_000;
    const pixels = new Uint8Array(n).fill(200);
    pixels[n - 1] = 201;
    expect(statistics(pixels, 1, 1000, 1000).std[0]).toBe(Math.sqrt(n - 1) / (255 * n));
  });

  test("a flat channel has spread 0, and no pixels are refused", () => {
    expect(statistics(new Uint8Array(8).fill(51), 1, 2, 2)).toEqual({ mean: [0.2], std: [0] });
    expect(() => statistics(new Uint8Array(0), 1, 2, 2)).toThrow(RangeError);
    expect(() => statistics(new Uint8Array(7), 1, 2, 2)).toThrow('"pixels" expected a positive multiple of 4');
  });
});

describe("batchInto", () => {
  test("gathers in the given order and rounds (byte / 255 − mean) / std once to float32", () => {
    const indices = [2, 0, 2];
    const out = new Float32Array(18);
    batchInto(tiny, indices, out);
    indices.forEach((index, i) => {
      for (let k = 0; k < 6; k++) {
        const c = k < 3 ? 0 : 1;
        const exact = (tiny.pixels[index * 6 + k]! / 255 - tiny.mean[c]!) / tiny.std[c]!;
        expect(out[i * 6 + k]).toBe(Math.fround(exact));
      }
    });
  });

  test("takes typed arrays of indices, also none", () => {
    const out = new Float32Array(6);
    batchInto(tiny, Uint32Array.of(3), out);
    expect(out[0]).toBe(Math.fround((180 / 255 - 0.4) / 0.2));
    expect(() => batchInto(tiny, [], new Float32Array(0))).not.toThrow();
  });

  test("refuses indices outside and outputs of another size", () => {
    expect(() => batchInto(tiny, [0, 4], new Float32Array(12))).toThrow('"indices[1]" expected integer in 0..3, got 4');
    expect(() => batchInto(tiny, [-1], new Float32Array(6))).toThrow(RangeError);
    expect(() => batchInto(tiny, [0.5], new Float32Array(6))).toThrow(RangeError);
    expect(() => batchInto(tiny, [0], new Float32Array(7))).toThrow('"out" expected Float32Array of length 6, got 7');
  });
});

describe("classIndex", () => {
  test("lists each class's images in ascending order, also of absent classes", () => {
    expect(classIndex(tiny)).toEqual([Uint32Array.of(1), Uint32Array.of(0, 2), new Uint32Array(0), Uint32Array.of(3)]);
  });
});
