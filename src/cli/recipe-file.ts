// Recipes as the command line finds and keeps them: by name, or in a file whose paths are relative to its folder.
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { readBytes } from "../node/files.ts";
import { findRecipe, type Recipe, type RecipeData, recipeFromBytes } from "../recipes.ts";
import { UsageError, withPath } from "./errors.ts";

/** What `distillate run` runs if nobody says what. */
export const defaultRecipe = "digits-random";

/** The largest recipe that this program writes has some kilobytes. */
const maximumRecipeBytes = 2 ** 22;

/** A named recipe, or that of a file; names that end in .json or have a slash in them are files. */
export async function loadRecipe(nameOrFile: string): Promise<Recipe> {
  if (!/\.json$|[/\\]/.test(nameOrFile)) {
    try {
      return findRecipe(nameOrFile);
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
  }
  try {
    const folder = dirname(nameOrFile);
    const recipe = recipeFromBytes(await readBytes(nameOrFile, maximumRecipeBytes), nameOrFile);
    return withPaths(recipe, (path) => (isAbsolute(path) ? path : join(folder, path)));
  } catch (error) {
    throw withPath(error, nameOrFile);
  }
}

/** The recipe as a file in `folder` says it. */
export function recipeBytes(recipe: Recipe, folder: string): Uint8Array {
  const portable = withPaths(recipe, (path) => relative(resolve(folder), resolve(path)).replaceAll("\\", "/") || ".");
  return new TextEncoder().encode(`${JSON.stringify(portable, null, 2)}\n`);
}

/** The recipe with all its paths changed. */
function withPaths(recipe: Recipe, change: (path: string) => string): Recipe {
  const inData = (data: RecipeData): RecipeData =>
    data.path === undefined ? data : { ...data, path: change(data.path) };
  const { init } = recipe;
  const changed = { ...recipe, data: inData(recipe.data) };
  if (init.kind !== "pretrained") return changed;
  const { pool, testPool, training } = init;
  return {
    ...changed,
    init: {
      ...init,
      pool: change(pool),
      ...(testPool !== undefined && { testPool: change(testPool) }),
      ...(training && { training: { ...training, data: inData(training.data) } }),
    },
  };
}
