import { describe, expect, test } from "vitest";
import { datasetFromArrays as fromDataEntry } from "../../src/data.ts";
import { type DatasetArrays, datasetFromArrays, loadIdx } from "../../src/index.ts";
import { concat } from "../formats/hostile.ts";
import { bytes } from "./samples.ts";

const pixels = bytes(6 * 2 * 3 * 4);
const labels = [0, 1, 2, 0, 1, 2];
const shape = [2, 3, 4] as const;

describe("datasetFromArrays", () => {
  test("counts, and measures mean and std; bytes are not copied", () => {
    const data = datasetFromArrays({ pixels, labels, shape });
    expect(data).toMatchObject({ name: "arrays", count: 6, channels: 2, height: 3, width: 4, classes: 3 });
    expect(data.labels).toEqual(Uint8Array.from(labels));
    expect(data.pixels).toBe(pixels);
    expect(fromDataEntry).toBe(datasetFromArrays);
  });

  test("gives what a reader gives of the same images", async () => {
    const images = concat([0, 0, 8, 4, 0, 0, 0, 6, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4], pixels);
    const read = await loadIdx({ images, labels: concat([0, 0, 8, 1, 0, 0, 0, 6], labels), name: "arrays" });
    expect(datasetFromArrays({ pixels, labels, shape })).toEqual(read);
  });

  test("takes the shape with n, other arrays of labels, a canvas's bytes, and names", () => {
    const same = datasetFromArrays({ pixels, labels, shape });
    const clamped = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.length);
    for (const given of [
      { shape: [6, 2, 3, 4] as const },
      { labels: Int32Array.from(labels) },
      { labels: Float64Array.from(labels) },
      { labels: BigInt64Array.from(labels, BigInt) },
      { pixels: clamped },
    ]) {
      expect(datasetFromArrays({ pixels, labels, shape, ...given })).toEqual(same);
    }
    const classNames = ["a", "b", "c", "d"];
    expect(datasetFromArrays({ pixels, labels, shape, classNames, absentClasses: [3], name: "mine" })).toMatchObject({
      ...{ name: "mine", classes: 4, classNames, absentClasses: [3] },
    });
  });

  test("floats from 0 to 1 become the nearest levels", () => {
    for (const Floats of [Float32Array, Float64Array]) {
      const data = datasetFromArrays({ pixels: Floats.of(0, 1, 0.5, 0.1), labels: [0, 1], shape: [1, 1, 2] });
      expect([...data.pixels]).toEqual([0, 255, 128, 26]);
    }
  });

  test("a test part takes classes, mean and std of its training part", () => {
    const { classes, mean, std } = datasetFromArrays({ pixels, labels, shape });
    const held = datasetFromArrays({ pixels: bytes(24, 2), labels: [0], shape, classes, mean, std });
    expect(held).toMatchObject({ count: 1, classes: 3, mean, std });
  });

  test("labels may start anywhere", () => {
    for (const from of [-1, 1, 1000]) {
      const data = datasetFromArrays({ pixels, labels: labels.map((k) => k + from), shape, labelsFrom: from });
      expect([[...data.labels], data.classes]).toEqual([labels, 3]);
    }
  });

  test.each<[string, object, typeof TypeError | typeof RangeError, string]>([
    [
      "labels 99 of 10",
      { labels: [99, 1, 2, 0, 1, 2], classes: 10 },
      RangeError,
      '"labels" expected labels from 0 to 9, got 99 at 0',
    ],
    [
      "labels 1 to 3 of 3",
      { labels: [1, 2, 3, 1, 2, 3], classes: 3 },
      RangeError,
      "the labels start at 1; read them with labelsFrom: 1",
    ],
    [
      "negative labels",
      { labels: [-1, 1, -1, 1, -1, 1] },
      RangeError,
      '"labels" expected whole numbers from 0 to 255, got -1 at 0: the labels start at -1',
    ],
    [
      "a label below the first",
      { labelsFrom: 1 },
      RangeError,
      '"labels" expected whole numbers from 1 to 256, got 0 at 0',
    ],
    ["labels that are not whole", { labels: [0, 1.5, 0, 0, 0, 0] }, RangeError, "got 1.5 at 1"],
    ["labels as text", { labels: ["0", "1", "2", "0", "1", "2"] }, RangeError, 'got "0" at 0'],
    ["3 labels for 6 images", { labels: [0, 1, 2] }, RangeError, '"pixels" expected 3 × 2 × 3 × 4 = 72 values'],
    ["no labels", { labels: [] }, RangeError, '"labels" expected a label for each image, got none'],
    [
      "no labels at all",
      { labels: undefined },
      TypeError,
      '"labels" expected an array of whole numbers, got undefined',
    ],
    ["no class", { classes: 0 }, RangeError, '"classes" expected integer >= 1, got 0'],
    ["too many classes", { classes: 257 }, RangeError, '"classes" expected integer <= 256, got 257'],
    [
      "short pixels",
      { pixels: pixels.slice(1) },
      RangeError,
      '"pixels" expected 6 × 2 × 3 × 4 = 144 values, as "labels" and "shape" say, got 143',
    ],
    [
      "pixels as a list",
      { pixels: [...pixels] },
      TypeError,
      '"pixels" expected Uint8Array, Uint8ClampedArray, or Float32Array of values from 0 to 1, got Array of length 144',
    ],
    [
      "floats up to 255",
      { pixels: Float32Array.from(pixels) },
      RangeError,
      '"pixels" expected floats from 0 to 1, got',
    ],
    ["floats that are no numbers", { pixels: new Float32Array(144).fill(Number.NaN) }, RangeError, "got NaN at 0"],
    [
      "no shape",
      { shape: undefined },
      TypeError,
      '"shape" expected [channels, height, width] or [n, channels, height, width], got undefined',
    ],
    ["a shape of two", { shape: [3, 8] }, RangeError, "got [3, 8]"],
    ["a side of 0", { shape: [0, 3, 4] }, RangeError, '"shape[0]" expected integer >= 1, got 0'],
    [
      "another n",
      { shape: [5, 2, 3, 4] },
      RangeError,
      '"shape" expected 6 images, as there are labels, got [5, 2, 3, 4]',
    ],
    ["a mean that is no number", { mean: [Number.NaN, 0] }, RangeError, '"mean[0]" expected a finite number, got NaN'],
    ["a std of 0", { std: [0, 1] }, RangeError, '"std" expected 2 finite numbers > 0, got [0,1]'],
    ["one name for three classes", { classNames: ["a"] }, RangeError, '"labels" expected labels from 0 to 0'],
    [
      "names for two of three classes",
      { classNames: ["a", "b"], classes: 3 },
      RangeError,
      '"classNames" expected 3 strings',
    ],
    [
      "a start that is not a whole number",
      { labelsFrom: 0.5 },
      RangeError,
      '"labelsFrom" expected integer from -1000000 to 1000000, got 0.5',
    ],
  ])("refuses %s", (_, change, Class, message) => {
    const call = () => datasetFromArrays({ pixels, labels, shape, ...change } as DatasetArrays);
    expect(call).toThrow(Class);
    expect(call).toThrow(message);
  });

  test("refuses what is no object of arrays", () => {
    for (const value of [undefined, null, 3, [pixels]]) {
      expect(() => datasetFromArrays(value as unknown as DatasetArrays)).toThrow(/^"arrays" expected an object, got /);
    }
  });
});
