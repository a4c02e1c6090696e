// Smaller recipes of the paper's experiments that end in minutes on two cores: the same mathematics with fewer outer steps,
// on fewer or smaller networks and batches.
import { parseRecipe } from "../parse.ts";
import type { Recipe, RecipeInit } from "../recipe.ts";
import { adaptationRecipes } from "./adaptation.ts";
import { attackRecipes } from "./attack.ts";
import { mainTableRecipes } from "./main-table.ts";
import { softLabelRecipes } from "./soft-labels.ts";

const full = [...mainTableRecipes, ...softLabelRecipes, ...adaptationRecipes, ...attackRecipes];

interface Changes {
  readonly method?: object;
  readonly outer: { readonly steps: number; readonly batch?: number };
  readonly networks?: number;
}

/** Makes a smaller recipe of `scaledFrom`. */
function scaled(scaledFrom: string, { method, outer, networks = 20 }: Changes): Recipe {
  const recipe = full.find(({ name }) => name === scaledFrom)!;
  const { epochs: _, ...rest } = recipe.outer as { epochs: number };
  return parseRecipe({
    ...recipe,
    name: `${scaledFrom}-scaled`,
    summary: `${recipe.summary}, in fewer outer steps`,
    scaledFrom,
    init: smallPool(recipe.init),
    method: { ...recipe.method, ...method },
    outer: { ...rest, ...outer },
    evaluate: { ...recipe.evaluate, networks },
  });
}

/** A pool of 20 networks, and 10 to evaluate on, that have seen their images five times. */
function smallPool(init: RecipeInit): RecipeInit {
  if (init.kind !== "pretrained" || !init.training) return init;
  const small = (path: string): string => path.replace(/(?=\/\w+$)/, "-scaled");
  return {
    ...init,
    pool: small(init.pool),
    ...(init.testPool !== undefined && { testPool: small(init.testPool) }),
    training: { ...init.training, networks: 20, testNetworks: 10, epochs: 5, learningRate: 1e-3, decayEvery: 3 },
  };
}

export const scaledRecipes: readonly Recipe[] = [
  scaled("mnist-random", { outer: { steps: 600 } }),
  scaled("mnist-fixed", { outer: { steps: 1200 } }),
  scaled("cifar10-fixed", { method: { steps: 1 }, outer: { steps: 300, batch: 64 } }),
  scaled("mnist-soft-labels", { outer: { steps: 1200 } }),
  scaled("mnist-usps", { outer: { steps: 200, batch: 512 }, networks: 10 }),
  scaled("usps-mnist", { outer: { steps: 200, batch: 512 }, networks: 10 }),
  scaled("mnist-attack", { outer: { steps: 400, batch: 512 }, networks: 10 }),
];
