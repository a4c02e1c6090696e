// The real batches of a run.
import { expect, test } from "vitest";
import { DataBatch } from "../../src/inner/data-batch.ts";
import { philox4x32 } from "../../src/numeric/philox.ts";
import { brightHalves, imageKey, valueKey } from "./halves.ts";

/** 120 images in batches of 50: a pass is 50, 50 and 20 images of 6 × 6 pixels, each with its own noise. */
const data = brightHalves({ count: 120 });
const known = new Map(Array.from({ length: 120 }, (_, i) => [imageKey(data, i), i]));

/** The images of `steps` batches, in order, as their places in the data; their labels are checked. */
function order(seed: number, steps: number): number[] {
  const batch = new DataBatch(data, { most: 50, seed });
  return Array.from({ length: steps }, (_, step) => {
    batch.select(step);
    const [images, targets] = [new Float32Array(batch.count * 36), new Float32Array(batch.count)];
    batch.imagesInto(images, 0);
    batch.targetsInto(targets, 0);
    return Array.from(targets, (target, i) => {
      const place = known.get(valueKey(data, images.subarray(i * 36, i * 36 + 36)))!;
      expect(target).toBe(data.labels[place]);
      return place;
    });
  }).flat();
}

test("every pass takes every real image once, with its label, in an order of its own", () => {
  const all = Array.from({ length: 120 }, (_, i) => i);
  const taken = order(1, 6);
  const [first, second] = [taken.slice(0, 120), taken.slice(120)];
  for (const pass of [first, second]) {
    expect([...pass].sort((a, b) => a - b)).toEqual(all);
    expect(pass).not.toEqual(all);
  }
  expect(second).not.toEqual(first);
});

test("the order follows from the seed", () => {
  expect(order(1, 6)).toEqual(order(1, 6));
  expect(order(2, 3)).not.toEqual(order(1, 3));
});

test("augmented images are those of the batch, drawn anew for each step and image, and the same in whatever pieces", () => {
  const augment = { crop: 2, flip: true };
  const options = { most: 50, seed: 1 };
  const [plain, batch] = [new DataBatch(data, options), new DataBatch(data, { ...options, augment })];
  const read = (from: DataBatch, step: number, pieces: readonly number[]) => {
    from.select(step);
    let at = 0;
    return pieces.flatMap((n) => {
      const out = new Float32Array(n * 36);
      from.imagesInto(out, at);
      at += n;
      return [...out];
    });
  };
  const [as, is, again] = [read(plain, 1, [50]), read(batch, 1, [50]), read(batch, 4, [50])];
  expect(read(batch, 1, [8, 30, 12])).toEqual(is);
  expect(is).not.toEqual(as);
  expect(again).not.toEqual(is);
  for (const [step, images] of [
    [1, is],
    [4, again],
  ] as const) {
    const source = read(plain, step, [50]);
    const expected = Array.from({ length: 50 }, (_, i) => augmentedByHand(source.slice(i * 36, i * 36 + 36), step, i));
    expect(images).toEqual(expected.flat());
  }
});

/** A key word of "1/order/augment/STEP": FNV-1a in whole numbers. */
function keyWord(step: number, start: bigint): number {
  let hash = start;
  for (const character of `1/order/augment/${step}`) {
    hash = ((hash ^ BigInt(character.charCodeAt(0))) * 0x01000193n) % 2n ** 32n;
  }
  return Number(hash);
}

/** Image `i` of a batch, 6 × 6, as the batch of a step must have it: cut out of its reflections, then mirrored. */
function augmentedByHand(image: readonly number[], step: number, i: number): number[] {
  const key = [keyWord(step, 0x811c9dc5n), keyWord(step, 0x050c5d1fn)] as const;
  const [top, left, mirror] = philox4x32([i, 0, 0, 0], key).map((word) => word / 2 ** 32) as [number, number, number];
  // Two reflected pixels on each side: rows 2, 1, 0, 1, … 5, 4, 3.
  const padded = [2, 1, 0, 1, 2, 3, 4, 5, 4, 3];
  const cut = (u: number) => padded.slice(Math.floor(5 * u), Math.floor(5 * u) + 6);
  const columns = mirror < 0.5 ? cut(left).reverse() : cut(left);
  return cut(top).flatMap((row) => columns.map((column) => image[6 * row + column]!));
}
