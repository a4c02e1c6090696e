// Windows as a method: what a set begins as, what a run learns, and that its bytes depend on neither threads nor workers.
import { describe, expect, test } from "vitest";
import { batchInto, classIndex } from "../../src/data/dataset.ts";
import { subset } from "../../src/data/subsets.ts";
import { setDigest } from "../../src/distill/digest.ts";
import { formation } from "../../src/distill/image-options.ts";
import { type WindowsOptions, windows } from "../../src/distill/methods/windows/options.ts";
import { fixedInit } from "../../src/distill/weight-source.ts";
import { convNet } from "../../src/nn/zoo.ts";
import { type DistillOptions, distill } from "../../src/run/in-place/distill.ts";
import { brightHalves } from "./halves.ts";

const data = brightHalves({ count: 30 });
const model = convNet({ input: [1, 6, 6], width: 4, depth: 1, classes: 3 });
const small: WindowsOptions = { imagesPerClass: 3, batchPerClass: 2, window: 4, leastSteps: 1, totalSteps: 9 };
const learned = { ...small, labels: "learned", labelRate: 0.5, rate: "learned" } as const;
const augmented = { ...learned, augment: ["color", "crop", "cutout", "flip", "scale", "rotate"] } as const;
const options = { data, model, outer: { steps: 4 }, networksPerStep: 2, seed: 3, threads: 1 };

/** Runs it in place. */
const run = (method: WindowsOptions, more: Partial<DistillOptions> = {}) =>
  distill({ ...options, ...more, method: windows(method) } as DistillOptions);
const digest = async (method: WindowsOptions, more: Partial<DistillOptions> = {}) =>
  setDigest(await run(method, more).result());

describe("a set begins", () => {
  test("as one block of real images of its classes, with one-hot labels", async () => {
    const set = await run({ imagesPerClass: 3 }, { outer: { steps: 0 } }).result();
    expect(set).toMatchObject({ steps: 1, epochs: 0, imagesPerStep: 9, learningRates: new Float32Array(0) });
    const index = classIndex(data);
    for (let i = 0; i < 9; i++) {
      const label = Math.floor(i / 3);
      expect(set.targets.slice(3 * i, 3 * i + 3)).toEqual(Float32Array.of(...[0, 1, 2].map((k) => +(k === label))));
      const real = [...index[label]!].map((image) => {
        const pixels = new Float32Array(36);
        batchInto(data, [image], pixels);
        return pixels.join();
      });
      expect(real).toContain(set.images.slice(36 * i, 36 * i + 36).join());
    }
  });

  test("as noise, if wanted", async () => {
    const { images } = await run({ imagesPerClass: 20, init: "noise" }, { outer: { steps: 0 } }).result();
    expect(Math.abs(Math.hypot(...images) / Math.sqrt(images.length) - 1)).toBeLessThan(0.1);
  });
});

describe("networks train on the set", () => {
  const trained = async (method: WindowsOptions) => (await run(method, { outer: { steps: 0 } }).result()).training;

  test("in batches as an inner step takes them", async () => {
    expect(await trained({ imagesPerClass: 2 })).toMatchObject({ kind: "fit", epochs: 300, batch: 6 });
    expect(await trained({ imagesPerClass: 12 })).toMatchObject({ batch: 30 });
    expect(await trained({ imagesPerClass: 12, batchPerClass: 4 })).toMatchObject({ batch: 12 });
  });

  test("after inner steps of SGD with their constants, unless the method says otherwise", async () => {
    const sgd = { imagesPerClass: 2, optimizer: "sgd", learningRate: 0.05, momentum: 0.5 } as const;
    const constants = { learningRate: 0.05, momentum: 0.5, weightDecay: 5e-4, decayAt: [] };
    expect(await trained(sgd)).toMatchObject(constants);
    const own = { ...sgd, training: { epochs: 40, momentum: 0, batch: 2 } };
    expect(await trained(own)).toMatchObject({ ...constants, epochs: 40, momentum: 0, batch: 2 });
  });

  test("augmented as in inner steps, unless the method says otherwise", async () => {
    const augment = ["flip", "rotate"] as const;
    expect(await trained({ imagesPerClass: 2, augment })).toMatchObject({ epochs: 300, batch: 6, augment });
    expect(await trained({ imagesPerClass: 2, augment, training: { augment: ["crop"] } })).toMatchObject({
      augment: ["crop"],
    });
    for (const none of [undefined, []]) {
      expect(await trained({ imagesPerClass: 2, augment: none })).not.toHaveProperty("augment");
    }
  });

  test("at the rate that was learned", async () => {
    const sgd = { ...small, optimizer: "sgd", learningRate: 0.05, rate: "learned" } as const;
    const { training } = await run(sgd, { outer: { steps: 3, learningRate: 0.1 } }).result();
    expect(training!.learningRate).not.toBe(0.05);
    expect(Math.abs(training!.learningRate / 0.05 - 1)).toBeLessThan(0.4);
  });
});

describe("distilling gives the same bytes", () => {
  test.each([
    ["of pixels", small],
    ["of pixels, labels and learning rate", learned],
    ["of pixels by SGD", { ...small, optimizer: "sgd" } as const],
    ["of augmented images", augmented],
    ["of augmented images, all in each step", { ...augmented, batchPerClass: 3 }],
  ])("%s on 1, 2 and 4 threads and on workers", async (_, method) => {
    const first = await digest(method);
    for (const threads of [2, 4]) expect(await digest(method, { threads })).toBe(first);
    expect(await digest(method, { workers: 2 })).toBe(first);
    expect(await digest(method, { seed: 4 })).not.toBe(first);
  });

  test.each([
    ["of a window", learned],
    ["of a window of augmented images", augmented],
  ])("with less %s held", async (_, method) => {
    expect(await digest({ ...method, memory: "recompute" })).toBe(await digest(method));
  });

  test("by no strategies as without an augmentation, and others by others", async () => {
    const [plain, flipped, turned] = [small, { ...small, augment: ["flip"] }, { ...small, augment: ["rotate"] }];
    const pixels = async (method: WindowsOptions) => (await run(method).result()).images;
    expect(await pixels({ ...small, augment: [] })).toEqual(await pixels(plain));
    expect(await pixels(flipped as WindowsOptions)).not.toEqual(await pixels(plain));
    expect(await pixels(flipped as WindowsOptions)).not.toEqual(await pixels(turned as WindowsOptions));
  });

  test("from a state on as if it never stopped", async () => {
    const whole = run(learned);
    let state: Awaited<ReturnType<typeof whole.state>> | undefined;
    for await (const { step } of whole) if (step === 2) state = await whole.state();
    expect([...state!.tensors.keys()].filter((name) => name.startsWith("learned/"))).toEqual([
      "learned/images",
      "learned/learningRate",
      "learned/targets",
    ]);
    expect(await digest(learned, { resume: state })).toBe(await setDigest(await whole.result()));
  });
});

test("labels change, and none falls below 0", async () => {
  const { targets } = await run({ ...learned, labelRate: 2 }, { outer: { steps: 6 } }).result();
  expect(Math.min(...targets)).toBe(0);
  expect(targets.filter((value) => value !== 0 && value !== 1).length).toBeGreaterThan(5);
});

test("a label's step size is its own, and by default that of the pixels", async () => {
  const one = { outer: { steps: 1 }, networksPerStep: 1 };
  const moved = async (method: WindowsOptions) => {
    const { targets } = await run(method, one).result();
    // Adam's first step moves every value by the step size.
    return Math.max(...targets.map((value, i) => Math.abs(value - Number(i % 3 === Math.floor(i / 9)))));
  };
  expect(await moved({ ...learned, labelRate: 0.25 })).toBeCloseTo(0.25, 3);
  expect(await moved({ ...small, labels: "learned" })).toBeCloseTo(0.001, 5);
});

test.each([
  ["Adam", {}],
  ["SGD", { optimizer: "sgd", learningRate: 0.1 } as const],
])("the loss falls in one network, by %s", async (_, rule) => {
  const losses: number[] = [];
  const many = { init: fixedInit(1), outer: { steps: 60, learningRate: 0.05 }, networksPerStep: 1 };
  for await (const { loss } of run({ ...small, learningRate: 0.02, ...rule, init: "noise" }, many)) losses.push(loss);
  const mean = (some: readonly number[]) => some.reduce((a, b) => a + b) / some.length;
  expect(mean(losses.slice(-10))).toBeLessThan(mean(losses.slice(0, 10)) / 2);
});

test("the outer settings are the paper's unless others are given", async () => {
  const { recipe } = await run(small, { outer: { steps: 1 } }).result();
  expect(recipe.outer).toMatchObject({ optimizer: "adam", learningRate: 0.001, beta1: 0.9, clip: 2, decayFactor: 1 });
});

describe("options that do not go together are refused:", () => {
  test.each<[WindowsOptions, string]>([
    [
      { imagesPerClass: 1, window: 20, leastSteps: 41 },
      '"totalSteps" expected at least "window" and "leastSteps" together, 20 + 41, got 60',
    ],
    [{ imagesPerClass: 1, labelRate: 1 }, '"labelRate" expected nothing unless "labels" is "learned", got 1'],
    [{ imagesPerClass: 1, momentum: 0.9 }, '"momentum" expected nothing unless "optimizer" is "sgd", got 0.9'],
    [
      { imagesPerClass: 1, optimizer: "sgd", eps: 1e-8 },
      '"eps" expected nothing unless "optimizer" is "adam", got 1e-8',
    ],
    [{ imagesPerClass: 0 }, '"imagesPerClass" expected integer >= 1, got 0'],
    [
      { imagesPerClass: 1, augment: ["blur"] as never },
      '"augment[0]" expected one of "color", "crop", "cutout", "flip", "scale", "rotate", got "blur"',
    ],
    [{ imagesPerClass: 1, beta1: 1 }, '"beta1" expected a number >= 0 and < 1, got 1'],
  ])("%o", (given, message) => {
    expect(() => windows(given)).toThrow(RangeError);
    expect(() => windows(given)).toThrow(message);
  });

  test("and an augmentation that is no list", () => {
    expect(() => windows({ imagesPerClass: 1, augment: { flip: true } as never })).toThrow(TypeError);
    expect(() => windows({ imagesPerClass: 1, augment: "flip" as never })).toThrow(
      '"augment" expected a list of strat',
    );
  });

  test("and a step of more images of a class than there are, once a decoder made some of the others", () => {
    const given = { ...small, imagesPerClass: 2, batchPerClass: 3 };
    expect(() => run(given)).toThrow('"batchPerClass" expected at most the images of a class, 2, got 3');
    expect(() => run(given, { images: formation({ factor: 2 }) })).not.toThrow();
  });

  test("and data without images of each class", () => {
    expect(() => run(small, { data: subset(data, 0, 2) })).toThrow("expected images of each of 3 classes");
  });
});

test("a method that windows() gave is taken again, with something changed", () => {
  const method = windows({ imagesPerClass: 4 });
  expect(method).toMatchObject({ name: "windows", learningRate: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8 });
  expect(windows({ ...method, window: 7 })).toEqual({ ...method, window: 7 });
  expect(windows({ imagesPerClass: 4, optimizer: "sgd" })).toMatchObject({ learningRate: 0.01, momentum: 0.9 });
});
