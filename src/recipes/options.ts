// Turns a recipe, given the data, into the options of distill.
import { type Check, floats, listOf, optional } from "../checks/checks.ts";
import { thing } from "../checks/options.ts";
import { checkDataset } from "../data/check-dataset.ts";
import type { Dataset } from "../data/dataset.ts";
import { relabelled } from "../data/subsets.ts";
import { experts } from "../distill/experts.ts";
import type { DataShape } from "../distill/fit.ts";
import { declarationOf, type KnownMethod, makeMethod } from "../distill/methods/known.ts";
import { fixedInit, type PretrainedPool, pretrained, randomInit, type WeightSource } from "../distill/weight-source.ts";
import { ShapeError } from "../errors.ts";
import { modelFromDescription } from "../nn/describe.ts";
import type { InitOptions } from "../nn/init.ts";
import type { Model } from "../nn/model.ts";
import { alexCifarNet, alexNet, convNet, lenet, mlp, vgg11 } from "../nn/zoo.ts";
import type { DistillOptions } from "../run/options/distill.ts";
import { checkRecipe } from "./parse.ts";
import type { Recipe, RecipeExperts, RecipeModel } from "./recipe.ts";

/** The options that decide a run, without those that say where it is computed. */
export type RecipeOptions = {
  readonly [Name in "data" | "model" | "init" | "loss" | "networksPerStep" | "outer" | "seed"]: NonNullable<
    DistillOptions[Name]
  >;
} & Pick<DistillOptions, "augment"> & { readonly method: KnownMethod };

const checkPool: Check = optional(
  thing("what trainPool or loadPool gives", { weights: listOf("an array of networks", floats) }),
);

/**
 * Returns the options of `distill` for a recipe on `data`.
 *
 * @param pool The networks of a recipe whose initial weights are pretrained, or the experts that it names.
 * @throws ShapeError when the images do not fit the network; RangeError and TypeError when parts of the recipe
 * contradict each other, or the networks are missing.
 * @example
 * const { train } = await digits();
 * const set = await distill({ ...recipeOptions(findRecipe("digits-fixed"), train), threads: 2 }).result();
 */
export function recipeOptions(recipe: Recipe, data: Dataset, pool?: PretrainedPool): RecipeOptions {
  checkRecipe("recipe", recipe);
  checkDataset("data", data);
  checkPool("pool", pool);
  const { loss, networksPerStep, outer, seed, attack } = recipe;
  const { augment } = recipe.data;
  const model = recipeModel(recipe, data);
  return {
    data: attack ? relabelled(data, attack.from, attack.to) : data,
    ...(augment && { augment }),
    model,
    method: recipeMethod(recipe),
    init: recipeInit(recipe, pool),
    loss,
    networksPerStep,
    outer,
    seed,
  };
}

/** Returns the recipe's network for such images. Throws ShapeError if they do not fit. */
export function recipeModel({ model, data: { name } }: Pick<Recipe, "model" | "data">, data: DataShape): Model {
  if ("layers" in model) return modelFromDescription(model);
  const { channels, height, width, classes } = data;
  const expect = (fits: boolean, expected: string): void => {
    if (fits) return;
    const got = `${height}×${width} in ${channels} channel${channels === 1 ? "" : "s"}`;
    throw new ShapeError(`${data.name ?? name}: ${modelName(model)} expects images of ${expected}, got ${got}`);
  };
  switch (model.name) {
    case "lenet":
      expect(height === width && (height === 28 || height === 32), "28×28 or 32×32");
      return lenet({ channels, size: height, classes });
    case "alexCifarNet":
      expect(channels === 3 && height === 32 && width === 32, "32×32 in 3 channels");
      return alexCifarNet({ classes });
    case "alexNet":
      expect(channels === 3 && height === 224 && width === 224, "224×224 in 3 channels");
      return alexNet({ dropout: model.dropout, classes });
    case "convNet": {
      const { name: _, ...options } = model;
      return convNet({ ...options, input: [channels, height, width], classes });
    }
    case "vgg11":
      expect(height === width && (height === 28 || height === 32), "28×28 or 32×32");
      return vgg11({ input: [channels, height, width], classes });
    case "mlp":
      return mlp({ hidden: model.hidden, input: [channels, height, width], classes });
  }
}

const names = {
  lenet: "LeNet",
  alexCifarNet: "AlexCifarNet",
  alexNet: "AlexNet",
  convNet: "ConvNet",
  vgg11: "VGG-11",
  mlp: "MLP",
};

/** Returns the network's name for a reader. */
export function modelName(model: RecipeModel): string {
  return "layers" in model ? `${model.layers.length} layers` : names[model.name];
}

export function recipeMethod({ method }: Pick<Recipe, "method">): KnownMethod {
  return makeMethod(method);
}

/** Returns the recipe's initial weights; for a pretrained pool, as many networks of `pool` as the recipe wants. */
function recipeInit({ init, seed }: Pick<Recipe, "init" | "seed">, pool: PretrainedPool | undefined): WeightSource {
  if (init.kind === "pretrained") {
    if (!pool) throw new TypeError('"pool" expected the trained networks that the recipe names, got none');
    return pretrained(pool.weights.slice(0, init.networks));
  }
  if (init.kind === "experts") {
    if (!pool) throw new TypeError('"pool" expected the experts that the recipe names, got none');
    return experts(pool, init.scheme, drawnBy(init));
  }
  const { kind, scheme, ...options } = init;
  return kind === "random" ? randomInit(scheme, options) : fixedInit(init.seed ?? seed, scheme, options);
}

/** Returns the options of a scheme of initial weights. */
function drawnBy({ gain, std }: InitOptions): InitOptions {
  return { ...(gain !== undefined && { gain }), ...(std !== undefined && { std }) };
}

/** Returns the source of random networks that begin as experts do. */
export function freshInit(init: RecipeExperts): WeightSource {
  return randomInit(init.scheme, drawnBy(init));
}

/** Returns whether the set is for one known network. */
export function isFixed({ init }: Pick<Recipe, "init">): boolean {
  return init.kind === "fixed" || (init.kind === "pretrained" && init.testPool === undefined);
}

/** Counts the distilled images for so many classes. */
export function distilledImages({ method }: Pick<Recipe, "method">, classes: number): number {
  const { steps, imagesPerStep } = declarationOf(method).shape(method, classes);
  return steps * imagesPerStep;
}
