// Batches as networks take them.
import { expect, test } from "vitest";
import { normalizedBatch } from "../../src/data/normalized-batch.ts";
import { noise } from "../distill/noise.ts";

const data = noise({ count: 20, channels: 2, size: 3, classes: 4 });

test("holds the images at the indices, normalised per channel and rounded once, with their labels", () => {
  for (const indices of [[3, 0, 19, 3], Uint32Array.of(7), [], new Uint8Array(2)]) {
    const { images, targets } = normalizedBatch(data, indices);
    const expected = Array.from(indices).flatMap((index) =>
      Array.from({ length: 18 }, (_, p) => {
        const channel = Math.floor(p / 9);
        return Math.fround((data.pixels[18 * index + p]! / 255 - data.mean[channel]!) / data.std[channel]!);
      }),
    );
    expect([...images]).toEqual(expected);
    expect([...targets]).toEqual(Array.from(indices, (index) => data.labels[index]));
  }
});

test.each<[string, unknown, string, string]>([
  ["no array", 3, "TypeError", '"indices" expected an array of whole numbers, got 3'],
  ["a view without elements", new DataView(new ArrayBuffer(4)), "TypeError", '"indices" expected an array'],
  ["an index outside", [0, 20], "RangeError", '"indices[1]" expected integer in 0..19, got 20'],
  ["half an index", [0.5], "RangeError", '"indices[0]" expected integer in 0..19, got 0.5'],
])("%s is refused by name", (_, indices, name, message) => {
  const error = expect.objectContaining({ name, message: expect.stringContaining(message) });
  expect(() => normalizedBatch(data, indices as never)).toThrow(error);
});

test("a data set whose fields do not fit is refused", () => {
  expect(() => normalizedBatch({ ...data, std: [1] }, [0])).toThrow('"data.std" expected');
});
