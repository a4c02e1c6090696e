// Models as plain data: shapes, parameters, descriptions.
import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors.ts";
import { leakyRelu, relu, sigmoid, softplus, tanh } from "../../src/nn/activation.ts";
import { adaptiveAvgPool2d, avgPool2d } from "../../src/nn/avg-pool2d.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { describeModel, modelFromDescription } from "../../src/nn/describe.ts";
import { dropout } from "../../src/nn/dropout.ts";
import { elements, type ImageShape, type Layer } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { type Model, named, sequential } from "../../src/nn/model.ts";
import { maxPool2d } from "../../src/nn/pool2d.ts";
import { lenet } from "../../src/nn/zoo.ts";

/** Parameters of each layer. */
const counts = (model: Model): number[] =>
  model.layers.map((layer, i) => layer.parameters(model.shapes[i]!).reduce((n, { shape }) => n + elements(shape), 0));

/** What `make` throws. */
function thrown(make: () => unknown): Error {
  try {
    make();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

describe("LeNet", () => {
  test("is the layer table of docs/math.md §3", () => {
    const model = lenet();
    expect(model.layers.map(({ kind }) => kind).join(" ")).toBe(
      "conv2d relu maxPool2d conv2d relu maxPool2d flatten linear relu linear relu linear",
    );
    expect(model.shapes).toEqual([
      [1, 28, 28],
      [6, 28, 28],
      [6, 28, 28],
      [6, 14, 14],
      [16, 10, 10],
      [16, 10, 10],
      [16, 5, 5],
      [400, 1, 1],
      [120, 1, 1],
      [120, 1, 1],
      [84, 1, 1],
      [84, 1, 1],
      [10, 1, 1],
    ]);
    expect(counts(model)).toEqual([156, 0, 0, 2416, 0, 0, 0, 48120, 0, 10164, 0, 850]);
  });

  test("has 61,706 parameters for one channel and 62,006 for three, at 28 and at 32 pixels", () => {
    for (const size of [28, 32]) {
      expect(lenet({ size }).parameterCount).toBe(61706);
      expect(lenet({ size, channels: 3 }).parameterCount).toBe(62006);
      expect(lenet({ size }).shapes[1]).toEqual([6, 28, 28]);
    }
    expect(lenet({ classes: 3 }).parameterCount).toBe(61706 - 7 * 85);
    expect(lenet({ classes: 3 }).classes).toBe(3);
  });

  test("takes no other size", () => {
    expect(() => lenet({ size: 30 })).toThrow(new RangeError('"size" expected 28 or 32, got 30'));
  });
});

describe("parameters", () => {
  test("lie in module order, weight before bias, in PyTorch's names and shapes", () => {
    expect(lenet().parameters.map(({ name, shape, offset, size }) => [name, shape, offset, size])).toEqual([
      ["conv1.weight", [6, 1, 5, 5], 0, 150],
      ["conv1.bias", [6], 150, 6],
      ["conv2.weight", [16, 6, 5, 5], 156, 2400],
      ["conv2.bias", [16], 2556, 16],
      ["fc1.weight", [120, 400], 2572, 48000],
      ["fc1.bias", [120], 50572, 120],
      ["fc2.weight", [84, 120], 50692, 10080],
      ["fc2.bias", [84], 60772, 84],
      ["fc3.weight", [10, 84], 60856, 840],
      ["fc3.bias", [10], 61696, 10],
    ]);
  });

  test("are called after their layer's name, or after its position", () => {
    const layers = [named("features.0", conv2d({ out: 2, kernel: 2 })), flatten(), linear({ out: 3 })];
    const model = sequential([1, 3, 3], layers);
    const names = ["features.0.weight", "features.0.bias", "2.weight", "2.bias"];
    expect(model.parameters.map(({ name }) => name)).toEqual(names);
    expect(modelFromDescription(JSON.parse(JSON.stringify(describeModel(model)))).parameters).toEqual(model.parameters);
  });

  test("have each name once", () => {
    const twice = (first: Layer, second: Layer) => () => sequential([4, 1, 1], [first, relu(), second]);
    const [a, b] = [linear({ out: 3 }), linear({ out: 2 })];
    const message = (name: string) => new RangeError(`"layers" expected each name once, got "${name}" twice`);
    expect(twice(named("fc", a), named("fc", b))).toThrow(message("fc.weight"));
    expect(twice(named("2", a), b)).toThrow(message("2.weight"));
    expect(twice(named("fc", a), b)()).toBeDefined();
  });

  test("take no name that is empty", () => {
    const message = '"name" expected a string that is not empty, got ""';
    expect(() => named("", relu())).toThrow(new RangeError(message));
    const layers = [{ kind: "flatten" }, { kind: "linear", out: 2, name: 7 }];
    expect(() => modelFromDescription({ inputShape: [1, 2, 2], layers })).toThrow(
      new TypeError('"name" expected a string that is not empty, got 7'),
    );
  });

  test("leave no gap where a layer has no bias", () => {
    const layers = [conv2d({ out: 2, kernel: [2, 3], bias: false }), flatten(), linear({ out: 3, bias: false })];
    const model = sequential([2, 4, 5], layers);
    expect(model.parameters.map(({ name, shape, offset }) => [name, shape, offset])).toEqual([
      ["0.weight", [2, 2, 2, 3], 0],
      ["2.weight", [3, 18], 24],
    ]);
    expect(model.parameterCount).toBe(24 + 54);
  });
});

describe("sequential refuses, by layer", () => {
  const cases: readonly (readonly [name: string, input: ImageShape, layers: Layer[], message: string])[] = [
    [
      "a convolution larger than its input",
      [1, 8, 8],
      [conv2d({ out: 2, kernel: 5 }), relu(), conv2d({ out: 2, kernel: 5 })],
      "layer 2 (conv2d): expected an input of at least 5 × 5, got 4 × 4",
    ],
    [
      "a padded convolution larger than its input",
      [1, 2, 9],
      [conv2d({ out: 2, kernel: 5, padding: 1 })],
      "layer 0 (conv2d): expected an input of at least 3 × 3, got 2 × 9",
    ],
    [
      "a pooling larger than its input",
      [1, 3, 3],
      [relu(), maxPool2d({ kernel: 4 })],
      "layer 1 (maxPool2d): expected an input of at least 4 × 4, got 3 × 3",
    ],
    [
      "a linear layer over maps",
      [1, 4, 4],
      [conv2d({ out: 2, kernel: 3 }), linear({ out: 3 })],
      "layer 1 (linear): expected a flat input, got 2 × 2 maps: put flatten() before it",
    ],
    [
      "an end that is not flat",
      [1, 4, 4],
      [conv2d({ out: 2, kernel: 3 }), relu()],
      "the last layer must give a flat vector of logits, got [2,2,2]: add flatten() and linear()",
    ],
  ];
  test.each(cases)("%s", (_, input, layers, message) => {
    const error = thrown(() => sequential(input, layers));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toBe(message);
  });

  test.each([
    [[1, 28], '"inputShape" expected [c, h, w], got Array of length 2'],
    [[1, 0, 28], '"inputShape" expected integer >= 1, got 0'],
    [[1, 28, 1.5], '"inputShape" expected integer >= 1, got 1.5'],
  ])("input shape %j", (input, message) => {
    expect(() => sequential(input as unknown as ImageShape, [flatten()])).toThrow(new RangeError(message));
  });
});

describe("layers refuse options out of range", () => {
  test.each<readonly [() => Layer, string]>([
    [() => conv2d({ out: 0, kernel: 3 }), '"out" expected integer >= 1, got 0'],
    [() => conv2d({ out: 1, kernel: 2.5 }), '"kernel" expected integer >= 1, got 2.5'],
    [() => conv2d({ out: 1, kernel: [3, 0] }), '"kernel" expected integer >= 1, got 0'],
    [() => conv2d({ out: 1, kernel: 3, stride: 0 }), '"stride" expected integer >= 1, got 0'],
    [() => conv2d({ out: 1, kernel: 3, padding: -1 }), '"padding" expected integer >= 0, got -1'],
    [() => linear({ out: Number.NaN }), '"out" expected integer >= 1, got NaN'],
    [() => maxPool2d({ kernel: 0 }), '"kernel" expected integer >= 1, got 0'],
    [() => maxPool2d({ kernel: 2, stride: 0 }), '"stride" expected integer >= 1, got 0'],
    [() => maxPool2d({ kernel: 2, padding: -1 }), '"padding" expected integer >= 0, got -1'],
    [() => maxPool2d({ kernel: 3, padding: 2 }), '"padding" expected <= 1, half the kernel, got 2'],
    [() => maxPool2d({ kernel: [4, 1], padding: 1 }), '"padding" expected <= 0, half the kernel, got 1'],
  ])("%#", (make, message) => {
    expect(make).toThrow(new RangeError(message));
  });
});

describe("a description", () => {
  const odd = sequential(
    [2, 9, 7],
    [
      conv2d({ out: 3, kernel: [3, 2], stride: 2, padding: 1, bias: false }),
      relu(),
      maxPool2d({ kernel: [2, 3], stride: 1, padding: 1 }),
      leakyRelu({ slope: 0.2 }),
      avgPool2d({ kernel: [2, 3], stride: [1, 2], padding: 1 }),
      tanh(),
      adaptiveAvgPool2d({ out: [3, 1] }),
      softplus(),
      flatten(),
      linear({ out: 4, bias: false }),
      sigmoid(),
      dropout({ p: 0.3 }),
      linear({ out: 2 }),
    ],
  );

  test.each([
    ["LeNet", lenet()],
    ["every layer with every option", odd],
  ])("survives JSON and gives the model again: %s", (_, model) => {
    const again = modelFromDescription(JSON.parse(JSON.stringify(describeModel(model))));
    expect(describeModel(again)).toEqual(describeModel(model));
    expect(again.shapes).toEqual(model.shapes);
    expect(again.parameters).toEqual(model.parameters);
    expect(again.classes).toBe(model.classes);
  });

  test("says what each function was called with, defaults filled in", () => {
    expect(describeModel(lenet()).inputShape).toEqual([1, 28, 28]);
    expect(describeModel(lenet()).layers.slice(0, 3)).toEqual([
      { kind: "conv2d", name: "conv1", out: 6, kernel: 5, stride: 1, padding: 2, bias: true },
      { kind: "relu" },
      { kind: "maxPool2d", kernel: 2, stride: 2, padding: 0 },
    ]);
    const others = [leakyRelu(), avgPool2d({ kernel: [2, 1] }), adaptiveAvgPool2d({ out: 1 }), dropout()];
    expect(describeModel(sequential([1, 2, 2], [...others, flatten()])).layers.slice(0, 4)).toEqual([
      { kind: "leakyRelu", slope: 0.01 },
      { kind: "avgPool2d", kernel: [2, 1], stride: [2, 1], padding: 0 },
      { kind: "adaptiveAvgPool2d", out: 1 },
      { kind: "dropout", p: 0.5 },
    ]);
  });

  test.each([[undefined], [null], [7], ["lenet"], [[]], [{}], [{ inputShape: [1, 2, 2] }], [{ layers: [] }]])(
    "that is no description is refused: %j",
    (description) => {
      const error = thrown(() => modelFromDescription(description));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(
        /^"model" expected \{ inputShape, layers \}, got (undefined|null|7|"lenet"|Array|an object)/,
      );
    },
  );

  test.each(["dropOut", "__proto__", "constructor", undefined, 3])("with an unknown layer is refused: %j", (kind) => {
    const error = thrown(() => modelFromDescription({ inputShape: [1, 2, 2], layers: [{ kind: "relu" }, { kind }] }));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toMatch(/^layer 1: expected one of conv2d, linear, relu, .*flatten/);
    expect(error.message.endsWith(`, got ${typeof kind === "string" ? JSON.stringify(kind) : kind}`)).toBe(true);
  });

  test("with something else in the place of a layer is refused", () => {
    for (const layer of [null, 3, "relu"]) {
      expect(thrown(() => modelFromDescription({ inputShape: [1, 2, 2], layers: [layer] }))).toBeInstanceOf(ShapeError);
    }
  });

  test("with options or shapes out of range is refused as by the functions themselves", () => {
    const layers = [{ kind: "conv2d", out: 2, kernel: 5 }];
    expect(() => modelFromDescription({ inputShape: [1, 2, 2], layers })).toThrow(/^layer 0 \(conv2d\): expected an/);
    const bad = [{ kind: "conv2d", out: "2", kernel: 5 }];
    expect(() => modelFromDescription({ inputShape: [1, 9, 9], layers: bad })).toThrow(TypeError);
    expect(() => modelFromDescription({ inputShape: [1, "9", 9], layers })).toThrow(TypeError);
    for (const wrong of [
      { kind: "leakyRelu", slope: "0.1" },
      { kind: "dropout", p: "0.5" },
      { kind: "avgPool2d", kernel: "22" },
      { kind: "avgPool2d" },
      { kind: "adaptiveAvgPool2d", out: null },
    ]) {
      expect(() => modelFromDescription({ inputShape: [1, 9, 9], layers: [wrong] })).toThrow(TypeError);
    }
    expect(() => modelFromDescription({ inputShape: [1, 9, 9], layers: [{ kind: "linear" }] })).toThrow(TypeError);
  });
});
