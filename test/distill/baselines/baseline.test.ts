// Baselines: as many real images, trained in the same way, and no look at the test set before the end.
import { describe, expect, test } from "vitest";
import type { Dataset } from "../../../src/data/dataset.ts";
import { subset } from "../../../src/data/subsets.ts";
import { fixedInit, randomInit } from "../../../src/distill/weight-source.ts";
import { ShapeError } from "../../../src/errors.ts";
import { baselineKinds } from "../../../src/evaluate/baselines/kinds.ts";
import { splitValidation } from "../../../src/evaluate/baselines/validation.ts";
import { baseline } from "../../../src/run/in-place/baseline.ts";
import { brightHalves, halvesNet, imageKey, valueKey } from "../halves.ts";
import { observedEngine } from "../observed-engine.ts";

const train = brightHalves({ count: 210, seed: 1 });
const held = brightHalves({ count: 60, seed: 2 });
const model = halvesNet();
const like = { steps: 2, epochs: 3, imagesPerStep: 6 };
const common = {
  ...{ kind: "random-real" as const, train, test: held, model, init: randomInit(), like, networks: 4, seed: 1 },
  ...{ draws: 2, candidates: 6 },
};

test.each(baselineKinds)("%s: accuracies are repeatable, on any number of threads", async (kind) => {
  const first = await baseline({ ...common, kind, threads: 1 });
  expect(first).toMatchObject({ kind, networks: 4, epochs: 3 });
  expect(first.accuracies).toHaveLength(4);
  expect(first.mean).toBeGreaterThan(0.5);
  expect(await baseline({ ...common, kind, threads: 2 })).toEqual(first);
  expect((await baseline({ ...common, kind, threads: 1, seed: 2 })).accuracies).not.toEqual(first.accuracies);
});

/** What blocks were written: their images, as keys, and labels. */
async function blocks(options: Partial<Parameters<typeof baseline>[0]>) {
  const { engine, writes } = await observedEngine();
  const result = await baseline({ ...common, ...options, engine });
  await engine.dispose();
  // A block is written as its images, then its targets. The rest are batches of real images and others.
  const isTargets = (values: Float32Array) =>
    values.length === 18 && values.every((value) => value === 0 || value === 1);
  const all = writes.flatMap((targets, at) => {
    if (!isTargets(targets)) return [];
    const labels = Array.from({ length: 6 }, (_, i) => targets.subarray(3 * i, 3 * i + 3).indexOf(1));
    const images = labels.map((_, i) => writes[at - 1]!.slice(i * 36, (i + 1) * 36));
    return [{ labels, images }];
  });
  return { result, blocks: all };
}

test.each(["random-real", "optimized-real"] as const)(
  "%s: every block has as many images of each class, real ones, with their own labels",
  async (kind) => {
    const { blocks: all } = await blocks({ kind });
    // 5 or more learning rates × 5 networks, then 4 networks, each with 2 blocks; candidates × 5 networks.
    expect(all.length).toBeGreaterThanOrEqual((25 + 4 + (kind === "random-real" ? 0 : 6 * 5)) * like.steps);
    const { rest, validation } = splitValidation(train);
    const known = new Map(Array.from({ length: rest.count }, (_, i) => [imageKey(rest, i), i]));
    const seen = new Set<number>();
    for (const { labels, images } of all) {
      expect(labels).toEqual([0, 0, 1, 1, 2, 2]);
      labels.forEach((label, i) => {
        const index = known.get(valueKey(train, images[i]!));
        expect(index, "a real image of the rest").toBeDefined();
        expect(rest.labels[index!]).toBe(label);
        seen.add(index!);
      });
    }
    // The rest has none of the images that are held back, so that the test can tell.
    for (let i = 0; i < validation.count; i++) expect(known.has(imageKey(validation, i))).toBe(false);
    expect(seen.size).toBeGreaterThan(60);
  },
);

test("optimized-real: the best candidates are tested, in turns", async () => {
  const { blocks: all } = await blocks({ kind: "optimized-real", candidates: 4, draws: 2, networks: 4 });
  const sets = all.slice(-8).map(({ images }) => images.map((image) => valueKey(train, image)).join("|"));
  const [a, b] = [sets.slice(0, 2), sets.slice(2, 4)];
  expect(a).not.toEqual(b);
  expect(sets.slice(4)).toEqual([...a, ...b]);
});

test("class-average: the mean of each class is its image in every step", async () => {
  const { blocks: all } = await blocks({ kind: "class-average" });
  const { rest } = splitValidation(train);
  const means = [0, 1, 2].map((label) => {
    const sum = new Float64Array(36);
    let n = 0;
    for (let i = 0; i < rest.count; i++) {
      if (rest.labels[i] !== label) continue;
      n++;
      for (let p = 0; p < 36; p++) sum[p]! += rest.pixels[i * 36 + p]! / 255;
    }
    return Array.from(sum, (total) => (total / n - train.mean[0]!) / train.std[0]!);
  });
  for (const { labels, images } of all) {
    images.forEach((image, i) => {
      means[labels[i]!]!.forEach((value, p) => {
        expect(image[p]).toBeCloseTo(value, 5);
      });
    });
  }
});

test("a tenth of each class is held back, and both parts stay normalised as they were", () => {
  const { rest, validation } = splitValidation(train);
  const perClass = (data: Dataset) => [0, 1, 2].map((label) => data.labels.filter((other) => other === label).length);
  expect(perClass(rest)).toEqual([63, 63, 63]);
  expect(perClass(validation)).toEqual([7, 7, 7]);
  expect([rest.mean, rest.std, validation.mean, validation.std]).toEqual([
    train.mean,
    train.std,
    train.mean,
    train.std,
  ]);
});

describe.each(baselineKinds)("%s: the test set has no say", (kind) => {
  test("its images are not read before all is chosen", async () => {
    let networks = 0;
    const signal = new AbortController().signal;
    signal.throwIfAborted = () => {
      networks++;
    };
    const looks: number[] = [];
    const watched = new Proxy<Dataset>(held, {
      get(target, name) {
        if (name === "pixels" || name === "labels") looks.push(networks);
        return Reflect.get(target, name);
      },
    });
    await baseline({ ...common, kind, test: watched, signal, threads: 1 });
    // The signal is asked before each network, and after each class of a clustering. The last four report.
    expect(looks.length).toBeGreaterThan(0);
    expect(Math.min(...looks)).toBe(networks - 4);
  });

  test("the same is chosen for other tests", async () => {
    const { result, blocks: all } = await blocks({ kind });
    const wrong = { ...held, labels: held.labels.map((label) => (label + 1) % 3) };
    const other = await blocks({ kind, test: wrong });
    expect(other.blocks).toEqual(all);
    expect(other.result.learningRate).toBe(result.learningRate);
    expect(other.result.mean).toBeLessThan(0.4);
  });
});

test("the number of epochs is chosen where there are several", async () => {
  const { epochs, mean } = await baseline({ ...common, epochs: [1, 20] });
  // One epoch of two steps teaches next to nothing.
  expect(epochs).toBe(20);
  expect(mean).toBeGreaterThan((await baseline({ ...common, epochs: [1] })).mean);
});

test("one known network is tested on as many sets as there are", async () => {
  const init = fixedInit(1);
  const networks = async (kind: (typeof baselineKinds)[number]) =>
    (await baseline({ ...common, kind, init, networks: 4 })).networks;
  expect(await networks("random-real")).toBe(4);
  expect(await networks("optimized-real")).toBe(2);
  expect(await networks("k-means")).toBe(2);
  expect(await networks("class-average")).toBe(1);
});

test("a class with fewer images than wanted gives some of them again", async () => {
  const few = brightHalves({ count: 9, seed: 3 });
  const { accuracies } = await baseline({ ...common, train: few, like: { ...like, steps: 5 }, threads: 1 });
  expect(accuracies).toHaveLength(4);
});

test("what cannot be measured is refused before anything runs", async () => {
  const refused = (options: object) => expect(baseline({ ...common, ...options })).rejects;
  await refused({ kind: "best" }).toThrow(
    '"kind" expected one of "random-real", "optimized-real", "class-average", "k-means", "k-center", "herding", "random-soft", got "best"',
  );
  await refused({ like: { ...like, imagesPerStep: 4 } }).toThrow('"like.imagesPerStep" expected a multiple of 3');
  await refused({ networks: 0 }).toThrow(RangeError);
  await refused({ epochs: [0] }).toThrow('"epochs[0]"');
  await refused({ draws: 3, candidates: 2 }).toThrow('"candidates"');
  await refused({ test: brightHalves({ count: 9, size: 8 }) }).toThrow(ShapeError);
  await refused({ train: subset(train, 0, 1) }).toThrow(RangeError);
  await refused({ train: { ...train, labels: train.labels.map((label) => label % 2) } }).toThrow("got none of 2");
});
