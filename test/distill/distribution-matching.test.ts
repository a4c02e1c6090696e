// Distribution matching: its formula against plain loops, and what a method must be.

import { describe, expect, test } from "vitest";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { batchInto, classIndex, type Dataset } from "../../src/data/dataset.ts";
import { digits } from "../../src/data/layouts/digits.ts";
import { subset } from "../../src/data/subsets.ts";
import { computing } from "../../src/distill/computing.ts";
import { setDigest } from "../../src/distill/digest.ts";
import { methodContext } from "../../src/distill/method.ts";
import { distributionMatchingMethod } from "../../src/distill/methods/distribution-matching/method.ts";
import { distributionMatching } from "../../src/distill/methods/distribution-matching/options.ts";
import { outerOptions } from "../../src/distill/outer-options.ts";
import { readTensor } from "../../src/distill/tensor-rows.ts";
import { fixedInit, randomInit } from "../../src/distill/weight-source.ts";
import { Engine } from "../../src/engine/engine.ts";
import { allIn } from "../../src/inner/allocators.ts";
import { type DrawnImage, drawImages, strategyNames } from "../../src/inner/augment-strategies.ts";
import { tanh } from "../../src/nn/activation.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { convNet } from "../../src/nn/zoo.ts";
import { randomKey, randomOrder } from "../../src/numeric/random.ts";
import { atOnce } from "../../src/platform/parts.ts";
import { baseline } from "../../src/run/in-place/baseline.ts";
import { distill } from "../../src/run/in-place/distill.ts";
import { evaluate } from "../../src/run/in-place/evaluate.ts";
import { differenceTolerance, expectClose, float64Tolerance } from "../helpers.ts";
import { brightHalves } from "./halves.ts";

/** Uneven classes, one of which has fewer images than a step wants. */
const halves = brightHalves({ count: 30 });
const few = [0, 1, 2, 3, 4, 6, 7, 9, 10, 12, 13, 15];
const data: Dataset = {
  ...{ ...halves, count: few.length },
  labels: Uint8Array.from(few, (i) => halves.labels[i]!),
  pixels: Uint8Array.from(few.flatMap((i) => [...halves.pixels.subarray(36 * i, 36 * i + 36)])),
};
const ofClass = classIndex(data);
const model = sequential([1, 6, 6], [conv2d({ out: 2, kernel: 3 }), tanh(), flatten(), linear({ out: 3 })]);
const method = distributionMatching({ imagesPerClass: 2, realPerClass: 4, init: "noise" });
const outer = { ...outerOptions({ steps: 1 }, data.count), optimizer: "sgd" as const };

/** 16 channels of tanh of a 3 × 3 convolution: φ(x) [32] in plain loops. */
function features(theta: ArrayLike<number>, x: ArrayLike<number>): number[] {
  const out: number[] = [];
  for (let c = 0; c < 2; c++) {
    for (let r = 0; r < 16; r++) {
      let sum = theta[18 + c]!;
      for (let t = 0; t < 9; t++) {
        const at = (Math.floor(r / 4) + Math.floor(t / 3)) * 6 + (r % 4) + (t % 3);
        sum += theta[c * 9 + t]! * x[at]!;
      }
      out.push(Math.tanh(sum));
    }
  }
  return out;
}

const mean = (rows: readonly number[][]): number[] =>
  rows[0]!.map((_, d) => rows.reduce((sum, row) => sum + row[d]!, 0) / rows.length);

type As = (label: number, image: Float64Array) => ArrayLike<number>;

/** A·x + b of an image [36], in plain loops. */
function augmentedBy({ op, parameters }: DrawnImage, x: ArrayLike<number>): Float64Array {
  const [p0, p1, p2, p3, p4, p5] = [...parameters, 0, 0] as [number, number, number, number, number, number];
  const pixel = (i: number, j: number) => (i >= 0 && i < 6 && j >= 0 && j < 6 ? x[6 * i + j]! : 0);
  const whole = Array.from(x).reduce((sum, v) => sum + v, 0) / 36;
  return Float64Array.from(x, (value, at) => {
    const [i, j] = [Math.floor(at / 6), at % 6];
    if (op === "cutout") return i >= p0 && i < p1 && j >= p2 && j < p3 ? 0 : value;
    // The mean over one channel is the pixel.
    if (op === "recolor") return (p0 + p1) * value + p2 * whole + p3;
    const [column, row] = [p0 * (j - 2.5) + p1 * (i - 2.5) + p2 + 2.5, p3 * (j - 2.5) + p4 * (i - 2.5) + p5 + 2.5];
    const [left, top] = [Math.floor(column), Math.floor(row)];
    const along = (line: number) => (1 - column + left) * pixel(line, left) + (column - left) * pixel(line, left + 1);
    return (1 - row + top) * along(top) + (row - top) * along(top + 1);
  });
}

/** Σ_c ‖mean φ(real_c) − mean φ(x_c)‖², for images [6, 36], two of each class in turn. `as`: what is done to those of a class. */
function lossOf(theta: ArrayLike<number>, images: Float64Array, step: number, seed: number, as: As): number {
  let loss = 0;
  for (let c = 0; c < 3; c++) {
    const order = randomOrder(ofClass[c]!.length, Math.min(4, ofClass[c]!.length), randomKey(seed, "real", step, c));
    const real = order.map((place) => {
      const pixels = new Float64Array(36);
      batchInto(data, [ofClass[c]![place]!], pixels);
      return features(theta, as(c, pixels));
    });
    const ours = [0, 1].map((i) => features(theta, as(c, images.subarray((2 * c + i) * 36, (2 * c + i + 1) * 36))));
    const [a, b] = [mean(real), mean(ours)];
    a.forEach((value, d) => {
      loss += (value - b[d]!) ** 2;
    });
  }
  return loss;
}

test.each([
  ["no image is augmented", []],
  ["images of a class are augmented alike, real ones and the set's", strategyNames],
  ["the only strategy is color", ["color"]],
] as const)("the loss is that of the formula, and the gradient its central difference: %s", async (_, augment) => {
  const backend = createReferenceBackend();
  const { arena } = new Engine(backend);
  const problem = {
    data,
    model,
    init: fixedInit(3),
    loss: "cross-entropy" as const,
    networksPerStep: 1,
    outer,
    seed: 5,
  };
  const context = methodContext({ options: { ...method, augment }, problem, backend, memory: allIn(arena) }, computing);
  const run = distributionMatchingMethod.allocate(context);
  const network = distributionMatchingMethod.network(context, run);
  const staging = arena.allocate(6 * 36);
  const theta = arena.allocate(model.parameterCount);
  run.start(staging);
  const images = (await readTensor(backend, run.learned[0]!, staging)) as Float64Array;
  context.tools.weights(theta, 7, 0);
  const parameters = await backend.read(theta, model.parameterCount);
  atOnce(network.record(7, 0) ?? []);
  const loss = await backend.read(network.share.loss, 1);
  const key = randomKey(5, "augment", 7, 0);
  const drawn = augment.length > 0 ? drawImages(augment, [1, 6, 6], key, { count: 3, groupOf: (c) => c }) : [];
  const as: As = (label, image) => (augment.length > 0 ? augmentedBy(drawn[label]!, image) : image);
  expectClose(loss, [lossOf(parameters, images, 7, 5, as)], float64Tolerance, "loss, seed 5");
  const tensor = { ...run.learned[0]!, value: network.share.gradients[0]! };
  const gradient = await readTensor(backend, tensor, staging);
  const differences = images.map((_, at) => {
    const moved = (by: number) =>
      lossOf(
        parameters,
        images.map((v, i) => (i === at ? v + by : v)),
        7,
        5,
        as,
      );
    return (moved(1e-5) - moved(-1e-5)) / 2e-5;
  });
  expectClose(gradient, differences, differenceTolerance, "gradient, seed 5");
  expect(Math.max(...gradient)).toBeGreaterThan(1e-3);
});

describe("a set begins", () => {
  const start = (options: object) =>
    distill({
      data,
      model,
      method: distributionMatching({ imagesPerClass: 5, ...options }),
      outer: { steps: 0 },
    }).result();

  test("as real images of its classes, some again where there are fewer", async () => {
    const set = await start({});
    const keys = (label: number) =>
      new Set(
        [...ofClass[label]!].map((image) => {
          const pixels = new Float32Array(36);
          batchInto(data, [image], pixels);
          return pixels.join();
        }),
      );
    for (let i = 0; i < 15; i++) {
      const label = Math.floor(i / 5);
      expect(set.targets.slice(3 * i, 3 * i + 3)).toEqual(Float32Array.of(...[0, 1, 2].map((k) => +(k === label))));
      expect(keys(label)).toContain(set.images.slice(36 * i, 36 * i + 36).join());
    }
    const different = (label: number) =>
      new Set(
        Array.from({ length: 5 }, (_, i) => set.images.slice(36 * (5 * label + i), 36 * (5 * label + i + 1)).join()),
      );
    for (const label of [0, 1, 2]) expect(different(label).size).toBe(Math.min(5, ofClass[label]!.length));
  });

  test("as noise, if wanted", async () => {
    const { images } = await start({ init: "noise" });
    const spread = Math.hypot(...images) / Math.sqrt(images.length);
    expect(Math.abs(spread - 1)).toBeLessThan(0.1);
  });

  test("with the protocol by which networks train on it", async () => {
    expect(await start({ training: { epochs: 40 } })).toMatchObject({
      ...{ steps: 1, epochs: 0, imagesPerStep: 15, learningRates: new Float32Array(0) },
      training: {
        kind: "fit",
        epochs: 40,
        decayAt: [20],
        learningRate: 0.01,
        momentum: 0.9,
        weightDecay: 5e-4,
        batch: 256,
      },
    });
  });

  test("with the strategies that augmented it, for longer, unless the protocol says otherwise", async () => {
    const augment = ["crop", "scale"] as const;
    expect(await start({ augment })).toMatchObject({ training: { augment, epochs: 1000, decayAt: [500] } });
    expect(await start({ augment, training: { epochs: 40 } })).toMatchObject({ training: { augment, epochs: 40 } });
  });
});

describe("distilling", () => {
  const net = convNet({ input: [1, 6, 6], width: 4, depth: 1, classes: 3 });
  const options = { data: halves, model: net, method, outer: { steps: 4 }, networksPerStep: 2, seed: 3 };
  const digest = async (more: object) => setDigest(await distill({ ...options, ...more }).result());

  test("gives the same bytes on 1 and 2 threads and on workers", async () => {
    const first = await digest({ threads: 1 });
    expect(await digest({ threads: 2 })).toBe(first);
    expect(await digest({ workers: 2, threads: 1 })).toBe(first);
    expect(await digest({ threads: 1, seed: 4 })).not.toBe(first);
  });

  test("with augmentation gives other bytes, the same on 1, 2 and 4 threads and on workers", async () => {
    const augmented = { method: { ...method, augment: strategyNames } };
    const first = await digest({ ...augmented, threads: 1 });
    for (const threads of [2, 4]) expect(await digest({ ...augmented, threads })).toBe(first);
    expect(await digest({ ...augmented, workers: 2, threads: 1 })).toBe(first);
    expect(first).not.toBe(await digest({ threads: 1 }));
    expect(await digest({ method: { ...method, augment: [] }, threads: 1 })).not.toBe(first);
  });

  test("goes on from a state as if it never stopped", async () => {
    const run = distill({ ...options, outer: { steps: 4 }, threads: 1 });
    let state: Awaited<ReturnType<typeof run.state>> | undefined;
    for await (const { step } of run) if (step === 2) state = await run.state();
    expect([...state!.tensors.keys()]).toEqual(["learned/images", "outer/images/momentum", "clip/mean"]);
    expect(await digest({ threads: 1, resume: state })).toBe(await setDigest(await run.result()));
  });

  test("in one network lowers its loss; by its own outer settings where nothing is said", async () => {
    const losses: number[] = [];
    const run = distill({ ...options, init: fixedInit(1), outer: { steps: 30 }, networksPerStep: 1, threads: 1 });
    for await (const { loss, learningRate } of run) {
      losses.push(loss);
      expect(learningRate).toBe(1);
    }
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 4);
    expect((await run.result()).recipe.outer).toMatchObject({ optimizer: "sgd", momentum: 0.5, decayFactor: 1 });
  });

  test.each([
    [
      { model: sequential([1, 6, 6], [conv2d({ out: 3, kernel: 6 }), flatten()]) },
      RangeError,
      '"model" expected a layer before its last linear',
    ],
    [{ method: { ...method, realPerClass: 0 } }, RangeError, '"method.realPerClass" expected integer >= 1, got 0'],
    [{ method: { ...method, training: { epochs: 0 } } }, RangeError, '"method.training.epochs" expected integer >= 1'],
    [{ data: subset(halves, 0, 2) }, RangeError, "expected images of each of 3 classes, got none of 2"],
    [{ method: { ...method, augment: ["turn"] } }, RangeError, '"method.augment[0]" expected one of "color", "crop"'],
    [{ augment: { flip: true } }, RangeError, '"augment" expected nothing with distribution-matching, got an object'],
  ])("is refused of %o", (change, Class, message) => {
    expect(() => distill({ ...options, ...change } as Parameters<typeof distill>[0])).toThrow(Class);
    expect(() => distill({ ...options, ...change } as Parameters<typeof distill>[0])).toThrow(message);
  });
});

test("on digits, a set teaches better than as many real images by the same protocol", async () => {
  const { train, test: held } = await digits();
  const some: Dataset = subset(train, 0, 2000);
  const net = convNet({ input: [1, 28, 28], width: 8, depth: 2, classes: 10 });
  const matching = distributionMatching({
    imagesPerClass: 1,
    realPerClass: 32,
    training: { epochs: 60, learningRate: 0.05 },
  });
  const set = await distill({ data: some, model: net, method: matching, outer: { steps: 60 }, seed: 1 }).result();
  const shared = { model: net, init: randomInit(), networks: 4, test: subset(held, 0, 300), seed: 1 };
  const ours = await evaluate({ ...shared, set });
  const real = await baseline({ ...shared, kind: "random-real", train: some, like: set });
  expect(ours.mean).toBeGreaterThan(real.mean + 0.05);
}, 60_000);
