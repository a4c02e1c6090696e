// The four passes of leaky ReLU, tanh, sigmoid and softplus, wherever they may stand: alone, in place over what a layer
// made, below a layer that would work in place over what they read again, over the images themselves.
import { describe, expect, test } from "vitest";
import { leakyRelu, relu, sigmoid, softplus, tanh } from "../../src/nn/activation.ts";
import { avgPool2d } from "../../src/nn/avg-pool2d.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { dropout } from "../../src/nn/dropout.ts";
import type { ImageShape, Layer } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { maxPool2d } from "../../src/nn/pool2d.ts";
import { checkLayers, distinct, engines, floats, inner, reference } from "./differences.ts";

type Case = readonly [why: string, input: ImageShape, layers: (f: Layer) => readonly Layer[]];

const last = linear({ out: 3 });
const cases: readonly Case[] = [
  ["after a linear layer", [4, 1, 1], (f) => [linear({ out: 6 }), f, last]],
  ["after a convolution", [2, 4, 4], (f) => [conv2d({ out: 3, kernel: 3 }), f, flatten(), last]],
  ["after a padded convolution", [1, 4, 4], (f) => [conv2d({ out: 2, kernel: 3, padding: 1 }), f, flatten(), last]],
  ["on the images", [1, 3, 3], (f) => [f, flatten(), last]],
  ["on the flat images", [1, 3, 3], (f) => [flatten(), f, last]],
  ["on the images, before a convolution", [1, 4, 4], (f) => [f, conv2d({ out: 2, kernel: 3 }), flatten(), last]],
  ["twice", [5, 1, 1], (f) => [linear({ out: 7 }), f, f, last]],
  ["twice on the images", [1, 3, 3], (f) => [f, f, flatten(), last]],
  ["below ReLU, which works in place", [5, 1, 1], (f) => [linear({ out: 7 }), f, relu(), last]],
  ["below ReLU, a flatten between", [1, 4, 4], (f) => [conv2d({ out: 2, kernel: 3 }), f, flatten(), relu(), last]],
  ["above ReLU", [5, 1, 1], (f) => [linear({ out: 7 }), relu(), f, last]],
  ["below dropout, which works in place", [5, 1, 1], (f) => [linear({ out: 7 }), f, dropout(), last]],
  [
    "before max pooling",
    [1, 6, 6],
    (f) => [conv2d({ out: 2, kernel: 3 }), f, maxPool2d({ kernel: 2 }), flatten(), last],
  ],
  [
    "after max pooling",
    [1, 6, 6],
    (f) => [conv2d({ out: 2, kernel: 3 }), maxPool2d({ kernel: 2 }), f, flatten(), last],
  ],
  [
    "before avg pooling",
    [1, 6, 6],
    (f) => [conv2d({ out: 2, kernel: 3 }), f, avgPool2d({ kernel: 2 }), flatten(), last],
  ],
  ["on the logits", [6, 1, 1], (f) => [linear({ out: 5 }), f]],
  ["in three layers", [3, 1, 1], (f) => [linear({ out: 6 }), f, linear({ out: 5 }), f, last, f]],
];

const activations: readonly (readonly [name: string, layer: Layer, seed: number])[] = [
  ["leaky ReLU", leakyRelu(), 2000],
  ["leaky ReLU of slope 0.3", leakyRelu({ slope: 0.3 }), 2100],
  ["leaky ReLU of slope 2", leakyRelu({ slope: 2 }), 2200],
  ["tanh", tanh(), 2300],
  ["sigmoid", sigmoid(), 2400],
  ["softplus", softplus(), 2500],
];

describe.each(activations)("%s matches central differences", (_, layer, seed) => {
  test.each(cases.map(([why, ...rest], i) => [why, i, ...rest] as const))("%s", async (_, i, input, layers) => {
    await checkLayers(input, layers(layer), { seed: seed + i, images: 2 + (i % 4), draw: distinct });
  });
});

test("one activation over another matches central differences, in every order", async () => {
  const all = [leakyRelu(), tanh(), sigmoid(), softplus()];
  for (const [i, below] of all.entries()) {
    for (const [j, above] of all.entries()) {
      const layers = [linear({ out: 5 }), below, above, linear({ out: 3 })];
      await checkLayers([4, 1, 1], layers, { seed: 2600 + 4 * i + j, draw: distinct });
    }
  }
});

test.each([reference, ...engines])(
  "leaky ReLU's derivative at 0 is its slope, as in PyTorch, on $backend.name",
  async (engine) => {
    const model = sequential([1, 1, 1], [leakyRelu({ slope: 0.25 }), linear({ out: 2, bias: false })]);
    const net = await engine.bind(model);
    const point = { parameters: floats(2, 1), targets: Uint8Array.of(1) };
    const at = await net.gradients({ ...point, images: Float64Array.of(0) });
    const below = await net.gradients({ ...point, images: Float64Array.of(-1e-12) });
    expect(at.images[0]).not.toBe(0);
    expect(Math.abs(at.images[0]! / below.images[0]! - 1)).toBeLessThan(1e-9);
  },
);

test("leaky ReLU of slope 0 is ReLU", async () => {
  const layers = (f: Layer) => sequential([4, 1, 1], [linear({ out: 6 }), f, linear({ out: 3 })]);
  const model = layers(relu());
  const point = {
    parameters: floats(model.parameterCount, 1),
    images: floats(12, 2),
    targets: Uint8Array.of(0, 1, 2),
    vector: floats(model.parameterCount, 3),
  };
  const [plain, leaky] = [await reference.bind(model), await reference.bind(layers(leakyRelu({ slope: 0 })))];
  const [expected, actual] = [await plain.hessianVectorProduct(point), await leaky.hessianVectorProduct(point)];
  for (const part of ["parameters", "images", "targets"] as const) {
    const difference = Float64Array.from(expected[part], (value, i) => value - actual[part][i]!);
    expect(inner(difference, difference)).toBe(0);
  }
});

describe("leakyRelu", () => {
  test.each([-0.1, Number.NaN, Number.POSITIVE_INFINITY])("refuses a slope of %s", (slope) => {
    expect(() => leakyRelu({ slope })).toThrow(new RangeError(`"slope" expected a finite number >= 0, got ${slope}`));
  });
});
