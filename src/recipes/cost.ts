// What a recipe takes, before anything is run or loaded.
import type { DataShape } from "../distill/fit.ts";
import { declarationOf, outerDefaults } from "../distill/methods/known.ts";
import { outerOptions } from "../distill/outer-options.ts";
import { backendEntry } from "../engine/backends.ts";
import type { Model } from "../nn/model.ts";
import { estimateMemory } from "../run/options/memory.ts";
import { distilledImages, recipeMethod, recipeModel } from "./options.ts";
import type { Recipe } from "./recipe.ts";

/** What a run takes. Evaluating comes on top. */
export interface RecipeCost {
  readonly model: Model;
  /** Distilled images. */
  readonly images: number;
  readonly outerSteps: number;
  /** Additions and multiplications of all outer steps. */
  readonly flops: number;
  /** Bytes. */
  readonly memory: number;
  /** Whether all but the images themselves fits into a WebAssembly memory. */
  readonly fits: boolean;
}

/** What a recipe takes on data of such a shape, in place on `threads` kernel threads. */
export function recipeCost(recipe: Recipe, data: DataShape, threads: number | "auto" = "auto"): RecipeCost {
  const { networksPerStep } = recipe;
  const [model, method] = [recipeModel(recipe, data), recipeMethod(recipe)];
  const outer = outerOptions(recipe.outer, data.count, outerDefaults(method));
  const images = distilledImages(recipe, model.classes);
  const { flops: flopsOf, real } = declarationOf(method);
  const flops = flopsOf(method, model, real?.(method, model.classes) ?? outer.batch);
  const memory = estimateMemory({ data, model, method, outer, networksPerStep, threads }).total;
  const pixels = data.count * data.channels * data.height * data.width;
  const fits = memory - pixels <= backendEntry().plan.addressable;
  return { model, images, outerSteps: outer.steps, flops: networksPerStep * outer.steps * flops, memory, fits };
}
