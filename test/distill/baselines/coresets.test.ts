// k-center and herding choose what their definitions say, which are tried out here over all points in turn.
import { expect, test } from "vitest";
import { herding, kCenter, type Points } from "../../../src/evaluate/baselines/coresets.ts";
import { coresetImages } from "../../../src/evaluate/baselines/real-images.ts";
import { paint } from "../../helpers.ts";
import { brightHalves, imageKey, valueKey } from "../halves.ts";

const size = 5;
const points: Points = { values: Float64Array.from(paint(40 * size, 3)), size };
const at = (i: number) => points.values.subarray(i * size, (i + 1) * size);
const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.sqrt(Array.from(a, (value, p) => (value - b[p]!) ** 2).reduce((sum, d) => sum + d, 0));
const meanOf = (places: readonly number[]) =>
  Array.from({ length: size }, (_, p) => places.reduce((sum, i) => sum + at(i)[p]!, 0) / places.length);
const all = Array.from({ length: 40 }, (_, i) => i);

function chosenBy(rule: typeof kCenter, of: Points, k: number): number[] {
  const chosen: number[] = [];
  for (const _ of rule(of, k, chosen)) void _;
  return chosen;
}

/** The place among those not taken with the smallest value. */
const least = (taken: readonly number[], value: (i: number) => number) =>
  all.filter((i) => !taken.includes(i)).reduce((a, b) => (value(b) < value(a) ? b : a));

test("k-center begins in the middle, and always takes the point that is farthest from its centres", () => {
  const chosen = chosenBy(kCenter, points, 8);
  const mean = meanOf(all);
  chosen.forEach((i, n) => {
    const before = chosen.slice(0, n);
    const nearest = (j: number) => Math.min(...before.map((c) => distance(at(j), at(c))));
    expect(i).toBe(n === 0 ? least([], (j) => distance(at(j), mean)) : least(before, (j) => -nearest(j)));
  });
});

test("herding always takes the point that brings the mean of its points nearest to that of all", () => {
  const chosen = chosenBy(herding, points, 12);
  const mean = meanOf(all);
  chosen.forEach((i, n) => {
    const before = chosen.slice(0, n);
    expect(i).toBe(least(before, (j) => distance(meanOf([...before, j]), mean)));
  });
  expect(distance(meanOf(chosen), mean)).toBeLessThan(distance(meanOf(all.slice(0, 12)), mean));
});

test.each([kCenter, herding])("a class with fewer points gives them all, and then again", (rule) => {
  const few = { values: points.values.subarray(0, 3 * size), size };
  const chosen = chosenBy(rule, few, 7);
  expect([...chosen.slice(0, 3)].sort()).toEqual([0, 1, 2]);
  expect(chosen.slice(3)).toEqual([chosen[0], chosen[1], chosen[2], chosen[0]]);
});

test.each([kCenter, herding])("points that are all the same are taken one after the other", (rule) => {
  expect(chosenBy(rule, { values: new Float64Array(4 * size).fill(2), size }, 3)).toEqual([0, 1, 2]);
});

test.each(["k-center", "herding"] as const)("%s chooses real images of each class", async (kind) => {
  const data = brightHalves({ count: 60 });
  const images = await coresetImages(kind, data, 4);
  const places = Array.from({ length: 12 }, (_, i) => valueKey(data, images.subarray(i * 36, (i + 1) * 36)));
  const known = new Map(all.map((i) => [imageKey(data, i), i]));
  for (let i = 0; i < 60; i++) known.set(imageKey(data, i), i);
  expect(places.map((key) => data.labels[known.get(key)!])).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
  expect(new Set(places).size).toBe(12);
  await expect(coresetImages(kind, data, 4, AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
});
