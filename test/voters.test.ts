// Networks that vote in the demo: the chance of a class is the mean of what each of them gives.
import { describe, expect, test } from "vitest";
import { Voters, votersOf } from "../examples/browser/src/lab/voters.ts";
import { type DistilledSet, datasetFromArrays, type TrainedNetwork } from "../src/index.ts";

/** Images of one pixel in three classes. */
const held = datasetFromArrays({
  pixels: Uint8Array.of(0, 255, 255, 0),
  labels: [0, 1, 2, 0],
  shape: [1, 1, 1],
  mean: [0],
  std: [1],
});

const set = {
  ...{ channels: 1, height: 1, width: 1, classes: 3, mean: [0], std: [1] },
  recipe: { loss: "cross-entropy" },
} as unknown as DistilledSet;

/** A network that gives one row of chances for a dark pixel, and another for a bright one. */
function network(dark: readonly number[], bright: readonly number[]): TrainedNetwork {
  return {
    async predict(images: ArrayLike<number>) {
      const rows = Array.from(images, (value) => (value > 0.5 ? bright : dark).map(Math.log));
      return { classes: new Uint8Array(rows.length), logits: Float32Array.from(rows.flat()) };
    },
  } as unknown as TrainedNetwork;
}

const sure = network([0.8, 0.1, 0.1], [0.1, 0.6, 0.3]);
const other = network([0.4, 0.5, 0.1], [0.1, 0.1, 0.8]);

function voters(...networks: readonly TrainedNetwork[]): Promise<Voters> {
  const all = new Voters(set);
  return networks
    .reduce((before, one) => before.then(() => all.add(async () => one)), Promise.resolve())
    .then(() => all);
}

/** Chances are float32. */
function expectChances(chances: Float32Array, expected: readonly number[]): void {
  expect(chances.length).toBe(expected.length);
  for (const [label, chance] of expected.entries()) expect(chances[label]).toBeCloseTo(chance, 6);
}

describe("networks that vote", () => {
  test("give the mean of their chances, and one alone its own", async () => {
    const alone = await voters(sure);
    expectChances(await alone.chancesFor(Uint8Array.of(255)), [0.1, 0.6, 0.3]);
    const together = await voters(sure, other);
    expectChances(await together.chancesFor(Uint8Array.of(255)), [0.1, 0.35, 0.55]);
    expect(together.count).toBe(2);
  });

  test("are judged together by the held-out images", async () => {
    // Alone: dark is a 0, bright is a 1, and so one of four is wrong; together bright is a 2, which is wrong once too.
    const all = await voters(sure);
    expect(await all.test(held)).toBe(3);
    await all.add(async () => other);
    expect(await all.test(held)).toBe(3);
    // The third makes dark a 1: both zeros are wrong then.
    await all.add(async () => network([0.01, 0.98, 0.01], [0.1, 0.1, 0.8]));
    expect(await all.test(held)).toBe(1);
  });

  test("are trained again after their engine has ended, when they are needed", async () => {
    let trainings = 0;
    const all = new Voters(set);
    await all.add(async () => {
      trainings++;
      return sure;
    });
    await all.chancesFor(Uint8Array.of(255));
    expect(trainings).toBe(1);
    all.forget();
    expect(all.count).toBe(1);
    expectChances(await all.chancesFor(Uint8Array.of(255)), [0.1, 0.6, 0.3]);
    expect(trainings).toBe(2);
  });

  test("are five for any random networks, and one where the images are for known weights", () => {
    const of = (init: object | undefined): number => votersOf({ ...set, recipe: { init } });
    expect(of({ kind: "random", scheme: "pytorch" })).toBe(5);
    expect(of(undefined)).toBe(5);
    expect(of({ kind: "fixed", seed: 1 })).toBe(1);
    expect(of({ kind: "pretrained" })).toBe(1);
  });
});
