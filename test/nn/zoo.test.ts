// The networks: layers, parameters, and the names by which PyTorch knows them.
import { describe, expect, test } from "vitest";
import { describeModel, modelFromDescription } from "../../src/nn/describe.ts";
import { mlp } from "../../src/nn/zoo.ts";

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
      new RangeError('"out" expected integer >= 1, got 0'),
    );
  });
});
