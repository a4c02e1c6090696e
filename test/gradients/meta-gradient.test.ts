// The derivative of the outer loss through the whole inner loop: the reference against central differences of a loop
// written out by hand, the engines under test against the reference.
import { describe, expect, test } from "vitest";
import type { BoundNetwork } from "../../src/engine/bound-network.ts";
import type { MetaGradient } from "../../src/engine/passes.ts";
import { relu, tanh } from "../../src/nn/activation.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { maxPool2d } from "../../src/nn/pool2d.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { enginesUnderTest, onGpu } from "../backends-under-test.ts";
import { noteResidual } from "../residuals.ts";
import { networkTolerances } from "../tolerances.ts";
import { engines, floats, inner, moved, reference } from "./differences.ts";
import { drawProblem, type Problem, type ProblemOptions, paintProblem, train } from "./inner-loops.ts";

/** The error as a share of the slope. Rounding, 2⁻⁵³·ℓ/step, is the larger part of it. */
const differenceTolerance = 1e-5;
/**
 * ‖engine − reference‖ / ‖reference‖. 2e-3 is asked for (float32 through 30 steps there and back may cross a kink that
 * float64 does not); away from kinks the errors are below 1e-6.
 */
const engineTolerance = networkTolerances.metaGradient;

const conv = sequential(
  [1, 5, 5],
  [conv2d({ out: 3, kernel: 3, padding: 1 }), relu(), maxPool2d({ kernel: 2 }), flatten(), linear({ out: 3 })],
);
/**
 * Its second layer goes through the frequency domain, and real images come in chunks of 32 that share its weights. The seed is one
 * whose slopes do not cancel: with 1400 direct sums and tiles are off by 1.6e-5 in ∂L/∂η too.
 */
const wide = sequential(
  [2, 8, 8],
  [
    conv2d({ out: 64, kernel: 3, padding: 1 }),
    tanh(),
    conv2d({ out: 64, kernel: 3, padding: 1 }),
    tanh(),
    flatten(),
    linear({ out: 3 }),
  ],
);
const wideLoop = { steps: 1, epochs: 2, images: 3, real: 36, seed: 1402, scale: 0.05, step: 1e-6 };
/** T = 1, 2, 3, 10, 30: one block, several, several epochs. */
const convLoops = [
  { steps: 1, epochs: 1 },
  { steps: 2, epochs: 1 },
  { steps: 1, epochs: 3 },
  { steps: 5, epochs: 2 },
  { steps: 10, epochs: 3 },
].map((loop, i) => ({ ...loop, images: 3 + (i % 2), real: 6, seed: 1200 + i, scale: 0.6, step: 1e-6 }));
/** The inner optimisers other than plain gradient descent, over T = 1, 2, 3, 10. */
const optimizerLoops = [
  { momentum: 0.9, weightDecay: 0 },
  { momentum: 0, weightDecay: 5e-4 },
  { momentum: 0.9, weightDecay: 5e-4 },
  // So large that a term left out would show in every derivative.
  { momentum: 0.5, weightDecay: 0.3 },
].flatMap((optimizer, i) =>
  convLoops.slice(0, 4).map((loop, j) => ({ ...loop, ...optimizer, seed: 1250 + 10 * i + j })),
);
/** A step of 1e-7: among LeNet's 8,000 activations an image, some are always closer to a kink than 1e-5. */
const lenetLoops = [
  { steps: 2, epochs: 1 },
  { steps: 3, epochs: 1 },
  { steps: 2, epochs: 2 },
].map((loop, i) => ({ ...loop, images: 2, real: 3, seed: 1310 + i, scale: 0.15, step: 1e-7 }));

const title = ({ steps, epochs, momentum = 0, weightDecay = 0 }: ProblemOptions) =>
  `T = ${steps * epochs} (${steps} × ${epochs}), momentum ${momentum}, weight decay ${weightDecay}`;

/** A problem moved by `by` along a direction in one of the things it depends on. */
type Move = (problem: Problem, direction: Float64Array, by: number) => Problem;
const moves: Readonly<Record<"images" | "targets" | "learningRates" | "initial", Move>> = {
  images: (problem, direction, by) => ({ ...problem, steps: movedBlocks(problem, "images", direction, by) }),
  targets: (problem, direction, by) => ({ ...problem, steps: movedBlocks(problem, "targets", direction, by) }),
  learningRates: (problem, direction, by) => ({
    ...problem,
    learningRates: moved(problem.learningRates, by, direction),
  }),
  initial: (problem, direction, by) => ({ ...problem, parameters: moved(problem.parameters, by, direction) }),
};

function movedBlocks({ steps }: Problem, part: "images" | "targets", direction: Float64Array, by: number) {
  const size = steps[0]![part].length;
  return steps.map((block, s) => ({
    ...block,
    [part]: moved(block[part], by, direction.subarray(s * size, (s + 1) * size)),
  }));
}

/** All entries of one derivative, block after block. */
function flat(result: MetaGradient, part: keyof typeof moves): Float64Array {
  const value = result[part];
  return Float64Array.from(Array.isArray(value) ? value.flatMap((block) => [...block]) : (value as Float64Array));
}

const known = new Map<number, Promise<{ problem: Problem; seed: number; expected: MetaGradient }>>();

/** The problem of these options, drawn once, and the reference's answer to it. */
function solved(net: BoundNetwork, options: ProblemOptions): NonNullable<ReturnType<typeof known.get>> {
  const solve = async () => {
    const drawn = await drawProblem(net.model, options);
    return { ...drawn, expected: await net.metaGradient(drawn.problem) };
  };
  const answer = known.get(options.seed) ?? solve();
  known.set(options.seed, answer);
  return answer;
}

async function checkDirections(net: BoundNetwork, options: ProblemOptions, directions: number): Promise<void> {
  const { problem, seed, expected: result } = await solved(net, options);
  const { step } = options;
  const label = `${title(options)}, seed ${seed}`;
  const { loss, trajectory } = await train(net, problem);
  expect(Math.abs(result.loss - loss), `loss, ${label}`).toBeLessThan(1e-12);
  expect(normError(result.parameters, trajectory.at(-1)!), `θ_T, ${label}`).toBeLessThan(1e-12);
  for (const part of Object.keys(moves) as (keyof typeof moves)[]) {
    const gradient = flat(result, part);
    for (let i = 0; i < directions; i++) {
      const direction = floats(gradient.length, seed + 500 + i);
      const after = await train(net, moves[part](problem, direction, step));
      const before = await train(net, moves[part](problem, direction, -step));
      const slope = (after.loss - before.loss) / (2 * step);
      const error = Math.abs(inner(gradient, direction) - slope) / Math.abs(slope);
      expect(error, `∂L/∂${part} along direction ${i}, ${label}`).toBeLessThan(differenceTolerance);
    }
  }
}

function normError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  const difference = Float64Array.from(expected, (value, i) => value - actual[i]!);
  return Math.sqrt(inner(difference, difference) / inner(expected, expected));
}

describe.skipIf(onGpu)("the reference's meta-gradient matches central differences to 1e-5", () => {
  test.each(convLoops)("of a small convolutional network, $steps × $epochs steps, 20 directions", async (options) => {
    await checkDirections(await reference.bind(conv), options, 5);
  });

  test.each(optimizerLoops)(
    "of a small convolutional network, $steps × $epochs steps, momentum $momentum, weight decay $weightDecay",
    async (options) => {
      await checkDirections(await reference.bind(conv), options, 3);
    },
  );

  test.each(lenetLoops)("of LeNet, $steps × $epochs steps", async (options) => {
    await checkDirections(await reference.bind(lenet()), options, 1);
  });
});

describe(`the meta-gradient of the engines under test is the reference's to ${engineTolerance}`, () => {
  test.each([
    ...[...convLoops, ...optimizerLoops].map((options) => ({
      model: conv,
      name: `a small convolutional network (seed ${options.seed})`,
      ...options,
    })),
    ...lenetLoops.map((options) => ({ model: lenet(), name: "LeNet", ...options })),
    { model: wide, name: "a network through the frequency domain", ...wideLoop },
  ])("of $name, $steps × $epochs steps", async ({ model, ...options }) => {
    const { problem, seed, expected } = await solved(await reference.bind(model), options);
    for (const engine of engines) {
      const result = await (await engine.bind(model)).metaGradient(problem);
      const label = `${title(options)}, seed ${seed}`;
      const close = (error: number, what: string): void => {
        noteResidual("metaGradient", error);
        expect(error, `${what}, ${label}`).toBeLessThan(engineTolerance);
      };
      close(Math.abs(result.loss - expected.loss) / expected.loss, "loss");
      close(normError(result.parameters, expected.parameters), "θ_T");
      for (const part of Object.keys(moves) as (keyof typeof moves)[]) {
        close(normError(flat(result, part), flat(expected, part)), `∂L/∂${part}`);
      }
    }
  });
});

describe("the meta-gradient has the same bits", async () => {
  const sameBits = await enginesUnderTest([1, 2, 3]);
  const small = { name: "a small convolutional network", model: conv, ...convLoops[3]! };
  const large = [
    { name: "LeNet with ten images a step", model: lenet(), ...lenetLoops[2]!, images: 10, real: 200 },
    { name: "a network through the frequency domain", model: wide, ...wideLoop },
    {
      name: "LeNet with momentum and weight decay",
      model: lenet(),
      ...lenetLoops[2]!,
      images: 10,
      real: 200,
      momentum: 0.9,
      weightDecay: 5e-4,
    },
  ];

  // LeNet with 200 images takes a GPU on the processor ten seconds, in which it runs the shaders of the small network.
  const cases = onGpu ? [small] : [small, ...large];

  test.each(cases)("stored or recomputed, with 1, 2 and 3 threads: $name", async ({ model, ...options }) => {
    const problem = paintProblem(model, options);
    let first: MetaGradient | undefined;
    for (const engine of sameBits) {
      const net = await engine.bind(model);
      for (const memory of ["store", "recompute"] as const) {
        const result = await net.metaGradient({ ...problem, memory });
        first ??= result;
        for (const part of Object.keys(result) as (keyof MetaGradient)[]) {
          expect(result[part], `${part}, ${engine.threads} threads, ${memory}, seed ${options.seed}`).toEqual(
            first[part],
          );
        }
      }
    }
  });
});
