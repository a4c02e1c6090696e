// What distill() and backGradient() refuse, before anything runs.
import { describe, expect, test } from "vitest";
import { subset } from "../../src/data/subsets.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import { ShapeError } from "../../src/errors.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { type DistillOptions, distill } from "../../src/run/in-place/distill.ts";
import { brightHalves, halvesNet } from "./halves.ts";

const data = brightHalves({ count: 12 });
const options = { data, model: halvesNet(), method: backGradient({ steps: 1, epochs: 1, imagesPerClass: 1 }) };

describe("distill refuses", () => {
  test.each<readonly [string, Partial<DistillOptions>, ErrorConstructor | typeof ShapeError, string]>([
    [
      "images of another size",
      { model: lenet() },
      ShapeError,
      'the model expects images [1,28,28], "bright halves" has [1,6,6]',
    ],
    [
      "more classes than logits",
      { model: halvesNet({ classes: 2 }) },
      ShapeError,
      'the model has 2 classes, "bright halves" has 3',
    ],
    ["an empty data set", { data: subset(data, 0, 0) }, RangeError, '"data" expected at least one image, got none'],
    ["no networks", { networksPerStep: 0 }, RangeError, '"networksPerStep" expected integer >= 1, got 0'],
    [
      "a seed that is no whole number",
      { seed: 1.5 },
      RangeError,
      `"seed" expected integer from 0 to ${2 ** 53 - 1}, got 1.5`,
    ],
    ["half a step", { outer: { steps: 0.5 } }, RangeError, '"outer.steps" expected integer >= 0, got 0.5'],
    ["no batch", { outer: { batch: 0 } }, RangeError, '"outer.batch" expected integer >= 1, got 0'],
    ["no epochs", { outer: { epochs: 0 } }, RangeError, '"outer.epochs" expected integer >= 1, got 0'],
    ["a clip of 0", { outer: { clip: 0 } }, RangeError, '"outer.clip" expected a number > 0, got 0'],
    [
      "a step size of 0",
      { outer: { learningRate: 0 } },
      RangeError,
      '"outer.learningRate" expected a number > 0, got 0',
    ],
  ])("%s", (_, wrong, error, message) => {
    const make = () => distill({ ...options, ...wrong });
    expect(make).toThrow(error);
    expect(make).toThrow(message);
  });

  test.each<readonly [object, string]>([
    [{ steps: 0 }, '"steps" expected integer >= 1, got 0'],
    [{ epochs: 1.5 }, '"epochs" expected integer >= 1, got 1.5'],
    [{ imagesPerClass: -1 }, '"imagesPerClass" expected integer >= 1, got -1'],
    [{ learningRate: 0 }, '"learningRate" expected a number > 0 and <= 100, got 0'],
    [{ learningRate: 101 }, '"learningRate" expected a number > 0 and <= 100, got 101'],
    [{ memory: "some" }, '"memory" expected "store", "recompute" or a number of bytes > 0, got "some"'],
  ])("a method of %j", (wrong, message) => {
    const make = () => backGradient({ steps: 1, epochs: 1, imagesPerClass: 1, ...wrong });
    expect(make).toThrow(new RangeError(message));
  });
});

test("more inner steps than can be planned are refused, at once", () => {
  const loop = (steps: number, epochs: number) => () => backGradient({ steps, epochs, imagesPerClass: 1 });
  expect(loop(128, 128)).not.toThrow();
  expect(loop(128, 129)).toThrow('"epochs" expected at most 16384 inner steps in all, got 128 × 129');
  expect(loop(10, 1e8)).toThrow('"epochs" expected integer <= 16384, got 100000000');
});
