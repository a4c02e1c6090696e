// Adaptation and poisoning: sets distilled for networks that were trained before, from end to end on small data.
import { afterAll, describe, expect, test } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { relabelled } from "../../src/data/subsets.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import { pretrained } from "../../src/distill/weight-source.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { attackReport } from "../../src/evaluate/attack-report.ts";
import { accuracyOf, classAccuracies, confusionOf } from "../../src/evaluate/confusion.ts";
import { distill } from "../../src/run/in-place/distill.ts";
import { evaluate } from "../../src/run/in-place/evaluate.ts";
import { trainPool } from "../../src/run/in-place/train-pool.ts";
import { brightHalves, halvesNet } from "./halves.ts";

const engine = await createEngine({ threads: 1 });
afterAll(() => engine.dispose());

const [train, held] = [brightHalves({ count: 60 }), brightHalves({ count: 90, seed: 2 })];
const model = halvesNet();
const training = { data: train, model, epochs: 20, batch: 20, learningRate: 0.01, seed: 5, engine };
const pool = pretrained(await trainPool({ ...training, networks: 6 }));
const judges = pretrained(await trainPool({ ...training, networks: 4, pool: "test" }));

describe("networks that were trained on dark images", () => {
  /** The negative of each image: networks trained on the others are at a loss. */
  const negative = (data: Dataset): Dataset => ({
    ...data,
    name: "negative",
    pixels: data.pixels.map((value) => 255 - value),
  });
  const target = { train: negative(train), test: negative(held) };

  test("adapt to bright ones by a few steps on a set that was distilled for others like them", async () => {
    const run = distill({
      data: target.train,
      model,
      method: backGradient({ steps: 3, epochs: 2, imagesPerClass: 1, learningRate: 0.05 }),
      init: pool,
      networksPerStep: 3,
      outer: { steps: 150, batch: 60, learningRate: 0.05 },
      seed: 1,
      engine,
    });
    const set = await run.result();
    const judge = { model, init: judges, test: target.test, engine };
    const adapted = await evaluate({ set, ...judge });
    const still = { ...set, learningRates: set.learningRates.map(() => 1e-30) };
    const before = await evaluate({ set: still, ...judge });
    expect(adapted.networks).toBe(4);
    expect(adapted.mean).toBeGreaterThan(0.8);
    expect(before.mean).toBeLessThan(0.5);
  });
});

describe("one step on a set that was distilled for relabelled images", async () => {
  const set = await distill({
    data: relabelled(train, 0, 1),
    model,
    method: backGradient({ steps: 1, epochs: 1, imagesPerClass: 4, learningRate: 0.05 }),
    init: pool,
    networksPerStep: 3,
    outer: { steps: 400, batch: 60, learningRate: 0.05 },
    seed: 1,
    engine,
  }).result();
  const judge = { model, init: judges, test: held, perClass: true, engine };

  test("makes networks it has never seen read that class as the other, and little else", async () => {
    const evaluation = await evaluate({ set, ...judge });
    const { overall, modified, misread } = attackReport(evaluation, 0, 1);
    expect(misread.mean).toBeGreaterThan(0.7);
    expect(modified.mean).toBeGreaterThan(0.8);
    expect(overall.mean).toBe(evaluation.mean);
    expect(overall.mean).toBeLessThan(0.75);
    expect(evaluation.perClass![0]!.mean).toBeLessThan(0.2);
    expect(evaluation.perClass![2]!.mean).toBeGreaterThan(0.8);
    const before = await evaluate({ set: { ...set, learningRates: set.learningRates.map(() => 1e-30) }, ...judge });
    expect(attackReport(before, 0, 1).misread.mean).toBeLessThan(0.1);
    expect(before.mean).toBeGreaterThan(0.9);
    expect(set.recipe.data).toEqual({ name: "bright halves, 0 as 1", count: 60 });
  });

  test("is reported alike on workers, and as an evaluation on relabelled test images is", async () => {
    const { engine: _, ...own } = { ...judge, threads: 1 };
    const inPlace = await evaluate({ set, ...own });
    expect(await evaluate({ set, ...own, workers: 2 })).toEqual(inPlace);
    const { mean, std } = await evaluate({ set, ...own, test: relabelled(held, 0, 1) });
    expect(attackReport(inPlace, 0, 1).modified).toMatchObject({ mean, std });
    expect(inPlace.confusions).toHaveLength(4);
    for (const confusion of inPlace.confusions!) {
      expect(confusion.map((row) => row.reduce((sum, n) => sum + n, 0))).toEqual([30, 30, 30]);
    }
    expect(inPlace.confusions!.map(accuracyOf)).toEqual(inPlace.accuracies);
    expect(await evaluate({ set, ...own, perClass: false })).not.toHaveProperty("confusions");
  });
});

describe("a confusion", () => {
  const confusion = confusionOf(Uint8Array.of(0, 1, 1, 0, 2), Uint8Array.of(0, 0, 1, 0, 1), 4);

  test("counts rows of labels against columns of predictions", () => {
    expect(confusion).toEqual([
      [2, 1, 0, 0],
      [0, 1, 1, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(accuracyOf(confusion)).toBe(3 / 5);
    expect(classAccuracies([confusion]).map((summary) => summary?.mean)).toEqual([2 / 3, 1 / 2, undefined, undefined]);
  });

  test("gives a report of an attack by hand", () => {
    const evaluation = { networks: 1, mean: 0.6, std: 0, accuracies: [0.6], confusions: [confusion] };
    expect(attackReport(evaluation, 0, 1)).toEqual({
      overall: { mean: 3 / 5, std: 0 },
      modified: { mean: 2 / 5, std: 0 },
      misread: { mean: 1 / 3, std: 0 },
    });
    expect(() => attackReport(evaluation, 4, 1)).toThrow('"from" expected a class from 0 to 3, got 4');
    expect(() => attackReport(evaluation, 2, 1)).toThrow('"from" expected a class with test images, got 2');
    const { confusions: _, ...plain } = evaluation;
    expect(() => attackReport(plain, 0, 1)).toThrow("perClass: true");
  });
});

describe("relabelled", () => {
  test("shares pixels and leaves the other labels and the data set alone", () => {
    const changed = relabelled(train, 2, 0);
    expect(changed.pixels).toBe(train.pixels);
    expect([...changed.labels.subarray(0, 6)]).toEqual([0, 1, 0, 0, 1, 0]);
    expect([...train.labels.subarray(0, 6)]).toEqual([0, 1, 2, 0, 1, 2]);
    expect(changed.classes).toBe(3);
  });

  test.each([
    [3, 0, '"from" expected a class from 0 to 2, got 3'],
    [0, -1, '"to" expected a class from 0 to 2, got -1'],
    [1, 1, '"to" expected another class than "from", got 1'],
  ])("refuses %d as %d", (from, to, message) => {
    expect(() => relabelled(train, from, to)).toThrow(new RangeError(message));
  });
});
