// Every named recipe runs: with its own network on a few images of its data's shape, and its mathematics, on a network
// small enough, is that of the float64 reference.
import { describe, expect, test } from "vitest";
import { createEngine, distill } from "../../src/index.ts";
import { tanh } from "../../src/nn/activation.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { describeModel } from "../../src/nn/describe.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { type Model, sequential } from "../../src/nn/model.ts";
import { recipeCost } from "../../src/recipes/cost.ts";
import { knownShape } from "../../src/recipes/data-shapes.ts";
import { recipeModel, recipeOptions } from "../../src/recipes/options.ts";
import { parseRecipe } from "../../src/recipes/parse.ts";
import type { Recipe } from "../../src/recipes/recipe.ts";
import { findRecipe, recipeGroups, recipes } from "../../src/recipes.ts";
import { noise } from "../distill/noise.ts";
import { largest, paint } from "../helpers.ts";

/** Pixels start from noise of 1 and move by Adam's 0.01 and 0.02 a step. */
const pixelTolerance = 1e-4;

/** The method with two inner steps in each of two epochs at most. */
function fewSteps(method: Recipe["method"]): Recipe["method"] {
  if (!("steps" in method)) return method;
  const steps = Math.min(2, method.steps);
  return "epochs" in method ? { ...method, steps, epochs: Math.min(2, method.epochs) } : { ...method, steps };
}

/** The method with one inner step in one epoch, and fewer images where a step on all of them takes gigabytes. */
function fewImages(whole: Recipe["method"]): object {
  const { imagesPerClass: _, ...method } = whole;
  if (method.name === "back-gradient") return { ...method, steps: 1, epochs: 1, imagesPerStep: 5 };
  if (whole.name === "windows") {
    const { batchPerClass } = whole;
    return { ...whole, imagesPerClass: 1, ...(batchPerClass !== undefined && { batchPerClass: 1 }) };
  }
  return whole.name === "trajectory-matching" ? { ...inWholeSteps(whole), imagesPerClass: 1 } : whole;
}

/**
 * The method with two images of a class at most, and with one in a regression: on features it is to have fewer images than the 36
 * features of the small network, because float32 loses its digits otherwise, and a set of as many images as there are real ones
 * predicts all of them, so that its gradient is nothing but rounding.
 */
function fewOfClass(method: Recipe["method"]): object {
  if (!("imagesPerClass" in method)) return method;
  const most = ["frepo", "kip", "label-solve"].includes(method.name) ? 1 : 2;
  return { ...inWholeSteps(method), imagesPerClass: Math.min(most, method.imagesPerClass ?? 1) };
}

/** The method without a sub-batch, which may be larger than a set of few images, and with starts at epochs that `pool` has. */
function inWholeSteps(method: Recipe["method"]): object {
  if (method.name !== "trajectory-matching") return method;
  const { subBatch: _, ...rest } = method;
  return { ...rest, maxStartEpoch: Math.min(20, rest.maxStartEpoch ?? 20) };
}

/** What stands behind the images, with so few bases that these leave room for weights in the storage of `images` small images. */
function fewBases({ images }: Recipe, most: number): object {
  return images?.name === "memories" ? { images: { ...images, bases: Math.min(images.bases, most) } } : {};
}

/** The recipe with two outer steps on few images. */
function small(recipe: Recipe, changes: object = {}): Recipe {
  const { epochs: _, steps: __, ...outer } = recipe.outer as Record<string, unknown>;
  const { method, networksPerStep } = recipe;
  return parseRecipe({
    ...recipe,
    method: fewSteps(method),
    networksPerStep: Math.min(2, networksPerStep),
    outer: { ...outer, batch: 20, steps: 2 },
    ...changes,
  });
}

/** Three networks as if they were trained, with the weights of 22 epochs. */
function pool({ parameterCount }: Model) {
  const weights = [1, 2, 3].map((seed) => paint(parameterCount, seed, 0.1));
  const trajectories = weights.map((theta, k) =>
    Array.from({ length: 23 }, (_, e) => paint(parameterCount, 23 * k + e, 0.01).map((step, i) => theta[i]! + step)),
  );
  return { weights, trajectories };
}

describe.each(recipes.map((recipe) => ({ name: recipe.name, recipe })))("$name", ({ recipe }) => {
  const shape = knownShape(recipe.data)!;
  const { channels, height, classes } = shape;

  test("has a cost that is known beforehand, and fits into WebAssembly's memory", () => {
    const { images, outerSteps, flops, memory, fits } = recipeCost(recipe, shape, 8);
    for (const value of [images, outerSteps, flops, memory]) expect(value).toBeGreaterThan(0);
    expect(fits).toBe(true);
  });

  // AlexNet takes minutes (test/slow/alex-net.test.ts), and what is scaled has the network of another recipe.
  const { scaledFrom, model } = recipe;
  test.skipIf(scaledFrom ?? ("name" in model && model.name === "alexNet"))("runs with its network", async () => {
    const data = noise({ count: 10, channels, size: height, classes });
    const few = small(recipe, {
      method: fewImages(recipe.method),
      ...fewBases(recipe, 16),
      networksPerStep: 1,
      outer: { ...recipe.outer, batch: 4 },
    });
    const options = recipeOptions(few, data, pool(recipeModel(few, data)));
    const set = await distill({ ...options, outer: { ...options.outer, steps: 1 }, threads: 1 }).result();
    expect(set).toMatchObject({ steps: 1, channels, height, classes, recipe: { outerSteps: 1 } });
    expect(set.images.every(Number.isFinite)).toBe(true);
  });

  test("gives what the float64 reference gives", async () => {
    const data = noise({ count: Math.max(20, classes), channels, size: 6, classes });
    const layers = [conv2d({ out: 3, kernel: 3 }), tanh(), flatten(), linear({ out: classes })];
    const model = describeModel(sequential([channels, 6, 6], layers));
    const method = fewOfClass(recipe.method);
    // The storage of ten images of 36 pixels has room for eight bases and the weights of some images.
    const options = recipeOptions(
      small(recipe, { model, method, ...fewBases(recipe, 8) }),
      data,
      pool(recipeModel({ ...recipe, model }, data)),
    );
    await using reference = await createEngine({ backend: "reference" });
    const [set, expected] = [
      await distill({ ...options, threads: 1 }).result(),
      await distill({ ...options, engine: reference }).result(),
    ];
    for (const part of ["images", "targets", "learningRates"] as const) {
      expect(largest(set[part].map((value, i) => value - expected[part][i]!)), part).toBeLessThan(pixelTolerance);
    }
    expect(set.recipe.init).toEqual(expected.recipe.init);
  });
});

test("every named recipe is in one group, in the order of all, and is found by its name", () => {
  const grouped = recipeGroups.flatMap((group) => group.recipes);
  expect(grouped).toEqual(recipes);
  expect(new Set(grouped.map(({ name }) => name)).size).toBe(recipes.length);
  for (const recipe of grouped) expect(findRecipe(recipe.name)).toBe(recipe);
  expect(new Set(recipeGroups.map(({ title }) => title)).size).toBe(recipeGroups.length);
});

test("no summary says how many images or outer steps there are: options and data change that, and a plan prints both", () => {
  for (const { summary } of recipes) expect(summary).not.toMatch(/\d+ (images|outer steps)/);
});
