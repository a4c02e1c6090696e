// The named recipes: every experiment of the paper, and smaller ones.

import { text } from "../checks/checks.ts";
import { nearest } from "../checks/nearest.ts";
import { adaptationRecipes } from "./named/adaptation.ts";
import { attackRecipes } from "./named/attack.ts";
import { digitsRecipes } from "./named/digits.ts";
import { frepoRecipes } from "./named/frepo.ts";
import { kipRecipes } from "./named/kip.ts";
import { mainTableRecipes } from "./named/main-table.ts";
import { matchingRecipes } from "./named/matching.ts";
import { photographRecipes } from "./named/photographs.ts";
import { scaledRecipes } from "./named/scaled.ts";
import { softLabelRecipes } from "./named/soft-labels.ts";
import { trajectoryRecipes } from "./named/trajectories.ts";
import { windowsRecipes } from "./named/windows.ts";
import type { Recipe } from "./recipe.ts";

/** A group of recipes that belong together. */
export interface RecipeGroup {
  readonly title: string;
  readonly recipes: readonly Recipe[];
}

/** All recipes in their groups, in the order of `distillate recipes`. */
export const recipeGroups: readonly RecipeGroup[] = [
  { title: "Digits that come with the package", recipes: digitsRecipes },
  { title: "Windows of training: images in any order, for networks that train long", recipes: windowsRecipes },
  { title: "Trajectory matching: a few steps that are worth epochs on real images", recipes: trajectoryRecipes },
  { title: "FRePo: regression on the features of networks", recipes: frepoRecipes },
  { title: "Matching of distributions (DM) and of gradients (DC, DSA)", recipes: matchingRecipes },
  { title: "KIP and label solve: regression with the kernel of infinitely wide networks", recipes: kipRecipes },
  { title: "Fixed and random initial weights", recipes: mainTableRecipes },
  { title: "Labels learned too, for one known network", recipes: softLabelRecipes },
  { title: "Adaptation: networks trained on one set, taught another", recipes: adaptationRecipes },
  { title: "Photographs: one image per class; the last two are not the paper's", recipes: photographRecipes },
  { title: "Poisoning: one step that makes trained networks mistake a class", recipes: attackRecipes },
  {
    title: "Smaller recipes that end in minutes; the paper's figures are those of the full recipes",
    recipes: scaledRecipes,
  },
];

/** All recipes. */
export const recipes: readonly Recipe[] = recipeGroups.flatMap((group) => group.recipes);

/**
 * Returns the recipe of a name.
 *
 * @throws RangeError that suggests the nearest name.
 * @example
 * findRecipe("mnist-random").outer.steps; // 23600
 */
export function findRecipe(name: string): Recipe {
  text("name", name);
  const found = recipes.find((recipe) => recipe.name === name);
  if (found) return found;
  const near = nearest(
    name,
    recipes.map((recipe) => recipe.name),
  );
  const hint = near === undefined ? "`distillate recipes` lists them" : `did you mean ${near}?`;
  throw new RangeError(`unknown recipe '${name}' (${hint})`);
}
