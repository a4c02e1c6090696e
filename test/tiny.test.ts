// Run this first: everything the library does, on two classes of 4 × 4 images, in less than a second.
import { expect, test } from "vitest";
import { batchInto } from "../src/data/dataset.ts";
import { setDigest } from "../src/distill/digest.ts";
import { distilledFromBytes, distilledToNpz, distilledToSafetensors } from "../src/formats/distilled-file.ts";
import { backGradient, baseline, createEngine, distill, evaluate, randomInit, trainOn } from "../src/index.ts";
import { brightHalves, halvesNet } from "./distill/halves.ts";

test("two classes are distilled into four images that teach fresh networks to tell them apart", async () => {
  const size = { classes: 2, size: 4 };
  const data = {
    train: brightHalves({ ...size, count: 200, seed: 1 }),
    test: brightHalves({ ...size, count: 100, seed: 2 }),
  };
  const model = halvesNet(size);
  const init = randomInit();
  await using engine = await createEngine({ threads: 1 });

  const method = backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, learningRate: 0.1 });
  const outer = { steps: 200, batch: 100, learningRate: 0.05 };
  const losses: number[] = [];
  const run = distill({ data: data.train, model, method, init, outer, engine });
  for await (const { loss } of run) losses.push(loss);
  const set = await run.result();
  expect(losses).toHaveLength(200);
  expect(mean(losses.slice(-20))).toBeLessThan(mean(losses.slice(0, 20)) / 1.5);
  expect(set.images).toHaveLength(2 * 2 * 4 * 4);

  // Accuracies measured: 0.94 and 0.80.
  const evaluation = await evaluate({ set, model, init, networks: 10, test: data.test, engine });
  const realImages = await baseline({ kind: "random-real", ...data, model, init, like: set, networks: 10, engine });
  expect(evaluation.mean).toBeGreaterThan(0.85);
  expect(evaluation.mean).toBeGreaterThan(realImages.mean);

  for (const bytes of [distilledToSafetensors(set), distilledToNpz(set)]) {
    expect(await setDigest(await distilledFromBytes(bytes, "tiny"))).toBe(await setDigest(set));
  }

  const network = await trainOn(set, { model, init, engine });
  const images = new Float32Array(100 * 4 * 4);
  batchInto(
    data.test,
    Array.from({ length: 100 }, (_, i) => i),
    images,
  );
  const { classes } = await network.predict(images);
  expect(classes.filter((label, i) => label === data.test.labels[i]).length).toBeGreaterThan(70);
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
