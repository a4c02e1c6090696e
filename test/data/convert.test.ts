import { describe, expect, test } from "vitest";
import { padded, resized, toGrey, toRgb } from "../../src/data/convert.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { datasetOf, statistics } from "../../src/data/normalize.ts";
import { bytes } from "./samples.ts";

const set = (channels: number, height: number, width: number, seed = 1, count = 3): Dataset =>
  datasetOf({
    name: "s",
    pixels: bytes(count * channels * height * width, seed),
    labels: Uint8Array.of(0, 1, 1),
    classes: 2,
    ...{ channels, height, width },
  });

describe("resized", () => {
  test("resizes every plane and measures again, of a split on its training part", () => {
    const [train, held] = [set(2, 4, 4, 1), set(2, 4, 4, 2)];
    const out = resized({ train, test: held }, 8);
    expect(out.train).toMatchObject({ count: 3, channels: 2, height: 8, width: 8, classes: 2, name: "s" });
    expect(out.train.mean).toEqual(statistics(out.train.pixels, 2, 8, 8).mean);
    expect(out.test).toMatchObject({ mean: out.train.mean, std: out.train.std });
    expect(resized(held, 8).pixels).toEqual(out.test.pixels);
    expect(resized(held, 8).mean).not.toEqual(out.test.mean);
    // A plane does not see its neighbours.
    const one = { pixels: held.pixels.slice(-16), labels: Uint8Array.of(1), channels: 1, height: 4, width: 4 };
    const last = datasetOf({ name: "s", classes: 2, ...one });
    expect(resized(last, 8).pixels).toEqual(out.test.pixels.slice(-64));
  });

  test("keeps the pixels at the same size, and crops or squashes another shape", () => {
    const data = set(1, 4, 8);
    expect(resized(data, [4, 8]).pixels).toEqual(data.pixels);
    const middle = Array.from({ length: 16 }, (_, i) => data.pixels[8 * Math.floor(i / 4) + 2 + (i % 4)]);
    expect([...resized(data, 4).pixels.subarray(0, 16)]).toEqual(middle);
    expect([...resized(data, 4, "squash").pixels.subarray(0, 16)]).not.toEqual(middle);
  });

  test("refuses absurd sizes", () => {
    for (const size of [0, 1.5, 4097, Number.NaN]) expect(() => resized(set(1, 2, 2), size)).toThrow(RangeError);
    const many = { ...set(1, 1, 1), count: 1000, pixels: new Uint8Array(1000), labels: new Uint8Array(1000) };
    expect(() => resized(many, 4096)).toThrow('"size" expected at most 2147483647 bytes');
  });
});

describe("padded", () => {
  test("puts every plane into a black frame and measures again", () => {
    const data = set(2, 2, 3);
    const out = padded(data, 2);
    expect(out).toMatchObject({ count: 3, channels: 2, height: 6, width: 7, labels: data.labels });
    const kept: number[] = [];
    out.pixels.forEach((value, at) => {
      const [y, x] = [Math.floor(at / 7) % 6, at % 7];
      if (y >= 2 && y < 4 && x >= 2 && x < 5) kept.push(value);
      else expect(value).toBe(0);
    });
    expect(kept).toEqual([...data.pixels]);
    expect(out.mean).toEqual(statistics(out.pixels, 2, 6, 7).mean);
    expect(padded(data, 0).pixels).toEqual(data.pixels);
    const split = padded({ train: data, test: set(2, 2, 3, 2) }, 1);
    expect(split.test).toMatchObject({ height: 4, mean: split.train.mean, std: split.train.std });
  });

  test("refuses absurd paddings", () => {
    for (const padding of [-1, 1.5, 2048, Number.NaN]) {
      expect(() => padded(set(1, 2, 2), padding)).toThrow('"padding" expected an integer from 0 to 2047');
    }
    const many = { ...set(1, 1, 1), count: 1000, pixels: new Uint8Array(1000), labels: new Uint8Array(1000) };
    expect(() => padded(many, 2000)).toThrow('"padding" expected at most 2147483647 bytes');
  });
});

describe("toRgb and toGrey", () => {
  test("three equal channels, normalised as the one; and back", () => {
    const data = set(1, 3, 5);
    const rgb = toRgb(data);
    expect(rgb).toMatchObject({ channels: 3, mean: [data.mean[0], data.mean[0], data.mean[0]] });
    const plane = data.pixels.slice(15, 30);
    for (const c of [0, 1, 2]) expect(rgb.pixels.slice((3 + c) * 15, (4 + c) * 15)).toEqual(plane);
    expect(toGrey(rgb).pixels).toEqual(data.pixels);
    const split = toRgb({ train: data, test: set(1, 3, 5, 2) });
    expect(split.test.channels).toBe(3);
    expect(() => toRgb(rgb)).toThrow('"data" expected grey images, got 3 channels');
    expect(() => toGrey(data)).toThrow('"data" expected RGB images, got 1 channels');
  });

  test("grey is Pillow's luma", () => {
    // Image.new("RGB", (1, 1), c).convert("L") for red, green, blue, (10, 200, 30) and white.
    const colours = [
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
      [10, 200, 30],
      [255, 255, 255],
    ];
    const pixels = Uint8Array.from([0, 1, 2].flatMap((c) => colours.map((colour) => colour[c]!)));
    const size = { channels: 3, height: 1, width: 5, classes: 1 };
    const grey = toGrey(datasetOf({ name: "c", pixels, labels: Uint8Array.of(0), ...size }));
    expect([...grey.pixels]).toEqual([76, 150, 29, 124, 255]);
  });
});
