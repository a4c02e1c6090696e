// The random-real baseline: as many real images, trained in the same way, and no look at the test set before the end.
import { expect, test } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { randomRealBaseline } from "../../src/distill/baselines.ts";
import { randomInit } from "../../src/distill/weight-source.ts";
import { brightHalves, halvesNet } from "./halves.ts";
import { observedEngine } from "./observed-engine.ts";

const train = brightHalves({ count: 210, seed: 1 });
const held = brightHalves({ count: 60, seed: 2 });
const model = halvesNet();
const like = { steps: 2, epochs: 3, imagesPerStep: 6 };
const common = { train, test: held, model, init: randomInit(), like, networks: 4, seed: 1 };

test("accuracies are repeatable, on any number of threads, and depend on the seed", async () => {
  const first = await randomRealBaseline({ ...common, threads: 1 });
  expect(first.accuracies).toHaveLength(4);
  expect([0.01, 0.02, 0.05, 0.1, 0.2]).toContain(first.learningRate);
  expect(first.mean).toBeGreaterThan(0.5);
  expect(await randomRealBaseline({ ...common, threads: 2 })).toEqual(first);
  expect((await randomRealBaseline({ ...common, threads: 1, seed: 2 })).accuracies).not.toEqual(first.accuracies);
});

test("every block has as many images of each class, real ones, with their own labels", async () => {
  const { engine, writes } = await observedEngine();
  await randomRealBaseline({ ...common, engine });
  await engine.dispose();
  // A block is written as its images, then its targets. The rest are batches of real images and others.
  const isTargets = (values: Float32Array) =>
    values.length === 18 && values.every((value) => value === 0 || value === 1);
  const blocks = writes.flatMap((values, i) => (isTargets(values) ? [i] : []));
  // 5 learning rates × 5 networks, then 4 networks, each with 2 blocks.
  expect(blocks).toHaveLength((25 + 4) * like.steps);
  const known = new Map(Array.from({ length: train.count }, (_, i) => [key(train, i), i]));
  const seen = new Set<number>();
  for (const at of blocks) {
    const targets = writes[at]!;
    const labels = Array.from({ length: 6 }, (_, i) => targets.subarray(3 * i, 3 * i + 3).indexOf(1));
    expect(labels).toEqual([0, 0, 1, 1, 2, 2]);
    const images = writes[at - 1]!;
    labels.forEach((label, i) => {
      const index = known.get(pixelKey(train, images.subarray(i * 36, (i + 1) * 36)));
      expect(index, "a real image").toBeDefined();
      expect(train.labels[index!]).toBe(label);
      seen.add(index!);
    });
  }
  // Of the pool only, never of the tenth of the training set that is held for validation. Nine networks have 108 images.
  expect(Math.max(...seen)).toBeLessThan(189);
  expect(seen.size).toBeGreaterThan(60);
});

test("the learning rate is chosen before the test set is looked at", async () => {
  let networks = 0;
  const signal = new AbortController().signal;
  signal.throwIfAborted = () => {
    networks++;
  };
  const looks: number[] = [];
  const watched = new Proxy<Dataset>(held, {
    get(target, name) {
      looks.push(networks);
      return Reflect.get(target, name);
    },
  });
  await randomRealBaseline({ ...common, test: watched, signal, threads: 1 });
  // The signal is asked before each network: 25 to tune, 4 to report.
  expect(networks).toBe(29);
  expect(Math.min(...looks)).toBe(25);
});

test("the choice does not depend on the test set", async () => {
  const { learningRate } = await randomRealBaseline({ ...common, threads: 1 });
  const wrong = { ...held, labels: held.labels.map((label) => (label + 1) % 3) };
  const result = await randomRealBaseline({ ...common, test: wrong, threads: 1 });
  expect(result.learningRate).toBe(learningRate);
  expect(result.mean).toBeLessThan(0.4);
});

test("a class with fewer images than wanted gives some of them again", async () => {
  const few = brightHalves({ count: 9, seed: 3 });
  const { accuracies } = await randomRealBaseline({ ...common, train: few, like: { ...like, steps: 5 }, threads: 1 });
  expect(accuracies).toHaveLength(4);
});

function pixelKey({ mean, std }: Dataset, image: Float32Array): string {
  return Array.from(image, (value) => Math.round((value * std[0]! + mean[0]!) * 255)).join();
}

function key({ pixels }: Dataset, index: number): string {
  return pixels.subarray(index * 36, (index + 1) * 36).join();
}
