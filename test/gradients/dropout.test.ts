// Dropout: the four passes under one mask, and what the mask depends on.
import { describe, expect, test } from "vitest";
import { softplus, tanh } from "../../src/nn/activation.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { dropout } from "../../src/nn/dropout.ts";
import type { ImageShape, Layer } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { enginesUnderTest, onGpu } from "../backends-under-test.ts";
import { noteResidual } from "../residuals.ts";
import { networkTolerances } from "../tolerances.ts";
import { checkDerivatives, drawPoint, floats, inner, moved, reference } from "./differences.ts";
import { paintProblem } from "./inner-loops.ts";

const last = linear({ out: 3 });
const cases: readonly (readonly [why: string, input: ImageShape, layers: readonly Layer[]])[] = [
  ["after a linear layer", [4, 1, 1], [linear({ out: 9 }), tanh(), dropout(), last]],
  ["on what tanh reads again", [4, 1, 1], [linear({ out: 9 }), tanh(), dropout({ p: 0.3 }), tanh(), last]],
  ["below an activation", [4, 1, 1], [linear({ out: 9 }), dropout({ p: 0.4 }), softplus(), last]],
  ["after a convolution", [2, 4, 4], [conv2d({ out: 3, kernel: 3 }), dropout({ p: 0.3 }), tanh(), flatten(), last]],
  ["after flatten", [2, 4, 4], [conv2d({ out: 3, kernel: 3 }), softplus(), flatten(), dropout({ p: 0.3 }), last]],
  ["on the images", [1, 4, 4], [dropout({ p: 0.2 }), flatten(), linear({ out: 5 }), tanh(), last]],
  ["in two layers", [5, 1, 1], [linear({ out: 9 }), tanh(), dropout(), linear({ out: 8 }), tanh(), dropout(), last]],
  ["on the logits", [5, 1, 1], [linear({ out: 6 }), tanh(), linear({ out: 7 }), dropout({ p: 0.25 })]],
  ["of p = 0", [4, 1, 1], [linear({ out: 6 }), tanh(), dropout({ p: 0 }), last]],
];

describe("dropout matches central differences", () => {
  test.each(cases.map((row, i) => [...row, 3400 + i] as const))("%s", async (why, input, layers, first) => {
    const model = sequential(input, layers);
    const { point, seed } = await drawPoint(model, 2 + (first % 4), first);
    const masked = { ...point, dropoutSeed: first };
    await checkDerivatives(model, masked, seed, `dropout ${why}, seed ${seed}`);
  });
});

const model = sequential(
  [1, 4, 4],
  [
    flatten(),
    linear({ out: 12 }),
    tanh(),
    dropout({ p: 0.4 }),
    linear({ out: 10 }),
    tanh(),
    dropout(),
    linear({ out: 3 }),
  ],
);
const without = sequential(
  [1, 4, 4],
  [flatten(), linear({ out: 12 }), tanh(), linear({ out: 10 }), tanh(), linear({ out: 3 })],
);
const loop = { steps: 2, epochs: 2, images: 3, real: 5, seed: 3500, scale: 0.6, step: 1e-6 };
const problem = paintProblem(model, loop);
const point = { parameters: problem.parameters, ...problem.steps[0]! };

describe.skipIf(onGpu)("the mask", () => {
  test("is the same for a seed, and another for another", async () => {
    const net = await reference.bind(model);
    const [a, again, b] = [
      await net.gradients({ ...point, dropoutSeed: 1 }),
      await net.gradients({ ...point, dropoutSeed: 1 }),
      await net.gradients({ ...point, dropoutSeed: 2 }),
    ];
    expect(again).toEqual(a);
    expect(b.loss).not.toBe(a.loss);
  });

  test("is none without a seed: nothing is dropped", async () => {
    const [with_, plain] = [await reference.bind(model), await reference.bind(without)];
    const vector = floats(model.parameterCount, 5);
    expect(await with_.gradients(point)).toEqual(await plain.gradients(point));
    expect(await with_.hessianVectorProduct({ ...point, vector })).toEqual(
      await plain.hessianVectorProduct({ ...point, vector }),
    );
    expect(await with_.metaGradient(problem)).toEqual(await plain.metaGradient(problem));
    expect(await with_.forward(point)).toEqual(await plain.forward(point));
  });

  test("zeroes a share p of the elements, and keeps the mean", async () => {
    const ones = sequential([1, 1, 2000], [dropout({ p: 0.3 }), flatten()]);
    const { logits } = await (await reference.bind(ones)).gradients({
      parameters: new Float64Array(0),
      images: new Float64Array(8000).fill(1),
      targets: Uint8Array.of(0, 0, 0, 0),
      dropoutSeed: 7,
    });
    const dropped = logits.filter((value) => value === 0).length / 8000;
    // Five standard deviations of a share of 8,000.
    expect(Math.abs(dropped - 0.3)).toBeLessThan(5 * Math.sqrt((0.3 * 0.7) / 8000));
    for (const value of logits) if (value !== 0) expect(value).toBe(1 / 0.7);
  });

  test.each([-0.1, 1, Number.NaN])("refuses p = %s", (p) => {
    expect(() => dropout({ p })).toThrow(new RangeError(`"p" expected a number >= 0 and < 1, got ${p}`));
  });

  test.each([-1, 0.5, "one"])("refuses a seed of %j", async (dropoutSeed) => {
    const net = await reference.bind(model);
    const message = `"dropoutSeed" expected integer from 0 to ${Number.MAX_SAFE_INTEGER}, got ${JSON.stringify(dropoutSeed)}`;
    const error = typeof dropoutSeed === "string" ? new TypeError(message) : new RangeError(message);
    const chance = { dropoutSeed: dropoutSeed as number };
    const vector = point.parameters;
    await expect(net.gradients({ ...point, ...chance })).rejects.toThrow(error);
    await expect(net.hessianVectorProduct({ ...point, vector, ...chance })).rejects.toThrow(error);
    await expect(net.metaGradient({ ...problem, ...chance })).rejects.toThrow(error);
  });
});

describe("the meta-gradient under dropout", async () => {
  const engines = await enginesUnderTest([1, 2, 3]);
  const seeded = { ...problem, dropoutSeed: 11 };

  test.skipIf(onGpu)("of one step uses the mask of a single gradient, and evaluates without one", async () => {
    const net = await reference.bind(model);
    const one = { ...seeded, steps: [problem.steps[0]!], epochs: 1, learningRates: Float64Array.of(0.3) };
    const { parameters: gradient } = await net.gradients({ ...point, dropoutSeed: 11 });
    const trained = moved(problem.parameters, -0.3, gradient);
    const result = await net.metaGradient(one);
    expect(result.parameters).toEqual(trained);
    expect(result.loss).toBe((await net.gradients({ parameters: trained, ...problem.real })).loss);
  });

  test.skipIf(onGpu)("has other masks in every inner step, of one block too", async () => {
    const net = await reference.bind(model);
    const block = problem.steps[0]!;
    const rates = Float64Array.of(0.3, 0.3);
    const { parameters } = await net.metaGradient({ ...seeded, steps: [block], epochs: 2, learningRates: rates });
    let theta = problem.parameters;
    for (let t = 0; t < 2; t++) {
      const { parameters: gradient } = await net.gradients({ ...block, parameters: theta, dropoutSeed: 11 });
      theta = moved(theta, -0.3, gradient);
    }
    expect(parameters).not.toEqual(theta);
  });

  test.skipIf(onGpu).each(["images", "learningRates", "parameters"] as const)(
    "matches central differences by %s",
    async (part) => {
      const net = await reference.bind(model);
      const result = await net.metaGradient(seeded);
      const size = problem.steps[0]!.images.length;
      const [gradient, at] = {
        images: [Float64Array.from(result.images.flatMap((block) => [...block])), new Float64Array(2 * size)] as const,
        learningRates: [result.learningRates, problem.learningRates] as const,
        parameters: [result.initial, problem.parameters] as const,
      }[part];
      for (let i = 0; i < 5; i++) {
        const direction = floats(at.length, 3600 + i);
        const lossAt = async (by: number): Promise<number> => {
          const steps = problem.steps.map((block, s) => ({
            ...block,
            images: moved(block.images, by, direction.subarray(s * size, (s + 1) * size)),
          }));
          const changed = part === "images" ? { steps } : { [part]: moved(at, by, direction) };
          return (await net.metaGradient({ ...seeded, ...changed })).loss;
        };
        const slope = ((await lossAt(loop.step)) - (await lossAt(-loop.step))) / (2 * loop.step);
        expect(Math.abs(inner(gradient, direction) - slope) / Math.abs(slope), `direction ${i}`).toBeLessThan(1e-5);
      }
    },
  );

  const tolerance = networkTolerances.metaGradient;
  test(`has the same bits stored or recomputed, with 1, 2 and 3 threads, and is the reference's to ${tolerance}`, async () => {
    const expected = await (await reference.bind(model)).metaGradient(seeded);
    let first: typeof expected | undefined;
    for (const engine of engines) {
      const net = await engine.bind(model);
      for (const memory of ["store", "recompute"] as const) {
        const result = await net.metaGradient({ ...seeded, memory });
        first ??= result;
        expect(result).toEqual(first);
      }
    }
    const error = expected.initial.map((value, i) => value - first!.initial[i]!);
    const residual = Math.sqrt(inner(error, error) / inner(expected.initial, expected.initial));
    noteResidual("metaGradient", residual);
    expect(residual).toBeLessThan(tolerance);
  });
});
