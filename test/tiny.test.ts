// Run this first: everything the library does, on two classes of 4 × 4 images, in less than a second.
import { expect, test } from "vitest";
import { backGradient, createEngine, distill, evaluate, randomInit, randomRealBaseline, trainOn } from "../src/index.ts";
import { distilledFromBytes, distilledToNpz, distilledToSafetensors } from "../src/formats/distilled-file.ts";
import { setDigest } from "../src/formats/sha256.ts";
import { batchInto } from "../src/data/dataset.ts";
import { stripes, stripesNet } from "./distill/stripes.ts";

test("two noisy classes are distilled into four images that teach fresh networks to tell them apart", async () => {
  const size = { classes: 2, size: 4 };
  const train = stripes({ ...size, count: 200, seed: 1 });
  const test = stripes({ ...size, count: 100, seed: 2 });
  const model = stripesNet(size);
  const init = randomInit();
  await using engine = await createEngine({ threads: 1 });

  const method = backGradient({ steps: 2, epochs: 2, imagesPerClass: 1 });
  const losses: number[] = [];
  const run = distill({ data: train, model, method, init, outer: { steps: 60, batch: 100, learningRate: 0.03 }, engine });
  for await (const { loss } of run) losses.push(loss);
  const set = await run.result();
  expect(set.images).toHaveLength(4 * 16);
  expect(losses).toHaveLength(60);
  console.log(losses[0], losses.at(-1));

  const evaluation = await evaluate({ set, model, init, networks: 10, test, engine });
  const baseline = await randomRealBaseline({ train, test, model, init, like: set, networks: 10, engine });
  console.log(evaluation, baseline);
  expect(evaluation.mean).toBeGreaterThan(0.9);
  expect(evaluation.mean).toBeGreaterThan(baseline.mean);

  for (const bytes of [distilledToSafetensors(set), distilledToNpz(set)]) {
    const loaded = await distilledFromBytes(bytes, "tiny");
    expect(await setDigest(loaded)).toBe(await setDigest(set));
  }

  const network = await trainOn(set, { model, init, engine });
  const images = new Float32Array(2 * 16);
  batchInto(test, [0, 1], images);
  expect((await network.predict(images)).classes).toEqual(Uint8Array.of(0, 1));
});
