// The networks: layers, parameters, and the names by which PyTorch knows them.

import { describe, expect, test } from "vitest";
import { Arena } from "../../src/backend/arena.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { describeModel, modelFromDescription } from "../../src/nn/describe.ts";
import { initialize } from "../../src/nn/draw-weights.ts";
import { elements } from "../../src/nn/layer.ts";
import type { Model } from "../../src/nn/model.ts";
import { alexCifarNet, alexNet, type ConvNetOptions, convNet, mlp, vgg11 } from "../../src/nn/zoo.ts";
import { peek } from "../helpers.ts";

/** Each layer's kind, output shape and number of parameters. */
const table = (model: Model) =>
  model.layers.map((layer, i) => [
    layer.kind,
    model.shapes[i + 1],
    layer.parameters(model.shapes[i]!).reduce((n, { shape }) => n + elements(shape), 0),
  ]);
const weightNames = (model: Model) =>
  model.parameters.filter(({ name }) => name.endsWith("weight")).map(({ name }) => name);
const kinds = (model: Model) => model.layers.map(({ kind }) => kind).join(" ");

test.each<[string, Model]>([
  ["AlexCifarNet", alexCifarNet()],
  ["AlexNet with dropout", alexNet({ classes: 20, dropout: true })],
  ["ConvNet", convNet({ input: [1, 28, 28], classes: 10, norm: "group", activation: "leakyrelu", pooling: "max" })],
])("%s is made again from its description", (_, model) => {
  const again = modelFromDescription(JSON.parse(JSON.stringify(describeModel(model))));
  expect(again.parameters).toEqual(model.parameters);
  expect(again.shapes).toEqual(model.shapes);
});

describe("the multilayer perceptron", () => {
  test("has the layers, names and 118,282 parameters of DC's for MNIST", () => {
    const model = mlp({ input: [1, 28, 28], hidden: [128, 128], classes: 10 });
    expect(model.layers.map(({ kind }) => kind).join(" ")).toBe("flatten linear relu linear relu linear");
    expect(model.parameters.map(({ name, shape }) => [name, shape])).toEqual([
      ["fc_1.weight", [128, 784]],
      ["fc_1.bias", [128]],
      ["fc_2.weight", [128, 128]],
      ["fc_2.bias", [128]],
      ["fc_3.weight", [10, 128]],
      ["fc_3.bias", [10]],
    ]);
    expect(model.parameterCount).toBe(118_282);
    expect(modelFromDescription(describeModel(model)).parameters).toEqual(model.parameters);
  });

  test("is a linear classifier without hidden layers", () => {
    const model = mlp({ input: [3, 4, 4], hidden: [], classes: 7 });
    expect(model.layers.map(({ kind }) => kind).join(" ")).toBe("flatten linear");
    expect(model.parameterCount).toBe(48 * 7 + 7);
    expect(model.classes).toBe(7);
  });

  test("takes no layer without units", () => {
    expect(() => mlp({ input: [1, 2, 2], hidden: [4, 0], classes: 2 })).toThrow(
      new RangeError('"hidden[1]" expected integer >= 1, got 0'),
    );
  });
});

describe("AlexCifarNet", () => {
  test("is the layer table of docs/math.md §3, with 1,756,426 parameters", () => {
    const model = alexCifarNet();
    expect(table(model)).toEqual([
      ["conv2d", [64, 32, 32], 4864],
      ["relu", [64, 32, 32], 0],
      ["maxPool2d", [64, 16, 16], 0],
      ["localResponseNorm", [64, 16, 16], 0],
      ["conv2d", [64, 16, 16], 102_464],
      ["relu", [64, 16, 16], 0],
      ["localResponseNorm", [64, 16, 16], 0],
      ["maxPool2d", [64, 8, 8], 0],
      ["flatten", [4096, 1, 1], 0],
      ["linear", [384, 1, 1], 1_573_248],
      ["relu", [384, 1, 1], 0],
      ["linear", [192, 1, 1], 73_920],
      ["relu", [192, 1, 1], 0],
      ["linear", [10, 1, 1], 1930],
    ]);
    expect(model.parameterCount).toBe(1_756_426);
    expect(weightNames(model)).toEqual([
      "features.0.weight",
      "features.4.weight",
      "classifier.0.weight",
      "classifier.2.weight",
      "classifier.4.weight",
    ]);
    expect(alexCifarNet({ classes: 3 }).parameterCount).toBe(1_756_426 - 7 * 193);
  });
});

describe("AlexNet", () => {
  test("has torchvision's layers and names, 57,085,780 parameters for 20 classes and 57,823,240 for 200", () => {
    const model = alexNet({ classes: 20 });
    expect(table(model).filter(([kind]) => kind !== "relu")).toEqual([
      ["conv2d", [64, 55, 55], 23_296],
      ["maxPool2d", [64, 27, 27], 0],
      ["conv2d", [192, 27, 27], 307_392],
      ["maxPool2d", [192, 13, 13], 0],
      ["conv2d", [384, 13, 13], 663_936],
      ["conv2d", [256, 13, 13], 884_992],
      ["conv2d", [256, 13, 13], 590_080],
      ["maxPool2d", [256, 6, 6], 0],
      ["flatten", [9216, 1, 1], 0],
      ["linear", [4096, 1, 1], 37_752_832],
      ["linear", [4096, 1, 1], 16_781_312],
      ["linear", [20, 1, 1], 81_940],
    ]);
    expect(model.parameterCount).toBe(57_085_780);
    expect(alexNet({ classes: 200 }).parameterCount).toBe(57_823_240);
    expect(weightNames(model)).toEqual([
      ...[0, 3, 6, 8, 10].map((i) => `features.${i}.weight`),
      ...[1, 4, 6].map((i) => `classifier.${i}.weight`),
    ]);
  });

  test("drops before the first two fully connected layers where it is asked to, with the same parameters", () => {
    const model = alexNet({ classes: 20, dropout: true });
    expect(kinds(model)).toMatch(/ flatten dropout linear relu dropout linear relu linear$/);
    expect(model.layers.filter(({ kind }) => kind === "dropout").map(({ options }) => options)).toEqual([
      { p: 0.5 },
      { p: 0.5 },
    ]);
    expect(model.parameters).toEqual(alexNet({ classes: 20 }).parameters);
  });
});

describe("ConvNet", () => {
  const colour: Pick<ConvNetOptions, "input" | "classes"> = { input: [3, 32, 32], classes: 10 };

  test("is that of docs/math.md §3: three blocks of 128 channels, 320,010 parameters", () => {
    const model = convNet(colour);
    const block = (width: number, parameters: number) => [
      ["conv2d", [128, width, width], parameters],
      ["instanceNorm2d", [128, width, width], 256],
      ["relu", [128, width, width], 0],
      ["avgPool2d", [128, width / 2, width / 2], 0],
    ];
    expect(table(model)).toEqual([
      ...block(32, 3584),
      ...block(16, 147_584),
      ...block(8, 147_584),
      ["flatten", [2048, 1, 1], 0],
      ["linear", [10, 1, 1], 20_490],
    ]);
    expect(model.parameterCount).toBe(320_010);
    expect(weightNames(model)).toEqual([...[0, 1, 4, 5, 8, 9].map((i) => `features.${i}.weight`), "classifier.weight"]);
  });

  test("makes 32×32 of MNIST's 28×28 with a padding of 3, 317,706 parameters", () => {
    const model = convNet({ input: [1, 28, 28], classes: 10 });
    expect(model.shapes[1]).toEqual([128, 32, 32]);
    expect(model.parameterCount).toBe(317_706);
    // Later convolutions of 28×28 maps, where there are any, keep their size.
    const wide = convNet({ input: [1, 30, 28], classes: 2, depth: 2, pooling: "none", width: 4 });
    expect(wide.shapes.slice(1, 3)).toEqual([
      [4, 30, 28],
      [4, 30, 28],
    ]);
  });

  test.each<[Partial<ConvNetOptions>, string, number]>([
    [{ norm: "group" }, "conv2d groupNorm relu avgPool2d", 320_010],
    [{ norm: "batch" }, "conv2d batchNorm2d relu avgPool2d", 320_010],
    [{ norm: "none" }, "conv2d relu avgPool2d", 320_010 - 3 * 256],
    [{ activation: "leakyrelu" }, "conv2d instanceNorm2d leakyRelu avgPool2d", 320_010],
    [{ activation: "sigmoid" }, "conv2d instanceNorm2d sigmoid avgPool2d", 320_010],
    [{ activation: "tanh" }, "conv2d instanceNorm2d tanh avgPool2d", 320_010],
    [{ pooling: "max" }, "conv2d instanceNorm2d relu maxPool2d", 320_010],
    [{ pooling: "none" }, "conv2d instanceNorm2d relu", 299_520 + 10 * 128 * 32 * 32 + 10],
    [{ depth: 1, width: 32 }, "conv2d instanceNorm2d relu avgPool2d", 3 * 9 * 32 + 3 * 32 + 10 * 32 * 256 + 10],
  ])("with %o has blocks of %s", (options, block, parameters) => {
    const model = convNet({ ...colour, ...options });
    const depth = options.depth ?? 3;
    expect(kinds(model)).toBe([...new Array<string>(depth).fill(block), "flatten linear"].join(" "));
    expect(model.parameterCount).toBe(parameters);
  });

  test.each(["xavier-normal", "orthogonal", "pytorch"] as const)(
    "starts with norms that change nothing, %s",
    (scheme) => {
      const model = convNet({ ...colour, width: 8, norm: "group" });
      const backend = createReferenceBackend();
      const theta = new Arena(backend).allocate(model.parameterCount);
      initialize(backend, model, theta, { scheme }, { seed: 1, purpose: "weights/test", index: 0 });
      for (const i of [1, 5, 9]) {
        for (const [part, value] of [
          ["weight", 1],
          ["bias", 0],
        ] as const) {
          const { offset, size } = model.parameters.find(({ name }) => name === `features.${i}.${part}`)!;
          expect(peek(backend, theta + offset, size)).toEqual(new Float64Array(8).fill(value));
        }
      }
    },
  );

  test("takes no other options", () => {
    const wrong = (options: object) => () => convNet({ ...colour, ...options });
    const norm = '"norm" expected one of "instance", "group", "batch", "none", got "layer"';
    const activation = '"activation" expected one of "relu", "leakyrelu", "sigmoid", "tanh", got "toString"';
    expect(wrong({ norm: "layer" })).toThrow(new RangeError(norm));
    expect(wrong({ activation: "toString" })).toThrow(new RangeError(activation));
    expect(wrong({ pooling: "sum" })).toThrow(
      new RangeError('"pooling" expected one of "avg", "max", "none", got "sum"'),
    );
    expect(wrong({ depth: 0 })).toThrow(new RangeError('"depth" expected integer >= 1, got 0'));
    expect(wrong({ width: 0.5 })).toThrow(new RangeError('"width" expected integer >= 1, got 0.5'));
    expect(wrong({ depth: 6 })).toThrow(expect.objectContaining({ name: "ShapeError" }));
    expect(wrong({ width: 6, norm: "group" })).toThrow(expect.objectContaining({ name: "ShapeError" }));
  });
});

describe("VGG-11", () => {
  test("has PyTorch's number of parameters, the same for both sizes of images", () => {
    expect(vgg11({ input: [3, 32, 32], classes: 10 }).parameterCount).toBe(9_231_114);
    expect(vgg11({ input: [3, 28, 28], classes: 10 }).parameterCount).toBe(9_231_114);
  });

  test("refuses images that five poolings do not take to one pixel", () => {
    expect(() => vgg11({ input: [3, 64, 64], classes: 10 })).toThrow('"input" expected images of 28×28 or 32×32');
  });
});
