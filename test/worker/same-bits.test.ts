// Workers compute what would be computed in place: the same bytes for any number of them.
import { describe, expect, test } from "vitest";
import { digits } from "../../src/data/layouts/digits.ts";
import { setDigest } from "../../src/distill/digest.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import { fixedInit, randomInit } from "../../src/distill/weight-source.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { tanh } from "../../src/nn/activation.ts";
import { dropout } from "../../src/nn/dropout.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { baseline } from "../../src/run/in-place/baseline.ts";
import { type DistillOptions, distill, type Progress } from "../../src/run/in-place/distill.ts";
import { evaluate } from "../../src/run/in-place/evaluate.ts";
import { brightHalves, halvesNet } from "../distill/halves.ts";

const { train, test: held } = await digits();
const tiny: DistillOptions = {
  // Batches of an epoch: 50, 50 and 20 images.
  data: brightHalves({ count: 120 }),
  augment: { crop: 1, flip: true },
  model: halvesNet(),
  method: backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, learningRate: 0.1 }),
  outer: { steps: 5, batch: 50, learningRate: 0.05 },
  seed: 1,
  threads: 1,
};
const large: DistillOptions = {
  data: train,
  model: lenet(),
  method: backGradient({ steps: 3, epochs: 2, imagesPerClass: 1 }),
  outer: { steps: 2, batch: 64 },
  seed: 1,
  threads: 1,
};

async function follow(options: DistillOptions): Promise<{ all: Progress[]; digest: string }> {
  const run = distill(options);
  const all: Progress[] = [];
  for await (const progress of run) all.push(progress);
  return { all, digest: await setDigest(await run.result()) };
}

describe.each([
  { name: "a tiny network", options: tiny },
  { name: "LeNet on digits", options: large },
])("distilling $name", ({ options }) => {
  test.each([1, 2, 3, 4])(
    "over %s networks gives the same bytes and losses on 0, 1, 2, 3 workers",
    async (networks) => {
      const inPlace = await follow({ ...options, networksPerStep: networks });
      for (const workers of [1, 2, 3]) {
        const there = await follow({ ...options, networksPerStep: networks, workers });
        expect(there, `${workers} workers, seed 1`).toEqual(inPlace);
      }
    },
  );
});

describe("the same bytes on two workers", () => {
  const three = { ...tiny, networksPerStep: 3 };

  test("with several kernel threads each, and with the default of one", async () => {
    const { digest } = await follow(three);
    expect((await follow({ ...three, workers: 2, threads: 2 })).digest).toBe(digest);
    const { threads: _, ...byDefault } = three;
    expect((await follow({ ...byDefault, workers: 2 })).digest).toBe(digest);
  });

  test("beside an engine that is given, whose memory comes back", async () => {
    await using engine = await createEngine({ threads: 1 });
    const { digest } = await follow(three);
    expect((await follow({ ...three, engine, workers: 2 })).digest).toBe(digest);
    expect(engine.arena.used).toBe(0);
  });

  test("in the float64 of the reference backend", async () => {
    await using engine = await createEngine({ backend: "reference" });
    const exact = { ...three, engine, outer: { ...three.outer, steps: 2 } };
    const { digest } = await follow(exact);
    expect((await follow({ ...exact, workers: 2 })).digest).toBe(digest);
  });

  test("from one fixed network, and with activations made again", async () => {
    const fixed = { ...tiny, init: fixedInit(3), method: { ...tiny.method, memory: "recompute" as const } };
    const { digest } = await follow(fixed);
    expect((await follow({ ...fixed, workers: 2 })).digest).toBe(digest);
  });

  test("with dropout, momentum, weight decay, another loss and another initialiser", async () => {
    const layers = [flatten(), linear({ out: 8 }), tanh(), dropout({ p: 0.3 }), linear({ out: 3 })];
    const method = backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, momentum: 0.5, weightDecay: 0.01 });
    const init = randomInit("kaiming-fan-in");
    const all = { ...three, model: sequential([1, 6, 6], layers), method, init, loss: "mse" as const };
    const run = distill(all);
    const [set, digest] = [await run.result(), await setDigest(await run.result())];
    expect((await follow({ ...all, workers: 2 })).digest).toBe(digest);
    const test = { set, model: all.model, init, networks: 4, test: all.data, threads: 1 };
    expect(await evaluate({ ...test, workers: 2 })).toEqual(await evaluate(test));
  });

  test("in snapshots while the run goes on", async () => {
    const digests = async (options: DistillOptions) => {
      const run = distill(options);
      const all: Promise<string>[] = [];
      for await (const _ of run) all.push(run.snapshot().then(setDigest));
      return Promise.all(all);
    };
    expect(await digests({ ...three, workers: 2 })).toEqual(await digests(three));
  });
});

describe("the same accuracies", () => {
  test("of held-out networks on 0, 1, 2, 3 workers, told in the same order", async () => {
    const set = await distill(large).result();
    const results = [];
    for (const workers of [0, 1, 2, 3]) {
      const told: unknown[] = [];
      const onProgress = (progress: unknown) => told.push(progress);
      const options = { set, model: lenet(), init: randomInit(), networks: 5, test: held, seed: 1, threads: 1 };
      results.push({ ...(await evaluate({ ...options, workers, onProgress })), told });
    }
    expect(results[0]!.accuracies).toHaveLength(5);
    for (const result of results.slice(1)) expect(result).toEqual(results[0]);
  });

  test("of random real images, and the same learning rate chosen", async () => {
    const options = {
      train: tiny.data,
      test: brightHalves({ count: 60, seed: 2 }),
      model: tiny.model,
      init: randomInit(),
      like: { steps: 2, epochs: 2, imagesPerStep: 3 },
      networks: 3,
      threads: 1,
    };
    for (const kind of ["random-real", "optimized-real"] as const) {
      const call = { ...options, kind, candidates: 3, draws: 2 };
      expect(await baseline({ ...call, workers: 2 }), kind).toEqual(await baseline(call));
    }
  });
});
