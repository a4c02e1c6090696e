// The entry `distillate/recipes`: experiments by name and as JSON.
export { type RecipeOptions, recipeOptions } from "./recipes/options.ts";
export { parseRecipe, recipeFromBytes } from "./recipes/parse.ts";
export type {
  Attack,
  BaselineName,
  PaperFigure,
  PoolTraining,
  Recipe,
  RecipeData,
  RecipeExperts,
  RecipeInit,
  RecipeModel,
  RecipePool,
} from "./recipes/recipe.ts";
export { findRecipe, type RecipeGroup, recipeGroups, recipes } from "./recipes/recipes.ts";
