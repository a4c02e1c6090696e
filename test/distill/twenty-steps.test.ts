// Whole runs: 20 outer steps on the engines under test against those of the float64 reference, and some of each other method.
import { expect, test } from "vitest";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import {
  backGradient,
  type DistillOptions,
  distill,
  experts,
  formation,
  frepo,
  gradientMatching,
  kip,
  labelSolve,
  memories,
  trajectoryMatching,
  windows,
} from "../../src/index.ts";
import { enginesUnderTest } from "../backends-under-test.ts";
import { expectClose, paint } from "../helpers.ts";
import { noteResidual } from "../residuals.ts";
import { networkTolerances } from "../tolerances.ts";
import { noise, smallConvNet } from "./noise.ts";

/** As a share of the largest float. Adam divides a gradient by its own size, so a small one keeps few of its digits. */
const tolerance = networkTolerances.run;

const engines = await enginesUnderTest([1, 2]);

const { parameterCount } = smallConvNet();
/** Two experts whose weights move by a tenth of their size in each of four epochs. */
const paths = experts(
  [1, 2].map((k) => {
    const theta = [paint(parameterCount, k, 0.3)];
    for (let e = 1; e <= 4; e++)
      theta.push(paint(parameterCount, 10 * k + e, 0.03).map((v, i) => v + theta[e - 1]![i]!));
    return theta;
  }),
);

const runs = [
  ["back-gradient", 20, { method: backGradient({ steps: 2, epochs: 1, imagesPerClass: 1, learningRate: 0.05 }) }],
  [
    "windows of Adam, two networks a step",
    10,
    {
      networksPerStep: 2,
      method: windows({
        ...{ imagesPerClass: 3, batchPerClass: 2, window: 4, leastSteps: 2, totalSteps: 10, learningRate: 0.01 },
        ...{ labels: "learned", rate: "learned", optimizer: "adam" },
      }),
    },
  ],
  [
    "trajectory matching of sub-batches",
    20,
    {
      ...{ networksPerStep: 2, init: paths },
      method: trajectoryMatching({
        ...{ imagesPerClass: 3, subBatch: 4, steps: 6, expertEpochs: 2, maxStartEpoch: 3, learningRate: 0.05 },
        ...{ labels: "learned", labelRate: 0.1, rateStep: 0.1 },
      }),
    },
  ],
  [
    "windows of augmented images, two networks a step",
    8,
    {
      networksPerStep: 2,
      method: windows({
        ...{ imagesPerClass: 3, batchPerClass: 2, window: 4, leastSteps: 2, totalSteps: 10, optimizer: "sgd" },
        augment: ["color", "crop", "cutout", "flip", "scale", "rotate"],
      }),
    },
  ],
  ["FRePo", 10, { networksPerStep: 2, method: frepo({ imagesPerClass: 3, poolSize: 3, maxAge: 2 }) }],
  [
    "KIP from noise",
    10,
    { outer: { learningRate: 0.01 }, method: kip({ imagesPerClass: 3, init: "noise", ridge: 1e-3 }) },
  ],
  [
    "KIP from real images with the kernel of the outputs",
    10,
    { method: kip({ imagesPerClass: 2, kernel: "nngp", ridge: 1e-3 }) },
  ],
  ["label solve", 1, { method: labelSolve({ imagesPerClass: 3, ridge: 1e-2 }) }],
  [
    "sums of bases by back-gradient",
    8,
    {
      images: memories({ bases: 3, decodedPerClass: 2 }),
      method: backGradient({ steps: 2, epochs: 1, imagesPerClass: 1, learningRate: 0.05 }),
    },
  ],
  [
    "enlarged tiles by windows of SGD, two networks a step",
    8,
    {
      networksPerStep: 2,
      images: formation({ factor: 2 }),
      method: windows({ imagesPerClass: 1, batchPerClass: 3, window: 4, totalSteps: 10, optimizer: "sgd" }),
    },
  ],
  [
    "gradient matching of augmented images",
    8,
    {
      networksPerStep: 2,
      method: gradientMatching({
        ...{ imagesPerClass: 2, realPerClass: 8, stepsPerNetwork: 3, networkSteps: 2 },
        augment: ["color", "crop", "cutout", "flip", "scale", "rotate"],
      }),
    },
  ],
] as const;

/** What a run on the engine learned, and its losses. */
async function learned(
  engine: Engine,
  steps: number,
  more: Pick<DistillOptions, "method" | "images" | "networksPerStep" | "init" | "outer">,
): Promise<Record<string, ArrayLike<number>>> {
  const run = distill({
    data: noise({ count: 45, channels: 2, size: 9, classes: 3, seed: 2 }),
    model: smallConvNet(),
    ...more,
    outer: { steps, batch: 22, ...more.outer },
    seed: 7,
    engine,
  });
  const losses: number[] = [];
  for await (const { loss } of run) losses.push(loss);
  const { images, targets, learningRates, training } = await run.result();
  return { losses, images, targets, learningRates, rate: training ? [training.learningRate] : [] };
}

test.each(runs)(
  `%s: %i outer steps have the losses and the set of the float64 reference to ${tolerance}`,
  async (...run) => {
    const [, steps, options] = run;
    const expected = await learned(await createEngine({ backend: "reference" }), steps, options);
    expect(expected.losses).toHaveLength(steps);
    for (const engine of engines) {
      for (const [part, values] of Object.entries(await learned(engine, steps, options))) {
        const label = `${part} on ${engine.backend.name} with ${engine.threads} threads, seed 7`;
        noteResidual("run", expectClose(values, expected[part]!, tolerance, label));
      }
    }
  },
);
