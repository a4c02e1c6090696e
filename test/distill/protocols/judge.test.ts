// judge(): what is trained under each protocol, that nothing is chosen by test images, and that figures are the same everywhere.
import { describe, expect, test } from "vitest";
import type { Dataset } from "../../../src/data/dataset.ts";
import { batchInto } from "../../../src/data/dataset.ts";
import type { DistilledSet } from "../../../src/distill/distilled-set.ts";
import { fixedInit, randomInit } from "../../../src/distill/weight-source.ts";
import { ShapeError } from "../../../src/errors.ts";
import { evaluate } from "../../../src/run/in-place/evaluate.ts";
import { judge } from "../../../src/run/in-place/judge.ts";
import type { Judgement, JudgeOptions, JudgeProgress } from "../../../src/run/options/judge.ts";
import { judgeCost } from "../../../src/run/options/judge-problem.ts";
import { brightHalves, halvesNet } from "../halves.ts";

const train = brightHalves({ count: 150, seed: 1 });
const held = brightHalves({ count: 60, seed: 2 });
const model = halvesNet();

/** Two blocks of six images. */
const set = setOf(brightHalves({ count: 12, seed: 3 }));

function setOf(data: Dataset, soft: number = 0): DistilledSet {
  const { channels, height, width, classes, mean, std } = data;
  const images = new Float32Array(12 * 36);
  batchInto(data, [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11], images);
  const targets = Float32Array.from({ length: 36 }, (_, at) => {
    const own = Math.floor(at / 6) % 3 === at % 3 ? 1 : 0;
    return soft > 0 ? own * (1 - soft) + soft / 3 : own;
  });
  return {
    ...{ steps: 2, epochs: 3, imagesPerStep: 6, channels, height, width, classes, images, targets, mean, std },
    ...{ learningRates: new Float32Array(6).fill(0.05), recipe: { seed: 7, loss: "cross-entropy" } },
  };
}

const common = { set, model, train, test: held, seed: 1, threads: 1, epochs: 4 } as const;
const bench: JudgeOptions = { ...common, protocol: "dc-bench" };
const ranking: JudgeOptions = { ...common, protocol: "dd-ranking", wholeEpochs: 2 };

/** What was trained, as "entry labels augmentation architecture". */
const names = ({ trainings }: Judgement) =>
  trainings.map(
    ({ entry, labels, augmentation, architecture }) => `${entry} ${labels} ${augmentation} ${architecture}`,
  );

test("dc-bench trains with each augmentation, and on other networks with the one that validation chose", async () => {
  const baselines = ["random-real", "herding"] as const;
  const architectures = { wide: halvesNet(), other: halvesNet() };
  const judgement = await judge({ ...bench, baselines, architectures });
  const { trainings, scores, settings, seeds, data, storage } = judgement;
  expect(settings).toMatchObject({ networks: 5, epochs: 4, optimizer: "sgd", augmentations: ["none", "dsa"] });
  expect(seeds).toEqual({ set: 7, judgement: 1, networks: [0, 1, 2, 3, 4] });
  expect(data).toMatchObject({ trainImages: 150, validationImages: 15, testImages: 60 });
  expect(storage).toEqual({ images: 12, floats: 12 * 36 + 6, bytes: 4 * (12 * 36 + 6) });
  if (scores.protocol !== "dc-bench") throw new Error("expected scores of dc-bench");
  expect(scores.entries.map(({ entry }) => entry)).toEqual(["distilled", "random-real", "herding"]);
  for (const { entry, augmentation, best, overAugmentations, overArchitectures } of scores.entries) {
    const own = trainings.filter((each) => each.entry === entry && each.architecture === "own");
    expect(own.map((each) => each.augmentation)).toEqual(["none", "dsa"]);
    const [first, second] = own.map(({ validation }) => validation!.mean) as [number, number];
    expect(augmentation, entry).toBe(second > first ? "dsa" : "none");
    expect(best.mean).toBe(own.find((each) => each.augmentation === augmentation)!.test.mean);
    expect(overAugmentations.mean).toBeCloseTo((own[0]!.test.mean + own[1]!.test.mean) / 2, 12);
    const others = trainings.filter((each) => each.entry === entry && each.architecture !== "own");
    expect(others.map((each) => [each.architecture, each.augmentation])).toEqual([
      ["wide", augmentation],
      ["other", augmentation],
    ]);
    // The same network by another name gives the same accuracies.
    expect(others[0]!.test.mean).toBe(best.mean);
    expect(overArchitectures!.mean).toBeCloseTo(best.mean, 12);
  }
  for (const { training, test } of trainings) {
    expect(training).toMatchObject({ epochs: 5, batch: 256, learningRate: 0.01, decayAt: [4], restart: true });
    expect(test.accuracies).toHaveLength(5);
  }
});

test("dc-bench with Adam goes at one rate, with no weight decay", async () => {
  const { trainings } = await judge({ ...bench, optimizer: "adam", augmentations: ["crop"] });
  expect(trainings).toHaveLength(1);
  expect(trainings[0]!.training).toMatchObject({ optimizer: "adam", learningRate: 0.003, weightDecay: 0, decayAt: [] });
  expect(trainings[0]!.training!.augment).toEqual(["crop"]);
  // With one augmentation there is nothing to choose.
  expect(trainings[0]!.tried).toEqual([]);
});

test("dd-ranking chooses every rate on validation images, alike for the set and its rivals", async () => {
  const judgement = await judge(ranking);
  expect(names(judgement)).toEqual([
    "whole-data own none own",
    "distilled hard none own",
    "distilled own own own",
    "random-real own own own",
    "distilled own dsa own",
    "random-real own dsa own",
    "random-real own none own",
  ]);
  for (const { entry, augmentation, tried, learningRate, validation } of judgement.trainings) {
    if (entry === "distilled" && augmentation === "own") {
      // Its schedule was learned.
      expect([tried, learningRate]).toEqual([[], undefined]);
      continue;
    }
    expect(tried.length).toBeGreaterThanOrEqual(5);
    const best = Math.max(...tried.map((each) => each.validation.mean));
    expect(validation!.mean).toBe(best);
    expect(tried.find((each) => each.learningRate === learningRate)!.validation.mean).toBe(best);
    expect(validation!.networks).toBe(entry === "whole-data" ? 1 : 5);
  }
  const mean = (entry: string, labels: string, augmentation: string) =>
    judgement.trainings.find((t) => t.entry === entry && t.labels === labels && t.augmentation === augmentation)!.test
      .mean;
  const hlr = mean("whole-data", "own", "none") - mean("distilled", "hard", "none");
  const ior = mean("distilled", "own", "own") - mean("random-real", "own", "own");
  expect(judgement.scores).toMatchObject({ hlr, ior });
});

test("dd-ranking compares soft labels with a teacher's soft labels of random images", async () => {
  const soft = setOf(brightHalves({ count: 12, seed: 3 }), 0.3);
  const judgement = await judge({ ...ranking, set: soft, epochs: 1, wholeEpochs: 1 });
  expect(names(judgement)).toEqual([
    "whole-data own none own",
    "distilled hard none own",
    "distilled own own own",
    "random-soft teacher own own",
    "distilled own dsa own",
    "random-soft teacher dsa own",
    "distilled own none own",
    "random-soft teacher none own",
  ]);
});

test("paper gives the accuracy of the set's own schedule, as evaluate does", async () => {
  const { epochs: _, ...rest } = common;
  const test = { ...held, mean: set.mean, std: set.std };
  const init = fixedInit(3);
  const options = { ...rest, protocol: "paper", baselines: ["class-average"], networks: 20 } as const;
  const { trainings, scores } = await judge(options);
  expect(trainings[0]!.test).toEqual(
    await evaluate({ set, model, test, init: randomInit(), networks: 20, seed: 1, threads: 1 }),
  );
  expect(trainings[1]).toMatchObject({ entry: "class-average", test: { networks: 20 } });
  expect(scores).toEqual({ protocol: "paper" });
  // One known network is one network.
  expect((await judge({ ...options, baselines: [], init })).trainings[0]!.test.networks).toBe(1);
});

describe.each([bench, ranking])("$protocol", (options) => {
  const all: JudgeOptions = {
    ...options,
    baselines: ["k-means", "random-soft"],
    architectures: { again: halvesNet() },
  };

  test("is repeatable, on any number of threads and workers, and not with another seed", async () => {
    const first = await judge(all);
    expect(await judge({ ...all, threads: 2 })).toEqual(first);
    expect(await judge({ ...all, workers: 2 })).toEqual(first);
    const other = await judge({ ...all, seed: 2 });
    expect(other.trainings.map(({ test }) => test.accuracies)).not.toEqual(
      first.trainings.map(({ test }) => test.accuracies),
    );
  });

  test("chooses the same whatever the test images and labels are", async () => {
    const first = await judge(all);
    const wrong = { ...held, labels: held.labels.map((label) => (label + 1) % 3), pixels: held.pixels.toReversed() };
    const other = await judge({ ...all, test: wrong });
    const choices = ({ trainings }: Judgement) => trainings.map(({ test: _, ...rest }) => rest);
    expect(choices(other)).toEqual(choices(first));
    const accuracies = ({ trainings }: Judgement) => trainings.map(({ test }) => test.mean);
    expect(accuracies(other)).not.toEqual(accuracies(first));
  });

  test("tells its progress, choices first, and takes what its cost says", async () => {
    const told: JudgeProgress[] = [];
    const { trainings } = await judge({ ...all, onProgress: (progress) => told.push(progress) });
    const stages = told.map(({ stage }) => stage);
    expect(stages.lastIndexOf("choosing")).toBeLessThan(stages.indexOf("testing"));
    const trained = trainings.reduce(
      (sum, { tried, test }) =>
        sum + test.networks + tried.reduce((all, { validation }) => all + validation.networks, 0),
      0,
    );
    expect(told).toHaveLength(trained);
    const cost = judgeCost(all);
    expect(cost.networks).toBeLessThanOrEqual(trained);
    expect(cost.networks).toBeGreaterThan(trained / 2);
    expect(cost.wholeData > 0).toBe(options.protocol === "dd-ranking");
  });

  test("stops with the signal's reason", async () => {
    const stop = new AbortController();
    const call = judge({ ...all, signal: stop.signal, onProgress: () => stop.abort(new Error("enough")) });
    await expect(call).rejects.toThrow("enough");
  });
});

test("images are normalised as the set is, whatever their own mean and std", async () => {
  const first = await judge(bench);
  const other = { mean: [0.1], std: [3] };
  expect(await judge({ ...bench, train: { ...train, ...other }, test: { ...held, ...other } })).toEqual(first);
});

test("what cannot be judged is refused before anything runs", async () => {
  const refused = (options: object) => expect(judge({ ...bench, ...options })).rejects;
  await refused({ protocol: "mine" }).toThrow('"protocol" expected one of "paper", "dc-bench", "dd-ranking"');
  await refused({ networks: 4 }).toThrow('"networks" expected at least 5 for the protocol "dc-bench", got 4');
  await refused({ protocol: "paper", epochs: undefined, networks: 19 }).toThrow("at least 20");
  await refused({ wholeEpochs: 3 }).toThrow('"wholeEpochs" expected nothing for the protocol "dc-bench"');
  await refused({ protocol: "paper" }).toThrow('"epochs" expected nothing for the protocol "paper"');
  await refused({ init: fixedInit(1) }).toThrow('"init" expected randomInit() for the protocol "dc-bench"');
  await refused({ baselines: ["optimized-real"] }).toThrow('"baselines" expected no "optimized-real"');
  await refused({ baselines: ["best"] }).toThrow('"baselines[0]"');
  await refused({ augmentations: [] }).toThrow('"augmentations"');
  await refused({ augmentations: ["blur"] }).toThrow('"augmentations[0]"');
  await refused({ architectures: { own: model } }).toThrow('"architectures"');
  await refused({ architectures: { other: {} } }).toThrow('"architectures.other.inputShape"');
  await refused({ architectures: { other: halvesNet({ size: 8 }) } }).toThrow(ShapeError);
  await refused({ test: brightHalves({ count: 9, size: 8 }) }).toThrow(ShapeError);
  await refused({ test: train }).toThrow("neither in the set nor among the test images");
  const odd = { ...set, steps: 1, epochs: 6, imagesPerStep: 4 };
  const few = { ...odd, images: set.images.slice(0, 4 * 36), targets: set.targets.slice(0, 12) };
  await refused({ set: few, baselines: ["k-means"] }).toThrow("imagesPerStep");
});
