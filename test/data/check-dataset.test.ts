// A data set made by hand is checked, field by field, by every public function that takes one.
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { AugmentedBatches, padded, resized, splitByClass, toGrey, toRgb } from "../../src/data.ts";
import {
  backGradient,
  baseline,
  type Dataset,
  distill,
  type Engine,
  estimateMemory,
  evaluate,
  nearestNeighbors,
  randomInit,
  relabelled,
  subset,
  trainPool,
} from "../../src/index.ts";
import { trainPoolFolder } from "../../src/node.ts";
import { findRecipe, recipeOptions } from "../../src/recipes.ts";
import { enginesInBothPlaces } from "../both-places.ts";
import { brightHalves, halvesNet } from "../distill/halves.ts";
import { errorOf } from "../helpers.ts";

const good = brightHalves({ count: 30 });
const model = halvesNet();
const init = randomInit();
const method = backGradient({ steps: 1, epochs: 1, imagesPerClass: 1 });
const outer = { steps: 1, batch: 8 };
const set = await distill({ data: good, model, method, outer, threads: 1 }).result();

const engines = enginesInBothPlaces();

/** What is wrong, the class of its error, and what the message says after the name of the argument. */
const faults: readonly [string, object, typeof TypeError | typeof RangeError, string][] = [
  [
    "labels 99 of 3",
    { labels: new Uint8Array(30).fill(99) },
    RangeError,
    '.labels" expected labels from 0 to 2, got 99 at 0',
  ],
  [
    "3 labels for 30 images",
    { labels: Uint8Array.of(0, 1, 2) },
    RangeError,
    '.labels" expected 30 labels, one for each image, got 3',
  ],
  [
    "labels in an array of another type",
    { labels: Array.from(good.labels) },
    TypeError,
    '.labels" expected Uint8Array, got Array',
  ],
  [
    "labels from 1",
    { labels: good.labels.map((k) => k + 1) },
    RangeError,
    "the labels start at 1; read them with labelsFrom: 1",
  ],
  ["no class", { classes: 0 }, RangeError, '.classes" expected integer >= 1, got 0'],
  ["half a class", { classes: 2.5 }, RangeError, '.classes" expected integer'],
  ["classes as text", { classes: "3" }, TypeError, '.classes" expected integer'],
  [
    "too few pixels",
    { pixels: good.pixels.slice(1) },
    RangeError,
    '.pixels" expected 30 × 1 × 6 × 6 = 1080 bytes, got 1079',
  ],
  [
    "pixels as floats",
    { pixels: Float32Array.from(good.pixels) },
    TypeError,
    '.pixels" expected Uint8Array, got Float32Array',
  ],
  ["no pixels at all", { pixels: undefined }, TypeError, '.pixels" expected Uint8Array, got undefined'],
  ["another count", { count: 29 }, RangeError, '.labels" expected 29 labels'],
  ["a count that is no number", { count: Number.NaN }, RangeError, '.count" expected integer >= 0, got NaN'],
  ["a side of 0", { width: 0 }, RangeError, '.width" expected integer >= 1, got 0'],
  ["a mean that is no number", { mean: [Number.NaN] }, RangeError, '.mean" expected 1 finite numbers, got [NaN]'],
  ["a mean for two channels", { mean: [0, 0] }, RangeError, '.mean" expected 1 finite numbers, got [0,0]'],
  ["a mean that is no list", { mean: 0.5 }, TypeError, '.mean" expected an array of 1 finite numbers, got 0.5'],
  ["a std of 0", { std: [0] }, RangeError, '.std" expected 1 finite numbers > 0, got [0]'],
  ["two names for three classes", { classNames: ["a", "b"] }, RangeError, '.classNames" expected 3 strings'],
  [
    "an absent class beyond the last one",
    { absentClasses: [3] },
    RangeError,
    '.absentClasses[0]" expected integer <= 2, got 3',
  ],
];

type Call = (data: Dataset, on: Engine) => unknown;

/** Calls that compute here or in a worker, by the name of the argument. */
const placed: readonly [string, string, Call][] = [
  ["distill", "data", (data, on) => distill({ data, model, method, outer, engine: on }).result()],
  ["trainPool", "data", (data, on) => trainPool({ data, model, networks: 1, epochs: 1, engine: on })],
  ["trainPool", "test", (test, on) => trainPool({ data: good, test, model, networks: 1, epochs: 1, engine: on })],
  ["evaluate", "test", (test, on) => evaluate({ set, model, init, networks: 1, test, engine: on })],
  [
    "baseline",
    "train",
    (train, on) =>
      baseline({ kind: "random-real", train, test: good, model, init, like: set, networks: 1, engine: on }),
  ],
  [
    "baseline",
    "test",
    (test, on) => baseline({ kind: "random-real", train: good, test, model, init, like: set, networks: 1, engine: on }),
  ],
  [
    "nearestNeighbors",
    "train",
    (train, on) => nearestNeighbors({ points: "random-real", train, test: good, engine: on }),
  ],
  ["nearestNeighbors", "test", (test, on) => nearestNeighbors({ points: set, train: good, test, engine: on })],
];

const others: readonly [string, string, Call][] = [
  ["subset", "dataset", (data) => subset(data, 0, 1)],
  ["relabelled", "dataset", (data) => relabelled(data, 0, 1)],
  ["resized", "data", (data) => resized(data, 8)],
  ["resized of a split", "data.test", (data) => resized({ train: good, test: data }, 8)],
  ["padded", "data", (data) => padded(data, 1)],
  ["toRgb", "data", (data) => toRgb(data)],
  ["toRgb of a split", "data.train", (data) => toRgb({ train: data, test: good })],
  ["toGrey", "data", (data) => toGrey(data)],
  ["splitByClass", "dataset", (data) => splitByClass(data)],
  ["AugmentedBatches", "dataset", (data) => new AugmentedBatches(data, { flip: true })],
  ["recipeOptions", "data", (data) => recipeOptions(findRecipe("digits-fixed"), data)],
  ["trainPoolFolder", "data", (data) => trainPoolFolder("nowhere", { data, model, networks: 1, epochs: 1 })],
];

describe.each(faults)("a data set with %s", (_, change, Class, message) => {
  const bad = { ...good, ...change } as Dataset;

  test.each([...placed, ...others])("is refused by %s as its %s", async (_, argument, call) => {
    const error = await errorOf(() => call(bad, engines.here));
    expect(error.message).toContain(`"${argument}.`);
    expect(error.message).toContain(message);
    expect(error.constructor).toBe(Class);
  });

  test("is refused in a worker in the same words", async () => {
    for (const [, , call] of placed) {
      const [here, away] = [
        await errorOf(() => call(bad, engines.here)),
        await errorOf(() => call(bad, engines.there)),
      ];
      expect([away.name, away.message]).toEqual([here.name, here.message]);
    }
  });
});

test.each([undefined, null, 3, "digits", [], new Uint8Array(3)])("%s is no data set", async (value) => {
  for (const [name, argument, call] of [...placed, ...others]) {
    if (value === undefined && name === "trainPool" && argument === "test") continue;
    const error = await errorOf(() => call(value as unknown as Dataset, engines.here));
    expect(error, name).toBeInstanceOf(TypeError);
    expect(error.message, name).toContain(`"${argument}" expected a data set `);
  }
});

test("a plan asks for whole sizes", () => {
  const shape = { count: 30, channels: 1, height: 6, width: 6, classes: 3 };
  expect(estimateMemory({ data: shape, model, method }).total).toBeGreaterThan(0);
  for (const key of Object.keys(shape)) {
    expect(() => estimateMemory({ data: { ...shape, [key]: 1.5 }, model, method })).toThrow(
      new RegExp(`^"data\\.${key}" expected integer`),
    );
  }
});

test("a good one is taken by all, without a name too, and from another realm", async () => {
  const { name: _, ...nameless } = good;
  const foreign = {
    ...good,
    pixels: runInNewContext("Uint8Array.from(pixels)", { pixels: [...good.pixels] }) as Uint8Array,
  };
  for (const data of [nameless as Dataset, foreign]) {
    for (const [name, , call] of [...placed, ...others]) {
      // These want something else than grey images of 6 × 6, or write a folder.
      if (!["toGrey", "recipeOptions", "trainPoolFolder"].includes(name)) await call(data, engines.here);
    }
  }
});
