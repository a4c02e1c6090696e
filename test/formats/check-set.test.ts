// A distilled set is checked in the same way wherever it is saved, trained on, tested or drawn.
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fitTraining } from "../../src/distill/training.ts";
import {
  contactSheet,
  type DistilledSet,
  displayLevels,
  distilledToNpz,
  distilledToSafetensors,
  type Engine,
  evaluate,
  nearestNeighbors,
  randomInit,
  trainOn,
} from "../../src/index.ts";
import { saveDistilled } from "../../src/node.ts";
import { enginesInBothPlaces } from "../both-places.ts";
import { brightHalves, halvesNet } from "../distill/halves.ts";
import { errorOf } from "../helpers.ts";
import { makeFitSet, makeSet } from "./sets.ts";

const good = makeSet({ height: 6, width: 6, mean: [0.5], std: [0.25] });
const model = halvesNet();
const held = brightHalves({ count: 12 });
const folder = mkdtempSync(join(tmpdir(), "distillate-set-"));

const engines = enginesInBothPlaces();

type Use = (set: DistilledSet, on: Engine) => unknown;
const trainings: readonly [string, string, Use][] = [
  ["evaluate", "set", (set, on) => evaluate({ set, model, init: randomInit(), networks: 1, test: held, engine: on })],
  ["trainOn", "set", (set, on) => trainOn(set, { model, engine: on })],
  ["nearestNeighbors", "points", (set, on) => nearestNeighbors({ points: set, train: held, test: held, engine: on })],
];
const uses: readonly [string, string, Use][] = [
  ...trainings,
  ["saveDistilled", "set", (set) => saveDistilled(join(folder, "set.safetensors"), set)],
  ["distilledToSafetensors", "set", (set) => distilledToSafetensors(set)],
  ["distilledToNpz", "set", (set) => distilledToNpz(set)],
  ["contactSheet", "set", (set) => contactSheet(set)],
  ["displayLevels", "set", (set) => displayLevels(set)],
];

const changed = <T extends "images" | "targets" | "learningRates">(field: T, value: number) => ({
  [field]: good[field].map((old, i) => (i === 3 ? value : old)),
});
const deep = (levels: number): object => (levels === 0 ? {} : { a: deep(levels - 1) });

const faults: readonly [string, object, typeof TypeError | typeof RangeError, string][] = [
  [
    "pixels that are no numbers",
    changed("images", Number.NaN),
    RangeError,
    '.images" expected finite values, got NaN at 3',
  ],
  ["infinite pixels", changed("images", -Infinity), RangeError, '.images" expected finite values, got -Infinity at 3'],
  ["labels that are no numbers", changed("targets", Number.NaN), RangeError, '.targets" expected finite values'],
  [
    "a learning rate of 0",
    changed("learningRates", 0),
    RangeError,
    '.learningRates" expected values above 0, got 0 at 3',
  ],
  [
    "a negative learning rate",
    changed("learningRates", -1),
    RangeError,
    '.learningRates" expected values above 0, got -1 at 3',
  ],
  [
    "an infinite learning rate",
    changed("learningRates", Infinity),
    RangeError,
    '.learningRates" expected finite values',
  ],
  [
    "a learning rate too few",
    { learningRates: good.learningRates.slice(1) },
    RangeError,
    '.learningRates" expected [6], 6 numbers, got 5',
  ],
  [
    "images too few",
    { images: good.images.slice(36) },
    RangeError,
    '.images" expected [2, 3, 1, 6, 6], 216 numbers, got 180',
  ],
  [
    "labels too few",
    { targets: good.targets.slice(1) },
    RangeError,
    '.targets" expected [2, 3, 3], 18 numbers, got 17',
  ],
  [
    "images in a list",
    { images: [...good.images] },
    TypeError,
    '.images" expected Float32Array, got Array of length 216',
  ],
  [
    "labels as class numbers",
    { targets: Uint8Array.of(0, 1, 2, 0, 1, 2) },
    TypeError,
    '.targets" expected Float32Array, got Uint8Array',
  ],
  [
    "no learning rates",
    { learningRates: undefined },
    TypeError,
    '.learningRates" expected Float32Array, got undefined',
  ],
  ["a mean of two channels", { mean: [0, 0] }, RangeError, '.mean" expected [1], 1 numbers, got 2'],
  ["a mean that is no number", { mean: [Number.NaN] }, RangeError, '.mean" expected finite values, got NaN at 0'],
  ["a std of 0", { std: [0] }, RangeError, '.std" expected values above 0, got 0 at 0'],
  ["a std that is no list", { std: 1 }, TypeError, '.std" expected array, got 1'],
  ["no epochs", { epochs: 0 }, RangeError, '.epochs" expected integer >= 1, got 0'],
  ["half a step", { steps: 1.5 }, RangeError, '.steps" expected integer >= 1, got 1.5'],
  ["no classes", { classes: undefined }, TypeError, '.classes" expected integer >= 1, got undefined'],
  ["a momentum of 1", { momentum: 1 }, RangeError, '.momentum" expected a number >= 0 and < 1, got 1'],
  ["a negative weight decay", { weightDecay: -1 }, RangeError, '.weightDecay" expected a finite number >= 0, got -1'],
  [
    "a protocol beside a schedule",
    { training: fitTraining({}) },
    RangeError,
    '.steps" expected 1 beside "training", got 2',
  ],
  [
    "a protocol and epochs of its own",
    { steps: 1, training: fitTraining({}) },
    RangeError,
    '.epochs" expected 0 beside "training", got 3',
  ],
  [
    "a momentum beside a protocol",
    { steps: 1, epochs: 0, momentum: 0, training: fitTraining({}) },
    RangeError,
    '.momentum" expected nothing beside "training", which has its own, got 0',
  ],
  [
    "learning rates beside a protocol",
    { ...makeFitSet({ height: 6, width: 6 }), learningRates: Float32Array.of(1) },
    RangeError,
    '.learningRates" expected [0], 0 numbers, got 1',
  ],
  [
    "a protocol of no batch",
    { training: { ...fitTraining({}), batch: 0 } },
    RangeError,
    '.training.batch" expected integer >= 1, got 0',
  ],
  [
    "a protocol without a rate",
    { training: { ...fitTraining({}), learningRate: undefined } },
    TypeError,
    '.training.learningRate" expected a number',
  ],
  ["no recipe", { recipe: undefined }, TypeError, '.recipe" expected an object of at most 32 levels, got undefined'],
  ["a recipe without end", { recipe: deep(10_000) }, TypeError, '.recipe" expected an object of at most 32 levels'],
];

describe.each(faults)("a set with %s", (what, change, Class, message) => {
  const bad = { ...good, ...change } as DistilledSet;

  test.each(uses)("is refused by %s", async (_, argument, use) => {
    const error = await errorOf(() => use(bad, engines.here));
    expect(error.message).toContain(`"${argument}${message}`);
    expect(error.constructor).toBe(Class);
    expect(readdirSync(folder)).toEqual([]);
  });

  // A copy of 10,000 levels for a worker is refused by the host itself.
  test.skipIf(what === "a recipe without end")("is refused in a worker in the same words", async () => {
    for (const [, , use] of trainings) {
      const [here, away] = [await errorOf(() => use(bad, engines.here)), await errorOf(() => use(bad, engines.there))];
      expect([away.name, away.message]).toEqual([here.name, here.message]);
    }
  });
});

test.each([undefined, null, "set.npz", []])("%s is no set", async (value) => {
  for (const [name, argument, use] of uses) {
    if (name === "nearestNeighbors") continue;
    const error = await errorOf(() => use(value as unknown as DistilledSet, engines.here));
    expect(error, name).toBeInstanceOf(TypeError);
    expect(error.message, name).toMatch(new RegExp(`^"${argument}" expected a distilled set, as `));
  }
});

test.each([good, { ...makeFitSet({ height: 6, width: 6 }), mean: [0.5], std: [0.25] }])(
  "a good one is taken by all",
  async (set) => {
    for (const [name, , use] of uses) if (name !== "saveDistilled") await use(set, engines.here);
  },
);
