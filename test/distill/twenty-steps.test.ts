// A whole run: 20 outer steps on the engines under test against those of the float64 reference.
import { expect, test } from "vitest";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { backGradient, distill } from "../../src/index.ts";
import { enginesUnderTest } from "../backends-under-test.ts";
import { expectClose } from "../helpers.ts";
import { noteResidual } from "../residuals.ts";
import { networkTolerances } from "../tolerances.ts";
import { noise, smallConvNet } from "./noise.ts";

/** As a share of the largest float. Adam divides a gradient by its own size, so a small one keeps few of its digits. */
const tolerance = networkTolerances.run;

const engines = await enginesUnderTest([1, 2]);

/** What a run on the engine learned, and its losses. */
async function learned(engine: Engine): Promise<Record<string, ArrayLike<number>>> {
  const run = distill({
    data: noise({ count: 45, channels: 2, size: 9, classes: 3, seed: 2 }),
    model: smallConvNet(),
    method: backGradient({ steps: 2, epochs: 1, imagesPerClass: 1, learningRate: 0.05 }),
    outer: { steps: 20, batch: 22 },
    seed: 7,
    engine,
  });
  const losses: number[] = [];
  for await (const { loss } of run) losses.push(loss);
  const { images, learningRates } = await run.result();
  return { losses, images, learningRates: learningRates! };
}

test(`20 outer steps have the losses, images and learning rates of the float64 reference to ${tolerance}`, async () => {
  const expected = await learned(await createEngine({ backend: "reference" }));
  expect(expected.losses).toHaveLength(20);
  for (const engine of engines) {
    for (const [part, values] of Object.entries(await learned(engine))) {
      const label = `${part} on ${engine.backend.name} with ${engine.threads} threads, seed 7`;
      noteResidual("run", expectClose(values, expected[part]!, tolerance, label));
    }
  }
});
