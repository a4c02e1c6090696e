// Classes without images, a single class and labels that start at 1 are found before anything runs.
import { afterAll, describe, expect, test } from "vitest";
import { classCounts, type Dataset } from "../../src/data/dataset.ts";
import { relabelled } from "../../src/data/subsets.ts";
import {
  backGradient,
  baseline,
  createEngine,
  datasetFromArrays,
  distill,
  evaluate,
  nearestNeighbors,
  randomInit,
  ShapeError,
  subset,
  trainPool,
} from "../../src/index.ts";
import { brightHalves, halvesNet } from "./halves.ts";

const engine = await createEngine({ threads: 1 });
afterAll(() => engine.dispose());

const good = brightHalves({ count: 30 });
const model = halvesNet({ classes: 4 });
const method = backGradient({ steps: 1, epochs: 1, imagesPerClass: 1 });
const outer = { steps: 2, batch: 8 };
const init = randomInit();

/** The images with other labels. */
const labelled = (label: (k: number, i: number) => number, classes = 4): Dataset => ({
  ...good,
  labels: good.labels.map((k, i) => label(k, i)),
  classes,
});
const like = { steps: 1, epochs: 1, imagesPerStep: 4 };

/** Calls that learn from data, by the name of the argument. None gets as far as a first step. */
const learning: readonly [string, string, (data: Dataset) => unknown][] = [
  ["distill", "data", (data) => distill({ data, model, method, outer, engine })],
  ["trainPool", "data", (data) => trainPool({ data, model, networks: 1, epochs: 1, engine })],
  [
    "baseline",
    "train",
    (train) => baseline({ kind: "random-real", train, test: good, model, init, like, networks: 1, engine }),
  ],
  ["nearestNeighbors", "train", (train) => nearestNeighbors({ points: "k-means", train, test: good, engine })],
];

async function messageOf(call: () => unknown): Promise<string> {
  try {
    await call();
    return "accepted";
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

describe.each(learning)("%s", (_, argument, call) => {
  test.each<[string, Dataset, string]>([
    [
      "labels from 1, and says how to read them",
      labelled((k) => k + 1),
      "images of each of 4 classes, got none of 0: the labels start at 1; read them with labelsFrom: 1 (--labels-from 1 on the command line)",
    ],
    [
      "labels from 2",
      labelled((k) => Math.min(k + 2, 3)),
      "got none of 0, 1: the labels start at 2; read them with labelsFrom: 2 (",
    ],
    [
      "a hole in the middle",
      labelled((k) => (k === 1 ? 3 : k)),
      "got none of 1: give some, or number the classes that have images from 0 without a gap",
    ],
    ["a last class without images", labelled((k) => k), "got none of 3: give some, or number"],
    ["one class alone", labelled(() => 0, 1), "images of at least 2 classes, got 1: there is nothing to tell apart"],
  ])("refuses %s", async (_, data, message) => {
    expect(await messageOf(() => call(data))).toMatch(new RegExp(`^RangeError: "${argument}" expected images`));
    expect(await messageOf(() => call(data))).toContain(message);
  });

  test("takes them when they are mapped", async () => {
    const { pixels, labels } = labelled((k, i) => 1 + ((i + k) % 4));
    const data = datasetFromArrays({ pixels, labels, shape: [1, 6, 6], labelsFrom: 1 });
    expect(data.classes).toBe(4);
    expect(await messageOf(() => call(data))).toBe("accepted");
  });
});

describe("distill", () => {
  test("asks for images of the classes that it distils, and of no others", async () => {
    const { epochs, steps } = method;
    const of = (data: Dataset, change: object) =>
      messageOf(() => distill({ data, model, method: backGradient({ steps, epochs, ...change }), outer, engine }));
    const hole = labelled((k) => (k === 1 ? 3 : k));
    expect(await of(hole, { imagesPerStep: 2, initialLabels: [0, 3] })).toBe("accepted");
    expect(await of(hole, { imagesPerStep: 2, initialLabels: [0, 1] })).toContain(
      "of each of 2 classes, got none of 1",
    );
    expect(await of(hole, { imagesPerStep: 2, initialLabels: "random" })).toContain(
      "of each of 4 classes, got none of 1",
    );
    expect(await of(good, { imagesPerClass: 1 })).toContain("got none of 3: the data have 3 classes, the model more");
  });

  test("learns from an attack's images, whose class is absent on purpose, and from others that say so", async () => {
    const four = labelled((_, i) => i % 4);
    const attack = relabelled(four, 0, 1);
    expect(attack.absentClasses).toEqual([0]);
    expect(relabelled(attack, 2, 0).absentClasses).toEqual([2]);
    expect(subset(attack, 0, 20).absentClasses).toEqual([0]);
    for (const data of [attack, { ...labelled((k) => k), absentClasses: [3] }]) {
      const set = await distill({ data, model, method, outer, engine }).result();
      expect(set.recipe).toMatchObject({ outerSteps: 2 });
    }
  });

  test("many classes without images are not all listed", async () => {
    const wide = { ...good, classes: 200 };
    const call = () => distill({ data: wide, model: halvesNet({ classes: 200 }), method, outer, engine });
    expect(await messageOf(call)).toContain("got none of 3, 4, 5, 6, 7 and 192 more: give some");
  });
});

describe("evaluate", () => {
  const data = labelled((_, i) => i % 4);
  const set = distill({ data, model, method, outer, engine }).result();
  const judge = async (test: Dataset, change: object = {}) => {
    const options = { set: await set, model, init, networks: 1, test, engine, ...change };
    return messageOf(() => evaluate(options));
  };

  test("takes test images that lack a class, and says of which there are none", async () => {
    expect(await judge(labelled((k) => k))).toBe("accepted");
    const options = { set: await set, model, init, networks: 1, test: good, perClass: true, engine };
    expect((await evaluate(options)).perClass?.map((of) => of === undefined)).toEqual([false, false, false, true]);
  });

  test("refuses test images of more classes, and knows labels from 1", async () => {
    expect(await judge(labelled((_, i) => 1 + (i % 4), 5))).toMatch(
      /^ShapeError: the model has 4 classes, "bright halves" has 5: the labels start at 1; read them with labelsFrom: 1/,
    );
    expect(await judge(labelled((_, i) => i % 5, 5))).toBe(
      'ShapeError: the model has 4 classes, "bright halves" has 5',
    );
  });

  test("refuses a network of one class, which is always right", async () => {
    const one = halvesNet({ classes: 1 });
    const single = { ...(await set), classes: 1, imagesPerStep: 1, images: new Float32Array(36) };
    const change = { model: one, set: { ...single, targets: Float32Array.of(1) } };
    expect(await judge({ ...good, labels: new Uint8Array(30), classes: 1 }, change)).toBe(
      'RangeError: "model" expected at least 2 classes, got 1: it would be right about any image',
    );
  });
});

test("baselines refuse what they could not measure before anything runs", async () => {
  const four = labelled((_, i) => i % 4);
  const measure = (change: object) =>
    baseline({ kind: "random-real", train: four, test: four, model, init, like, networks: 1, engine, ...change });
  await expect(measure({ train: subset(four, 0, 4) })).rejects.toThrow(
    '"train" expected two images of some class, one of them for baselines to choose by, got one image of each class',
  );
  await expect(measure({ train: good })).rejects.toThrow(
    new ShapeError('the model has 4 classes, "bright halves" has 3'),
  );
  const points = { points: "random-real", train: good, test: four, engine } as const;
  await expect(nearestNeighbors(points)).rejects.toThrow('the points have 3 classes, "bright halves" has 4');
});

test("classCounts counts", () => {
  expect(classCounts(labelled((k) => k))).toEqual(Uint32Array.of(10, 10, 10, 0));
});
