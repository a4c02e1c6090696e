// Everything that takes real images takes whitened ones by itself, and a set is never judged on images of another kind.
import { describe, expect, test } from "vitest";
import { batchInto } from "../../src/data/dataset.ts";
import { whiten, zca } from "../../src/data.ts";
import { setDigest } from "../../src/distill/digest.ts";
import { distilledFromBytes, distilledToNpz, distilledToSafetensors } from "../../src/formats/distilled-file.ts";
import { displayLevels } from "../../src/formats/shades.ts";
import {
  backGradient,
  baseline,
  contactSheet,
  createEngine,
  distill,
  estimateMemory,
  evaluate,
  judge,
  nearestNeighbors,
  randomInit,
  trainOn,
  trainPool,
} from "../../src/index.ts";
import { brightHalves, halvesNet } from "./halves.ts";

const size = { classes: 2, size: 4 };
const train = brightHalves({ ...size, count: 200, seed: 1 });
const { mean, std } = train;
const plain = { train, test: { ...brightHalves({ ...size, count: 100, seed: 2 }), mean, std } };
const whitening = await zca(plain.train);
const white = await whiten(plain, whitening);
const other = await whiten(plain, await zca(plain.train, { epsilon: 0.2 }));
const model = halvesNet(size);
const init = randomInit();
const method = backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, learningRate: 0.1 });
const outer = { steps: 60, batch: 100, learningRate: 0.05 };
const options = { data: white.train, model, method, init, outer };
const set = await distill({ ...options, threads: 1 }).result();

test("a set of whitened images has their whitening, teaches networks, and says so in its record", async () => {
  expect(set.whitening).toEqual(whitening);
  expect(set.recipe.data).toMatchObject({ zca: 0.1 });
  const trained = await evaluate({ set, model, init, networks: 10, test: white.test, threads: 1 });
  // Measured: 0.753.
  expect(trained.mean).toBeGreaterThan(0.65);
  const untrained = await evaluate({ set, model, init, networks: 10, test: white.test, epochs: 0, threads: 1 });
  expect(trained.mean).toBeGreaterThan(untrained.mean + 0.1);
});

test("the same bits on threads, on workers and in an orchestrator", async () => {
  const digest = await setDigest(set);
  const short = { ...options, networksPerStep: 2, outer: { ...outer, steps: 3 } };
  const digests = [];
  for (const place of [{ threads: 1 }, { threads: 2 }, { workers: 2 }, { worker: true as const, threads: 1 }]) {
    const result = await distill({ ...short, ...place }).result();
    expect(result.whitening).toEqual(whitening);
    digests.push(await setDigest(result));
  }
  expect(new Set(digests).size).toBe(1);
  expect(digests[0]).not.toBe(digest);
});

describe("judging", () => {
  const asked = { set, model, init, networks: 2, threads: 1 };

  test("on images without the set's whitening is refused, with what makes them", async () => {
    const without =
      /^"test" expected images whitened as those of the set, got images without whitening: whiten\(data, whitening\)/;
    const another = /^"test" expected images whitened as those of the set, got images with another whitening/;
    await expect(evaluate({ ...asked, test: plain.test })).rejects.toThrow(without);
    await expect(evaluate({ ...asked, test: other.test })).rejects.toThrow(another);
    const elsewhere = { ...white.test, mean: [0.5] };
    await expect(evaluate({ ...asked, test: elsewhere })).rejects.toThrow(another);
    const ofPlain = await distill({
      ...options,
      data: plain.train,
      outer: { ...outer, steps: 1 },
      threads: 1,
    }).result();
    await expect(evaluate({ ...asked, set: ofPlain, test: white.test })).rejects.toThrow(
      '"test" expected images that are not whitened, as those of the set, got whitened ones',
    );
  });

  test("by baselines, neighbours and pools mixes no images either", async () => {
    const real = { kind: "random-real" as const, model, init, like: set, networks: 2, threads: 1 };
    await expect(baseline({ ...real, train: white.train, test: plain.test })).rejects.toThrow(
      /^"test" expected images whitened/,
    );
    await expect(baseline({ ...real, ...plain })).rejects.toThrow(
      /^"train" expected images whitened as those of the set that/,
    );
    const judged = { set, protocol: "paper" as const, model, init, networks: 20, threads: 1 };
    await expect(judge({ ...judged, ...plain })).rejects.toThrow(
      /^"train" expected images whitened as those of the set/,
    );
    expect((await judge({ ...judged, ...white })).protocol).toBe("paper");
    expect((await baseline({ ...real, ...white })).mean).toBeGreaterThan(0.3);
    await expect(nearestNeighbors({ points: set, ...plain })).rejects.toThrow(
      /^"test" expected images whitened as those of the set/,
    );
    await expect(nearestNeighbors({ points: "k-means", train: white.train, test: plain.test })).rejects.toThrow(
      /^"test" expected/,
    );
    expect((await nearestNeighbors({ points: "k-means", ...white, perClass: 2 })).mean).toBeGreaterThan(0.5);
    const pool = { data: white.train, model, networks: 1, epochs: 1, threads: 1 };
    await expect(trainPool({ ...pool, test: plain.test })).rejects.toThrow(
      /^"test" expected images whitened as those of the training/,
    );
  });
});

test("a network that trainOn gives whitens what it reads: it sees what evaluate shows it", async () => {
  await using engine = await createEngine({ threads: 1, worker: false });
  await using elsewhere = await createEngine({ threads: 1, worker: true });
  const rows = new Float32Array(100 * 16);
  batchInto(
    plain.test,
    Array.from({ length: 100 }, (_, i) => i),
    rows,
  );
  const { accuracies } = await evaluate({ set, model, init, networks: 1, test: white.test, engine });
  for (const place of [engine, elsewhere]) {
    const network = await trainOn(set, { model, init, engine: place });
    const { classes } = await network.predict(rows);
    const right = classes.filter((label, i) => label === plain.test.labels[i]).length;
    expect(right / 100).toBeCloseTo(accuracies[0]!, 10);
  }
});

test("a state goes on only with the same whitening", async () => {
  const run = distill({ ...options, outer: { ...outer, steps: 2 }, threads: 1 });
  await run.result();
  const resume = await run.state();
  const more = { ...options, outer: { ...outer, steps: 4 }, resume, threads: 1 };
  const whole = await distill({ ...options, outer: { ...outer, steps: 4 }, threads: 1 }).result();
  expect(await setDigest(await distill(more).result())).toBe(await setDigest(whole));
  for (const data of [plain.train, other.train]) {
    await expect(distill({ ...more, data }).result()).rejects.toThrow(
      /"resume" expected a state of the same run.*whitening/,
    );
  }
});

test("whitened images are not augmented, and count for the memory of a run", () => {
  expect(() => distill({ ...options, augment: { flip: true } })).toThrow(
    '"augment" expected nothing with whitened images',
  );
  const estimate = (data: typeof plain.train) => estimateMemory({ model, method, data, threads: 1 });
  const [with_, without] = [estimate(white.train), estimate(plain.train)];
  expect(with_.data - without.data).toBe(4 * (200 * 16 + 16 * 16 + 16));
  const shape = { count: 200, channels: 1, height: 4, width: 4, classes: 2 };
  expect(estimateMemory({ model, method, data: { ...shape, whitened: true }, threads: 1 }).data).toBe(with_.data);
});

describe("files and pictures", () => {
  test("hold the whitening bit for bit, and it is in the digest", async () => {
    for (const write of [distilledToNpz, distilledToSafetensors]) {
      const back = await distilledFromBytes(write(set), "set");
      expect(back).toEqual(set);
      expect(await setDigest(back)).toBe(await setDigest(set));
    }
    const { whitening: _, ...bare } = set;
    expect(await setDigest(bare)).not.toBe(await setDigest(set));
  });

  test("show images as they are without whitening", async () => {
    const { whitening: _, ...bare } = set;
    expect(displayLevels(set)).not.toEqual(displayLevels(bare));
    const real = {
      ...{ ...set, steps: 1, epochs: 1, imagesPerStep: 10, learningRates: Float32Array.of(0.1), recipe: {} },
      targets: Float32Array.from({ length: 20 }, (_, i) => (i % 2 === plain.test.labels[Math.floor(i / 2)]! ? 1 : 0)),
    };
    const rows = new Float32Array(160);
    const first = Array.from({ length: 10 }, (_, i) => i);
    batchInto(plain.test, first, rows);
    const shown = { ...real, images: white.test.whitened!.images.slice(0, 160) };
    const { whitening: __, ...unlike } = { ...real, images: rows };
    const levels = displayLevels(shown);
    const expected = displayLevels(unlike);
    // Unwhitening rounds: a level may be off by one.
    expect(levels.every((level, i) => Math.abs(level - expected[i]!) <= 1)).toBe(true);
    expect((await contactSheet(shown)).length).toBeGreaterThan(100);
  });
});
