// One outer step, done again by hand from engine.metaGradient and the formula of Adam's first step, in float64.
import { describe, expect, test } from "vitest";
import { batchInto } from "../../src/data/dataset.ts";
import type { DistilledSet } from "../../src/distill/distilled-set.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import { fixedInit, randomInit, type WeightSource } from "../../src/distill/weight-source.ts";
import { writeWeights } from "../../src/distill/write-weights.ts";
import { createEngine } from "../../src/engine/engine.ts";
import type { MetaGradient } from "../../src/engine/passes.ts";
import { type DistillOptions, distill } from "../../src/run/in-place/distill.ts";
import { expectClose } from "../helpers.ts";
import { brightHalves, halvesNet } from "./halves.ts";

const engine = await createEngine({ backend: "reference" });
const data = brightHalves({ count: 30 });
const model = halvesNet();
const method = backGradient({ steps: 2, epochs: 2, imagesPerClass: 2, learningRate: 0.1 });
/**
 * Adam divides by |g| + eps: with eps far above |g| its first step is nearly proportional to the gradient, so that an
 * average shows; and with that step size it is large against the rounding of a set to float32.
 */
const adam = { learningRate: 100, beta1: 0.5, beta2: 0.999, eps: 10 };
const tolerance = 1e-5;
const seed = 7;

function options(networksPerStep: number, init: WeightSource, steps: number): DistillOptions {
  return { data, model, method, init, networksPerStep, outer: { ...adam, steps, batch: 30 }, seed, engine };
}

const start = await distill(options(1, randomInit(), 0)).result();

/** θ_0 of network `index`. */
async function weights(init: WeightSource, index: number): Promise<Float64Array> {
  const mark = engine.arena.mark();
  const theta = engine.arena.allocate(model.parameterCount);
  writeWeights(init, engine.backend, model, theta, { seed, purpose: "distil", index });
  const values = engine.backend.read(theta, model.parameterCount);
  engine.arena.release(mark);
  return Float64Array.from(await values);
}

function blocksOf(set: DistilledSet) {
  const [pixels, classes] = [set.imagesPerStep * 36, set.imagesPerStep * set.classes];
  return Array.from({ length: set.steps }, (_, s) => ({
    images: set.images.subarray(s * pixels, (s + 1) * pixels),
    targets: set.targets.subarray(s * classes, (s + 1) * classes),
  }));
}

async function metaGradient(set: DistilledSet, parameters: Float64Array): Promise<MetaGradient> {
  const images = new Float32Array(30 * 36);
  batchInto(
    data,
    Array.from({ length: 30 }, (_, i) => i),
    images,
  );
  const net = await engine.bind(model);
  return net.metaGradient({
    parameters,
    steps: blocksOf(set),
    epochs: set.epochs,
    learningRates: set.learningRates,
    real: { images, targets: data.labels },
  });
}

const average = (rows: readonly ArrayLike<number>[]) =>
  Array.from(rows[0]!, (_, i) => rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length);

/** Adam's first step: both moments, corrected for their bias, are g and g². */
const firstStep = (x: ArrayLike<number>, g: readonly number[]) =>
  g.map((slope, i) => x[i]! - (adam.learningRate * slope) / (Math.abs(slope) + adam.eps));

describe.each([
  { name: "one random network", networks: 1, init: randomInit() },
  { name: "three random networks, averaged", networks: 3, init: randomInit() },
  { name: "a fixed network", networks: 1, init: fixedInit(5) },
])("an outer step over $name", ({ networks, init }) => {
  test("is Adam's first step along the mean meta-gradient", async () => {
    const set = await distill(options(networks, init, 1)).result();
    const results: MetaGradient[] = [];
    for (let k = 0; k < networks; k++) results.push(await metaGradient(start, await weights(init, k)));

    const images = average(results.map((result) => result.images.flatMap((block) => [...block])));
    const wanted = firstStep(start.images, images);
    expectClose(change(set.images), change(wanted), tolerance, `images, seed ${seed}`);

    // η = softplus(r): r = ln(e^η − 1), ∂η/∂r = sigmoid(r)
    const raw = Array.from(start.learningRates, (rate) => Math.log(Math.expm1(rate)));
    const slopes = average(results.map((result) => result.learningRates)).map((g, t) => g / (1 + Math.exp(-raw[t]!)));
    const rates = firstStep(raw, slopes).map((r) => Math.log1p(Math.exp(r)));
    expectClose(set.learningRates, rates, tolerance, `learning rates, seed ${seed}`);
    // Each in its place: they differ by more than the tolerance.
    expect(new Set(rates.map((rate) => Math.round(rate / (4 * tolerance)))).size).toBe(4);
    expect(set.targets).toEqual(start.targets);
  });

  test("goes along half the gradient where the gradient is clipped at half its norm", async () => {
    const { outer, ...rest } = options(networks, init, 1);
    const set = await distill({ ...rest, outer: { ...outer, clip: 0.5 } }).result();
    const results: MetaGradient[] = [];
    for (let k = 0; k < networks; k++) results.push(await metaGradient(start, await weights(init, k)));
    const half = average(results.map((result) => result.images.flatMap((block) => [...block]))).map((g) => g / 2);
    expectClose(change(set.images), change(firstStep(start.images, half)), tolerance, `images, seed ${seed}`);
    expect(set.recipe).toMatchObject({ outer: { clip: 0.5 } });
  });

  test("reports the mean outer loss before the update", async () => {
    const losses: number[] = [];
    for await (const { loss } of distill(options(networks, init, 1))) losses.push(loss);
    const expected: number[][] = [];
    for (let k = 0; k < networks; k++) expected.push([(await metaGradient(start, await weights(init, k))).loss]);
    expectClose(losses, average(expected), tolerance, `loss, seed ${seed}`);
  });
});

test("four outer steps are clipped by the running mean of the norms of all of them, as a loop without the library has it", async () => {
  // Each step has a network of its own, so that the norms differ.
  const outer = { ...adam, steps: 4, batch: 30, clip: 0.8 };
  const run = distill({ ...options(1, randomInit(), 4), outer });
  const snapshots: DistilledSet[] = [];
  for await (const _ of run) snapshots.push(await run.snapshot());

  const pixels = start.images.length;
  // All that is learned: pixels, then r.
  const learned = [...start.images, ...Array.from(start.learningRates, (rate) => Math.log(Math.expm1(rate)))];
  const moments = learned.map(() => ({ first: 0, second: 0 }));
  const factors: number[] = [];
  let mean: number | undefined;
  for (let step = 1; step <= 4; step++) {
    const raw = learned.slice(pixels);
    const set = {
      ...start,
      images: Float64Array.from(learned.slice(0, pixels)) as unknown as Float32Array,
      learningRates: Float64Array.from(raw, (r) => Math.log1p(Math.exp(r))) as unknown as Float32Array,
    };
    const { images, learningRates } = await metaGradient(set, await weights(randomInit(), step - 1));
    const rates = Array.from(learningRates, (g, t) => g / (1 + Math.exp(-raw[t]!)));
    const gradient = [...images.flatMap((block) => [...block]), ...rates];
    const norm = Math.hypot(...gradient);
    mean ??= norm;
    const factor = Math.min(1, (outer.clip * mean) / norm);
    mean = 0.9 * mean + 0.1 * factor * norm;
    factors.push(factor);
    gradient.forEach((value, i) => {
      const [g, moment] = [factor * value, moments[i]!];
      moment.first = adam.beta1 * moment.first + (1 - adam.beta1) * g;
      moment.second = adam.beta2 * moment.second + (1 - adam.beta2) * g * g;
      const [m, v] = [moment.first / (1 - adam.beta1 ** step), moment.second / (1 - adam.beta2 ** step)];
      learned[i]! -= (adam.learningRate * m) / (Math.sqrt(v) + adam.eps);
    });
    const label = `after step ${step}, seed ${seed}`;
    expectClose(change(snapshots[step - 1]!.images), change(learned.slice(0, pixels)), tolerance, `images ${label}`);
    const now = learned.slice(pixels).map((r) => Math.log1p(Math.exp(r)));
    expectClose(snapshots[step - 1]!.learningRates, now, tolerance, `learning rates ${label}`);
  }
  // And the test could tell: where the mean were forgotten, each factor would be 0.8.
  expect(factors[1]).toBe(1);
  expect(factors[3]).toBeLessThan(0.7);
});

test("the next outer step takes the next networks, from where the last one ended", async () => {
  const run = distill(options(2, randomInit(), 2));
  const losses: number[] = [];
  const snapshots: DistilledSet[] = [];
  for await (const { loss } of run) {
    losses.push(loss);
    snapshots.push(await run.snapshot());
  }
  const expected: number[][] = [];
  for (const index of [2, 3]) {
    expected.push([(await metaGradient(snapshots[0]!, await weights(randomInit(), index))).loss]);
  }
  expectClose(losses.slice(1), average(expected), tolerance, `loss, seed ${seed}`);
});

/** How far pixels have moved from the start. */
function change(images: ArrayLike<number>): number[] {
  return Array.from(images, (value, i) => value - start.images[i]!);
}
