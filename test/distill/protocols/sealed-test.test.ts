// Whatever the code of a protocol does, its guard lets it choose by nothing but validation images.
import { describe, expect, test } from "vitest";
import type { Dataset } from "../../../src/data/dataset.ts";
import { batchInto } from "../../../src/data/dataset.ts";
import { subset } from "../../../src/data/subsets.ts";
import type { DistilledSet } from "../../../src/distill/distilled-set.ts";
import { fitTraining } from "../../../src/distill/training.ts";
import { splitValidation } from "../../../src/evaluate/baselines/validation.ts";
import type { Evaluation } from "../../../src/evaluate/evaluation.ts";
import { type Candidate, ProtocolError, SealedTest } from "../../../src/evaluate/protocols/sealed-test.ts";
import { brightHalves } from "../halves.ts";

const train = brightHalves({ count: 120, seed: 1 });
const held = { ...brightHalves({ count: 60, seed: 2 }), mean: train.mean, std: train.std };
const training = fitTraining({ epochs: 1 });

/** A set of images of a data set. */
function setOf(data: Dataset, places: readonly number[]): DistilledSet {
  const images = new Float32Array(places.length * 36);
  batchInto(data, places, images);
  const { channels, height, width, classes, mean, std } = data;
  return {
    ...{ steps: 1, epochs: 0, imagesPerStep: places.length, channels, height, width, classes, mean, std, images },
    targets: new Float32Array(places.length * classes),
    ...{ learningRates: new Float32Array(0), training, recipe: {} },
  };
}

/** Any set of images that nobody else has. */
const set = setOf(brightHalves({ count: 6, seed: 3 }), [0, 1, 2, 3, 4, 5]);

/** A guard whose networks are as good as they are asked to be, and the images that they were measured on. */
function guard(data: { train: Dataset; test: Dataset; set: DistilledSet } = { train, test: held, set }) {
  const measured: Dataset[] = [];
  const sealed = new SealedTest<Candidate>(data, async ({ on }, images) => {
    on(0);
    measured.push(images);
    return { networks: 1, mean: 0.5, std: 0, accuracies: [0.5] } satisfies Evaluation;
  });
  return { sealed, measured };
}

const candidate = (label: string, on: Candidate["on"] = () => set): Candidate => ({ label, on });

describe("a faulty protocol fails", () => {
  test("that chooses a learning rate by the test images", async () => {
    const { sealed, measured } = guard();
    const rates = ["0.1", "0.01"].map((rate) => candidate(`rate ${rate}`));
    const protocol = async () => {
      for (const rate of rates) await sealed.test(rate);
    };
    await expect(protocol()).rejects.toThrow(ProtocolError);
    await expect(protocol()).rejects.toThrow("rate 0.1: the test images are sealed until all choices are settled");
    expect(measured).toEqual([]);
  });

  test("that chooses again after it has seen a test accuracy", async () => {
    const { sealed } = guard();
    const [first, second] = [candidate("dsa"), candidate("none")];
    sealed.settle([first]);
    await sealed.test(first);
    expect(() => sealed.settle([second])).toThrow("expected one settlement of what is tested, got a second one");
    await expect(sealed.validate(second)).rejects.toThrow("none: everything was settled before");
    await expect(sealed.test(second)).rejects.toThrow("none: was not settled before the first test");
  });

  test("that tests one thing twice", async () => {
    const { sealed } = guard();
    const only = candidate("set");
    sealed.settle([only]);
    await sealed.test(only);
    await expect(sealed.test(only)).rejects.toThrow("set: was tested before");
  });

  test("that settles one thing and tests another one of the same name", async () => {
    const { sealed } = guard();
    sealed.settle([candidate("epoch 10")]);
    await expect(sealed.test(candidate("epoch 10"))).rejects.toThrow("was not settled");
  });

  test("whose baseline is chosen by images that it contains", async () => {
    const { sealed, measured } = guard();
    const baseline = setOf(
      train,
      Array.from({ length: train.count }, (_, i) => i),
    );
    await expect(sealed.validate(candidate("random-real", () => baseline))).rejects.toThrow(
      "random-real: networks would train on an image that they are chosen by",
    );
    expect(measured).toEqual([]);
    await sealed.validate(candidate("random-real", () => setOf(sealed.rest, [0, 1, 2])));
    expect(measured).toHaveLength(1);
  });

  test("that trains on all training images, and chooses by some of them", async () => {
    const { sealed } = guard();
    await expect(sealed.validate(candidate("whole-data", () => ({ data: train, training })))).rejects.toThrow(
      ProtocolError,
    );
    await sealed.validate(candidate("whole-data", () => ({ data: sealed.rest, training })));
    await sealed.validate(candidate("one less", () => ({ data: subset(sealed.rest, 1, 50), training })));
  });

  test("whose leak is in the last image of the last network alone", async () => {
    const split = splitValidation(train);
    const sealed = new SealedTest<Candidate>({ train, test: held, set }, async ({ on }) => {
      for (let k = 0; k < 3; k++) on(k);
      return { networks: 3, mean: 0, std: 0, accuracies: [0, 0, 0] };
    });
    const clean = setOf(split.rest, [0, 1, 2]);
    const leaky: DistilledSet = { ...clean, images: clean.images.slice() };
    leaky.images.set(setOf(split.validation, [2]).images, 2 * 36);
    await expect(sealed.validate(candidate("k-means", (k) => (k === 2 ? leaky : clean)))).rejects.toThrow(
      ProtocolError,
    );
    await sealed.validate(candidate("k-means", () => clean));
  });
});

describe("validation images", () => {
  test("are a tenth of the training images, and none of them is left to train on", () => {
    const { sealed } = guard();
    expect(sealed.validationCount).toBe(12);
    expect(sealed.rest.count).toBe(108);
  });

  test("are none of those in the set: they would speak for it", async () => {
    const split = splitValidation(train);
    const own = setOf(split.validation, [0, 1, 2, 3]);
    const { sealed, measured } = guard({ train, test: held, set: own });
    expect(sealed.validationCount).toBe(8);
    await sealed.validate(candidate("set", () => own));
    expect(measured[0]!.count).toBe(8);
    expect(Array.from(measured[0]!.labels)).toEqual(Array.from(split.validation.labels.subarray(4)));
    expect(Array.from(measured[0]!.pixels)).toEqual(Array.from(split.validation.pixels.subarray(4 * 36)));
  });

  test("are none of the test images, so data that are both are refused", () => {
    expect(() => guard({ train, test: train, set })).toThrow(
      '"train" expected images to choose by that are neither in the set nor among the test images, got none',
    );
    const some = subset(train, 0, 60);
    const { sealed } = guard({ train, test: some, set });
    expect(sealed.validationCount).toBeLessThan(12);
  });
});
