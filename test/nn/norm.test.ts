// Normalisation layers as plain data: options, shapes, parameters and their first values.

import { describe, expect, test } from "vitest";
import { Arena } from "../../src/backend/arena.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { wasmPlan } from "../../src/backend/wasm/plan.ts";
import { ShapeError } from "../../src/errors.ts";
import { chunkImages } from "../../src/inner/chunks.ts";

import { conv2d } from "../../src/nn/conv2d.ts";
import { describeModel, modelFromDescription } from "../../src/nn/describe.ts";
import { initialize } from "../../src/nn/draw-weights.ts";
import type { ImageShape, Layer } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { localResponseNorm } from "../../src/nn/local-response-norm.ts";
import { sequential } from "../../src/nn/model.ts";
import { batchNorm2d, groupNorm, instanceNorm2d } from "../../src/nn/norm.ts";
import { peek } from "../helpers.ts";

const last = [flatten(), linear({ out: 2 })];

describe("refuse options out of range", () => {
  test.each<readonly [() => Layer, string]>([
    [() => instanceNorm2d({ eps: 0 }), '"eps" expected number > 0, got 0'],
    [() => batchNorm2d({ eps: -1 }), '"eps" expected number > 0, got -1'],
    [() => batchNorm2d({ eps: Number.POSITIVE_INFINITY }), '"eps" expected number > 0, got Infinity'],
    [() => groupNorm({ groups: 2, eps: Number.NaN }), '"eps" expected number > 0, got NaN'],
    [() => groupNorm({ groups: 0 }), '"groups" expected integer >= 1, got 0'],
    [() => localResponseNorm({ size: 0 }), '"size" expected integer >= 1, got 0'],
    [() => localResponseNorm({ size: 2.5 }), '"size" expected integer >= 1, got 2.5'],
    [() => localResponseNorm({ size: 5, alpha: -1 }), '"alpha" expected number >= 0, got -1'],
    [() => localResponseNorm({ size: 5, beta: Number.NaN }), '"beta" expected number, got NaN'],
    [() => localResponseNorm({ size: 5, k: 0 }), '"k" expected number > 0, got 0'],
  ])("%#", (make, message) => {
    expect(make).toThrow(new RangeError(message));
  });

  test("groups that are left out", () => {
    const make = () => groupNorm({} as { groups: number });
    expect(make).toThrow(new TypeError('"groups" expected integer >= 1, got undefined'));
  });
});

describe("refuse shapes that they cannot normalise", () => {
  const one = "expected more than one float to normalise together, got 1 × 1 maps";
  test.each<readonly [ImageShape, Layer, string]>([
    [[3, 1, 1], instanceNorm2d(), `layer 0 (instanceNorm2d): ${one}`],
    [[3, 1, 1], groupNorm({ groups: 3 }), `layer 0 (groupNorm): ${one}`],
    [[4, 2, 2], groupNorm({ groups: 3 }), "layer 0 (groupNorm): expected channels in 3 equal groups, got 4"],
    [[2, 2, 2], groupNorm({ groups: 4 }), "layer 0 (groupNorm): expected channels in 4 equal groups, got 2"],
  ])("[%s], %#", (input, layer, message) => {
    expect(() => sequential(input, [layer, ...last])).toThrow(new ShapeError(message));
  });

  test("but one float an image is enough across images, and several channels within one", () => {
    expect(sequential([3, 1, 1], [batchNorm2d(), ...last]).shapes[1]).toEqual([3, 1, 1]);
    expect(sequential([4, 1, 1], [groupNorm({ groups: 2 }), ...last]).shapes[1]).toEqual([4, 1, 1]);
  });
});

const model = sequential(
  [2, 6, 6],
  [
    conv2d({ out: 6, kernel: 3 }),
    instanceNorm2d(),
    groupNorm({ groups: 3, eps: 1e-3 }),
    batchNorm2d({ affine: false }),
    localResponseNorm({ size: 4, alpha: 0.001 / 9 }),
    batchNorm2d(),
    ...last,
  ],
);

test("parameters are PyTorch's weight [c] and bias [c]; local response norm and affine: false have none", () => {
  const norms = model.parameters.filter(({ name }) => !/^[07]\./.test(name));
  expect(norms.map(({ name, shape, offset, role }) => [name, shape, offset, role])).toEqual([
    ["1.weight", [6], 114, "scale"],
    ["1.bias", [6], 120, "shift"],
    ["2.weight", [6], 126, "scale"],
    ["2.bias", [6], 132, "shift"],
    ["5.weight", [6], 138, "scale"],
    ["5.bias", [6], 144, "shift"],
  ]);
});

test.each(["xavier-normal", "pytorch"] as const)("their first weights are 1 and their first biases 0: %s", (scheme) => {
  const backend = createReferenceBackend();
  const theta = new Arena(backend).allocate(model.parameterCount);
  initialize(backend, model, theta, { scheme }, { seed: 1, purpose: "weights/test", index: 0 });
  for (const { role, offset, size } of model.parameters) {
    const first = [...peek(backend, theta + offset, size)];
    if (role === "scale") expect(first).toEqual(new Array(size).fill(1));
    else if (role === "shift") expect(first).toEqual(new Array(size).fill(0));
    else if (role === "weight") expect(first.every((value) => value !== 0)).toBe(true);
  }
});

test("a description says every option, and gives the model again", () => {
  const description = describeModel(model);
  expect(description.layers.slice(1, 5)).toEqual([
    { kind: "instanceNorm2d", affine: true, eps: 1e-5 },
    { kind: "groupNorm", groups: 3, affine: true, eps: 1e-3 },
    { kind: "batchNorm2d", affine: false, eps: 1e-5 },
    { kind: "localResponseNorm", size: 4, alpha: 0.001 / 9, beta: 0.75, k: 1 },
  ]);
  const again = modelFromDescription(JSON.parse(JSON.stringify(description)));
  expect(describeModel(again)).toEqual(description);
  expect(again.parameters).toEqual(model.parameters);
});

test("real images are cut into chunks unless a layer couples them", () => {
  const under = (layer: Layer) => sequential([1, 8, 8], [conv2d({ out: 4, kernel: 3 }), layer, ...last]);
  for (const layer of [instanceNorm2d(), groupNorm({ groups: 2 }), localResponseNorm({ size: 4 })]) {
    expect(chunkImages(under(layer), wasmPlan)).toBe(128);
  }
  expect(chunkImages(under(batchNorm2d()), wasmPlan)).toBe(Number.POSITIVE_INFINITY);
});
