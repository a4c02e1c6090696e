// Estimates the cost of a recipe before anything is run or loaded.
import type { DataShape } from "../distill/fit.ts";
import { declarationOf, outerDefaults } from "../distill/methods/known.ts";
import { outerOptions } from "../distill/outer-options.ts";
import { backendEntry } from "../engine/backends.ts";
import type { Model } from "../nn/model.ts";
import { estimateMemory } from "../run/options/memory.ts";
import { distilledImages, recipeMethod, recipeModel } from "./options.ts";
import type { Recipe } from "./recipe.ts";

/** The cost of a run, without its evaluation. */
export interface RecipeCost {
  readonly model: Model;
  /** The number of distilled images. */
  readonly images: number;
  readonly outerSteps: number;
  /** The additions and multiplications of all outer steps. */
  readonly flops: number;
  /** The memory, in bytes. */
  readonly memory: number;
  /** Whether what lies in a WebAssembly memory fits into one. */
  readonly fits: boolean;
}

/** Returns the bytes of the experts that a recipe says how to train, with the weights of all epochs. */
function expertBytes({ init }: Recipe, { parameterCount }: Model): number {
  if (init.kind !== "experts" || !init.training) return 0;
  const { networks, epochs } = init.training;
  return Float32Array.BYTES_PER_ELEMENT * networks * (epochs + 1) * parameterCount;
}

/** Returns what a recipe takes on data of such a shape, in place on `threads` kernel threads. */
export function recipeCost(recipe: Recipe, data: DataShape, threads: number | "auto" = "auto"): RecipeCost {
  const { networksPerStep } = recipe;
  const [model, method] = [recipeModel(recipe, data), recipeMethod(recipe)];
  const outer = outerOptions(recipe.outer, data.count, outerDefaults(method));
  const images = distilledImages(recipe, model.classes);
  const { flops: flopsOf, real } = declarationOf(method);
  const flops = flopsOf(method, model, real?.(method, model.classes) ?? outer.batch);
  const estimate = estimateMemory({ data, model, method, outer, networksPerStep, threads });
  const fits = estimate.total - estimate.data - estimate.states <= backendEntry().plan.addressable;
  const memory = estimate.total + expertBytes(recipe, model);
  return { model, images, outerSteps: outer.steps, flops: networksPerStep * outer.steps * flops, memory, fits };
}
