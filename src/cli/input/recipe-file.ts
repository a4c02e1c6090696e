// Finds and saves recipes for commands: by name, or in a file whose paths are relative to its folder.
import { existsSync } from "node:fs";
import { readlink, realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { readBytes } from "../../node/files.ts";
import { findRecipe, type Recipe, type RecipeData, recipeFromBytes } from "../../recipes.ts";
import { UsageError, withPath } from "../errors.ts";
import { previousName } from "../output/older-run.ts";

/** The recipe that `distillate run` runs by default. */
export const defaultRecipe = "digits-random";

/** The limit on a recipe's file; the largest that this program writes has some kilobytes. */
const maximumRecipeBytes = 2 ** 22;

/** Returns whether a name is that of a file: it ends in .json or has a slash. */
function isFile(nameOrFile: string): boolean {
  return /\.json$|[/\\]/.test(nameOrFile);
}

/** Loads a named recipe, or that of a file. */
export async function loadRecipe(nameOrFile: string): Promise<Recipe> {
  if (!isFile(nameOrFile)) {
    try {
      return findRecipe(nameOrFile);
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
  }
  try {
    return fromFolder(
      recipeFromBytes(await readBytes(nameOrFile, maximumRecipeBytes), nameOrFile),
      dirname(nameOrFile),
    );
  } catch (error) {
    throw withPath(error, nameOrFile);
  }
}

/**
 * Returns the recipe of a file in `folder` with its paths as they are from here. The files of an older run were moved to
 * previous/ as they were: a path that leads nowhere from there is one from the folder above.
 */
export function fromFolder(recipe: Recipe, folder: string): Recipe {
  const moved = basename(resolve(folder)) === previousName;
  return withPaths(recipe, (path) => {
    if (isAbsolute(path)) return path;
    const [here, above] = [join(folder, path), join(folder, "..", path)];
    return moved && !existsSync(here) && existsSync(above) ? above : here;
  });
}

/** Returns the recipe with its paths as they are from `folder`. */
export function portableRecipe(recipe: Recipe, folder: string): Recipe {
  return withPaths(recipe, (path) => relative(resolve(folder), resolve(path)).replaceAll("\\", "/") || ".");
}

/**
 * Throws UsageError unless `path`, which the recipe `nameOrFile` names, may be written although the user has not named it. A
 * recipe of this package may name any path. The recipe of a file may be a stranger's, so it may name no path outside the
 * file's folder: not by "..", not by links, nor by what is a path on another system.
 */
export async function checkWritable(nameOrFile: string, path: string): Promise<void> {
  if (!isFile(nameOrFile)) return;
  const folder = dirname(nameOrFile);
  const from = relative(await existing(resolve(folder)), await existing(resolve(path)));
  const outside = from === ".." || from.startsWith(`..${sep}`) || isAbsolute(from);
  if (!outside && !/\\|^[A-Za-z]:/.test(relative(folder, path))) return;
  throw new UsageError(
    `${nameOrFile}: expected to write inside the folder of the recipe, got ${path}; name the folder to write into by --out`,
  );
}

/** Follows the links in the part of a path that exists. */
async function existing(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const above = dirname(path);
    // Writing to a link to nowhere would create its target.
    const link = await readlink(path).catch(() => undefined);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || above === path) throw error;
    if (link !== undefined) return existing(resolve(above, link));
    return join(await existing(above), basename(path));
  }
}

/** What a recipe may say about the run that it had: it has no effect. */
export type Happened = Partial<Pick<Recipe, "diverged" | "halvings">>;

/** Returns the recipe for a file in `folder`, with what happened in its run. */
export function recordedRecipe(
  { diverged: _, halvings: __, ...recipe }: Recipe,
  folder: string,
  { diverged, halvings }: Happened,
): Recipe {
  return { ...portableRecipe(recipe, folder), ...(diverged && { diverged }), ...(halvings && { halvings }) };
}

/** Writes it. */
export function recipeBytes(recipe: Recipe, folder: string, happened: Happened = {}): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(recordedRecipe(recipe, folder, happened), null, 2)}\n`);
}

/** Returns the recipe with all its paths changed. */
function withPaths(recipe: Recipe, change: (path: string) => string): Recipe {
  const inData = (data: RecipeData): RecipeData =>
    data.path === undefined ? data : { ...data, path: change(data.path) };
  const { init } = recipe;
  const changed = { ...recipe, data: inData(recipe.data) };
  if (!("pool" in init)) return changed;
  const { pool, training } = init;
  const paths = { pool: change(pool), ...(training && { training: { ...training, data: inData(training.data) } }) };
  if (init.kind === "experts") return { ...changed, init: { ...init, ...paths } };
  const { testPool } = init;
  return { ...changed, init: { ...init, ...paths, ...(testPool !== undefined && { testPool: change(testPool) }) } };
}
