// The four passes of max pooling: every kernel, stride and padding from a grid over images of several sizes.
import { describe, expect, test } from "vitest";
import { conv2d } from "../../src/nn/conv2d.ts";
import type { ImageShape } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { type MaxPool2dOptions, maxPool2d } from "../../src/nn/pool2d.ts";
import { checkLayers, distinct, engines, floats, reference } from "./differences.ts";

interface Case {
  readonly input: ImageShape;
  readonly options: MaxPool2dOptions;
}

/** Square, wide, tall, exact and with a rest, one channel and several. */
const inputs: readonly ImageShape[] = [
  [1, 4, 4],
  [2, 5, 5],
  [1, 3, 6],
  [3, 6, 4],
];
const kernels = [1, 2, 3, [1, 2], [3, 2], [2, 3]] as const;
const strides = [1, 2, 3];

const cases: Case[] = inputs.flatMap((input) =>
  kernels.flatMap((kernel) => {
    const half = Math.floor(Math.min(...(typeof kernel === "number" ? [kernel] : kernel)) / 2);
    return strides.flatMap((stride) =>
      Array.from({ length: half + 1 }, (_, padding) => ({ input, options: { kernel, stride, padding } })),
    );
  }),
);

describe("max pooling matches central differences", () => {
  test("in more than a hundred cases", () => expect(cases.length).toBeGreaterThan(100));

  // Over weights, so that tangents are gathered; on the images themselves they are zero.
  cases.forEach(({ input, options }, i) => {
    test(`[${input}] ${JSON.stringify(options)}`, async () => {
      const above = [maxPool2d(options), flatten(), linear({ out: 2 })];
      const draw = distinct;
      await checkLayers(input, above, { seed: 500 + i, images: 2 + (i % 4), draw });
      const below = conv2d({ out: input[0], kernel: 1 + (i % 2) * 2, padding: i % 2 });
      await checkLayers(input, [below, ...above], { seed: 500 + i, images: 2 + ((i + 1) % 2), draw });
    });
  });

  test("one pooling over another", async () => {
    const layers = [maxPool2d({ kernel: 2 }), maxPool2d({ kernel: 2, stride: 1 })];
    const below = conv2d({ out: 2, kernel: 2 });
    await checkLayers([1, 7, 7], [below, ...layers, flatten(), linear({ out: 3 })], { seed: 700, draw: distinct });
  });

  test("pooled logits", async () => {
    const layers = [conv2d({ out: 4, kernel: 2 }), maxPool2d({ kernel: 3 })];
    await checkLayers([1, 4, 4], layers, { seed: 701, draw: distinct });
  });
});

test.each([reference, ...engines])(
  "of equal values the first in row order wins, as in PyTorch, on $backend.name",
  async (engine) => {
    const net = await engine.bind(sequential([1, 2, 2], [maxPool2d({ kernel: 2 }), linear({ out: 2 })]));
    const images = Float64Array.of(1, 3, 3, 3);
    const { images: gradient } = await net.gradients({ parameters: floats(4, 1), images, targets: Uint8Array.of(0) });
    expect(Array.from(gradient, (value) => value !== 0)).toEqual([false, true, false, false]);
  },
);
