// A network may end in a layer that works in place.
import { expect, test } from "vitest";
import type { Layer } from "../../src/nn/layer.ts";
import { elements } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { differenceStep, differenceTolerance, float32Tolerance } from "../helpers.ts";
import { engines, floats, reference } from "./differences.ts";

/** y = 2x, each pass in place. */
const twice: Layer = {
  kind: "twice",
  options: {},
  outputShape: (input) => input,
  parameters: () => [],
  planned: () => ({ op: "elementwise" }),
  flops: () => 0,
  bind(input, { ops, lanes: batch }) {
    const n = elements(input) * batch;
    return {
      inPlace: true,
      savedFloats: 0,
      workspaceFloats: 0,
      forward: ({ x, y }) => ops.scale(y, 2, x, n),
      backward({ dx, dy }) {
        if (dx) ops.scale(dx, 2, dy, n);
      },
      forwardR(_, { rx, ry }) {
        if (rx) ops.scale(ry, 2, rx, n);
        else ops.fill(ry, 0, n);
      },
      backwardR(_, { rdx, rdy }) {
        if (rdx) ops.scale(rdx, 2, rdy, n);
      },
    };
  },
};

test.each([
  ["the last layer", [flatten(), linear({ out: 3 }), twice]],
  ["the layer before a view", [flatten(), linear({ out: 3 }), twice, flatten()]],
] as const)("the learning rate's derivative is that of differences where %s works in place", async (_, layers) => {
  const model = sequential([1, 2, 2], layers);
  const bound = await reference.bind(model);
  const problem = {
    parameters: floats(model.parameterCount, 3),
    steps: [{ images: floats(8, 4), targets: Uint8Array.of(0, 1) }],
    real: { images: floats(8, 5), targets: Uint8Array.of(2, 1) },
  };
  const at = (rate: number, net = bound) => net.metaGradient({ ...problem, learningRates: [rate] });
  const [after, before] = [await at(0.1 + differenceStep), await at(0.1 - differenceStep)];
  const slope = (after.loss - before.loss) / (2 * differenceStep);
  const { learningRates } = await at(0.1);
  expect(Math.abs(learningRates[0]! - slope) / Math.abs(slope)).toBeLessThan(differenceTolerance);
  for (const engine of engines) {
    const { learningRates: found } = await at(0.1, await engine.bind(model));
    expect(Math.abs(found[0]! - learningRates[0]!) / Math.abs(slope)).toBeLessThan(float32Tolerance);
  }
});
