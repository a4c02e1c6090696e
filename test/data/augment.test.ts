import { describe, expect, test } from "vitest";
import { type Augmentation, AugmentedBatches, augmented } from "../../src/data/augment.ts";
import { batchInto } from "../../src/data/dataset.ts";
import { datasetOf } from "../../src/data/normalize.ts";
import { exponential, logarithm, logUniform } from "../../src/numeric/elementary.ts";
import { randomKey } from "../../src/numeric/random.ts";
import { bytes } from "./samples.ts";

const key = randomKey(3, "augment");
const shape = { channels: 2, height: 5, width: 6 };
const image = 60;

/** `n` copies of one image whose pixels all differ within a channel. */
const copies = (n: number) => Uint8Array.from({ length: n * image }, (_, i) => (i % image) + 7);

describe("augmented", () => {
  test("flips about half of the images, whole and in every row", () => {
    const out = augmented(copies(400), shape, { flip: true }, key);
    const plain = copies(1);
    const mirrored = plain.map((_, i) => plain[i - (i % 6) + 5 - (i % 6)]!);
    let flipped = 0;
    for (let i = 0; i < 400; i++) {
      const one = out.subarray(i * image, (i + 1) * image);
      const is = one[0] === mirrored[0];
      expect([...one]).toEqual([...(is ? mirrored : plain)]);
      flipped += Number(is);
    }
    // 200 ± 10; five standard deviations.
    expect(Math.abs(flipped - 200)).toBeLessThan(50);
  });

  test("crops out of the image padded by reflection, at every offset about as often", () => {
    const crop = 2;
    const plain = copies(1);
    const padded = (c: number, y: number, x: number): number => {
      const mirror = (i: number, n: number) => (i < 0 ? -i : i >= n ? 2 * n - 2 - i : i);
      return plain[c * 30 + mirror(y, 5) * 6 + mirror(x, 6)]!;
    };
    const windows = new Map<string, string>();
    for (let top = -crop; top <= crop; top++) {
      for (let left = -crop; left <= crop; left++) {
        const pixels = Array.from({ length: image }, (_, i) =>
          padded(Math.floor(i / 30), Math.floor((i % 30) / 6) + top, (i % 6) + left),
        );
        windows.set(pixels.join(), `${top},${left}`);
      }
    }
    const counts = new Map<string, number>();
    const out = augmented(copies(2500), shape, { crop }, key);
    for (let i = 0; i < 2500; i++) {
      const offset = windows.get(out.subarray(i * image, (i + 1) * image).join());
      expect(offset).toBeDefined();
      counts.set(offset!, (counts.get(offset!) ?? 0) + 1);
    }
    expect(counts.size).toBe(25);
    // 100 ± 10 each; five standard deviations.
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(50);
  });

  test("a resized crop of the whole at its own ratio is the image; smaller parts are within its range", () => {
    const square = { channels: 1, height: 16, width: 16 };
    const plain = bytes(256);
    expect(augmented(plain, square, { resizedCrop: { scale: [1, 1], ratio: [1, 1] } }, key)).toEqual(plain);
    // On a ramp from left to right the first column of the result tells where its part begins, the last where it ends.
    const ramp = Uint8Array.from({ length: 200 * 256 }, (_, i) => (i % 16) * 16);
    const out = augmented(ramp, square, { resizedCrop: true }, key);
    const widths = Array.from({ length: 200 }, (_, i) => (out[i * 256 + 15]! - out[i * 256]!) / 16 + 1);
    expect(Math.min(...widths)).toBeGreaterThan(3);
    expect(Math.min(...widths)).toBeLessThan(8);
    expect(Math.max(...widths)).toBeGreaterThan(14);
    expect(augmented(ramp, square, { resizedCrop: {} }, key)).toEqual(out);
    // No part of a 16 × 16 image is 50 times as wide as high and half of it: the largest central one is taken.
    const central = augmented(plain, square, { resizedCrop: { scale: [0.5, 0.5], ratio: [50, 60] } }, key);
    expect(new Set(central.subarray(0, 16)).size).toBeGreaterThan(1);
    for (let y = 1; y < 16; y++) expect(central.slice(16 * y, 16 * y + 16)).toEqual(central.slice(0, 16));
  });

  test("an image depends on its key and its position alone", () => {
    const all: Augmentation = { crop: 2, flip: true };
    const pixels = bytes(10 * image);
    const out = augmented(pixels, shape, all, key);
    expect(augmented(pixels, shape, all, key)).toEqual(out);
    expect(augmented(pixels.subarray(4 * image), shape, all, key, 4)).toEqual(out.subarray(4 * image));
    expect(augmented(pixels, shape, all, randomKey(3, "augment", 1))).not.toEqual(out);
    expect(augmented(pixels, shape, {}, key)).toEqual(pixels);
  });

  test("what cannot be done is refused", () => {
    const attempt = (augment: unknown) => () => augmented(copies(1), shape, augment as Augmentation, key);
    expect(attempt({ crop: 5 })).toThrow('"augment.crop" expected integer in 0..4, below the side, got 5');
    expect(attempt({ crop: 1.5 })).toThrow(RangeError);
    expect(attempt({ flip: 1 })).toThrow(TypeError);
    expect(attempt({ colour: 1 })).toThrow(
      '"augment.colour" expected an option, got an unknown name: there are crop, resizedCrop, flip',
    );
    expect(attempt({ crop: 1, resizedCrop: true })).toThrow("got both");
    expect(attempt({ resizedCrop: { scale: [0, 1] } })).toThrow('"augment.resizedCrop.scale" expected');
    expect(attempt({ resizedCrop: { ratio: [2, 1] } })).toThrow(RangeError);
    expect(attempt(null)).toThrow(TypeError);
    expect(() => augmented(new Uint8Array(7), shape, {}, key)).toThrow(RangeError);
  });
});

describe("AugmentedBatches", () => {
  const data = datasetOf({ name: "s", pixels: bytes(10 * image), labels: new Uint8Array(10), classes: 1, ...shape });

  test("gathers, augments and normalises, in whatever pieces", () => {
    const augment: Augmentation = { crop: 1, flip: true };
    const indices = [7, 0, 7, 3];
    const batches = new AugmentedBatches(data, augment);
    const out = new Float32Array(4 * image);
    batches.into(indices, out, key);
    const gathered = Uint8Array.from(indices.flatMap((i) => [...data.pixels.subarray(i * image, (i + 1) * image)]));
    const expected = new Float32Array(4 * image);
    const pixels = augmented(gathered, shape, augment, key);
    batchInto({ ...data, pixels, count: 4 }, [0, 1, 2, 3], expected);
    expect(out).toEqual(expected);
    const rest = new Float32Array(2 * image);
    batches.into(indices.slice(2), rest, key, 2);
    expect(rest).toEqual(out.subarray(2 * image));
    expect(() => batches.into([10], new Float32Array(image), key)).toThrow('"indices[0]" expected integer in 0..9');
    expect(() => batches.into([1], new Float32Array(1), key)).toThrow('"out" expected a length of 60');
    expect(() => new AugmentedBatches(data, { crop: 9 })).toThrow(RangeError);
  });
});

describe("logUniform", () => {
  test("exp and log by sums agree with the host's to 1e-15", () => {
    for (let i = 0; i <= 1000; i++) {
      const x = 0.01 * 10_000 ** (i / 1000);
      expect(Math.abs(logarithm(x) - Math.log(x))).toBeLessThan(1e-15 * Math.max(1, Math.abs(Math.log(x))));
      const y = (i - 500) / 50;
      expect(Math.abs(exponential(y) / Math.exp(y) - 1)).toBeLessThan(1e-15);
    }
  });

  test("goes evenly from least to most on a logarithmic scale", () => {
    expect(logUniform(0.5, 3 / 4, 4 / 3)).toBeCloseTo(1, 14);
    expect(logUniform(0, 0.25, 4)).toBeCloseTo(0.25, 14);
    expect(logUniform(0.75, 0.25, 4)).toBeCloseTo(2, 14);
  });
});
