// K nearest neighbours against sorting all distances.
import { expect, test } from "vitest";
import { batchInto, type Dataset } from "../../../src/data/dataset.ts";
import { ShapeError } from "../../../src/errors.ts";
import { nearestNeighbors } from "../../../src/run/in-place/nearest-neighbors.ts";
import { makeSet } from "../../formats/sets.ts";
import { brightHalves } from "../halves.ts";

const train = brightHalves({ count: 150, seed: 1 });
const held = brightHalves({ count: 80, seed: 2 });

/** Points that are hard to tell apart, as a set. */
function pointSet(perClass: number) {
  const noisy = brightHalves({ count: 3 * perClass, seed: 9 });
  const images = new Float32Array(noisy.count * 36);
  batchInto(noisy, Array.from(noisy.labels.keys()), images);
  for (let i = 0; i < images.length; i++) images[i]! *= 0.3 + 0.1 * (i % 7);
  return makeSet({
    steps: 1,
    epochs: 1,
    imagesPerStep: noisy.count,
    height: 6,
    width: 6,
    images,
    learningRates: Float32Array.of(0.1),
  });
}

function bruteForce(set: ReturnType<typeof pointSet>, test: Dataset, k: number, p: number): number {
  let correct = 0;
  const image = new Float32Array(36);
  for (let i = 0; i < test.count; i++) {
    batchInto(test, [i], image);
    const all = Array.from({ length: set.imagesPerStep }, (_, j) => {
      const differences = Array.from(image, (value, q) => Math.abs(value - set.images[j * 36 + q]!));
      const distance =
        p === Infinity ? Math.max(...differences) : differences.reduce((sum, d) => sum + d ** p, 0) ** (1 / p);
      return { distance, label: j % 3 };
    }).sort((a, b) => a.distance - b.distance);
    const nearest = all.slice(0, k).map(({ label }) => label);
    const votes = [0, 1, 2].map((label) => nearest.filter((other) => other === label).length);
    const predicted = nearest.find((label) => votes[label] === Math.max(...votes));
    if (predicted === test.labels[i]) correct++;
  }
  return correct / test.count;
}

test.each([1, 2, 3, 5, 100])("k = %i neighbours are those of brute force, for every norm", async (k) => {
  const set = pointSet(8);
  for (const p of [1, 2, 3, Number.POSITIVE_INFINITY]) {
    const { accuracies } = await nearestNeighbors({ points: set, train, test: held, k, p });
    expect(accuracies, `p = ${p}`).toEqual([bruteForce(set, held, Math.min(k, 24), p)]);
  }
});

test("the norms and numbers of neighbours of that test do not all agree", () => {
  const set = pointSet(8);
  const all = [1, 3, 5].flatMap((k) => [1, 2, Infinity].map((p) => bruteForce(set, held, k, p)));
  expect(new Set(all).size).toBeGreaterThan(3);
});

test("kinds have draws, repeatable ones; class averages have one", async () => {
  for (const points of ["random-real", "optimized-real", "class-average", "k-means"] as const) {
    const options = { points, train, test: held, perClass: 2, draws: 3, candidates: 5 };
    const result = await nearestNeighbors(options);
    expect(result.draws).toBe(points === "class-average" ? 1 : 3);
    expect(result.accuracies).toHaveLength(result.draws);
    expect(await nearestNeighbors(options)).toEqual(result);
    expect(result.mean).toBeGreaterThan(0.6);
  }
});

test("optimized-real: candidates are not chosen by the test set", async () => {
  // Every image has its predicted label in one of three turns of the labels: the shares of the same choice add up to 1.
  const shares: number[] = [];
  for (const turn of [0, 1, 2]) {
    const turned = { ...held, labels: held.labels.map((label) => (label + turn) % 3) };
    const options = { points: "optimized-real", train, test: turned, perClass: 1, draws: 1, candidates: 6 } as const;
    shares.push((await nearestNeighbors(options)).mean);
  }
  expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1, 12);
});

test("what does not fit is refused", async () => {
  const call = { points: "random-real" as const, train, test: held };
  await expect(nearestNeighbors({ ...call, k: 0 })).rejects.toThrow('"k"');
  await expect(nearestNeighbors({ ...call, p: 1.5 })).rejects.toThrow('"p"');
  await expect(nearestNeighbors({ ...call, test: brightHalves({ count: 3, size: 8 }) })).rejects.toThrow(ShapeError);
  await expect(nearestNeighbors({ ...call, signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
});
