// The file of a sweep: recipes, options for all of them, and lists of options of which every combination is run.
import { basename, dirname, extname, isAbsolute, join } from "node:path";
import { jsonFromBytes } from "../../codecs/json.ts";
import { FormatError } from "../../errors.ts";
import { isObject } from "../../kinds.ts";
import { readBytes } from "../../node/files.ts";
import { quote } from "../../quote.ts";
import { withPath } from "../errors.ts";

const maximumBytes = 2 ** 20;
/** The most runs of a sweep. */
const MOST = 10_000;

type Value = string | number | boolean;

/** One run of a sweep. */
export interface SweepRun {
  /** The name of its folder: the recipe and what the grid gives it. */
  readonly name: string;
  readonly recipe: string;
  /** Arguments of `distillate run`. */
  readonly args: readonly string[];
}

/** The runs of a file, by its name. */
export interface Sweep {
  readonly name: string;
  /** The options of all runs, as the file has them. */
  readonly options: Readonly<Record<string, Value>>;
  readonly runs: readonly SweepRun[];
}

/**
 * Reads a sweep. A recipe in a file is named as it is from the sweep's folder.
 *
 * @throws FormatError that names the key for a file that is no sweep.
 */
export async function loadSweep(path: string): Promise<Sweep> {
  const bytes = await readBytes(path, maximumBytes).catch((error: unknown) => {
    throw withPath(error, path);
  });
  const value = jsonFromBytes(bytes, path);
  const bad = (expected: string): FormatError => new FormatError(`${path}: expected ${expected}`);
  if (!isObject(value)) throw bad('an object with "recipes", and if wanted "options" and "grid"');
  const { recipes, options = {}, grid = {}, ...others } = value;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw bad(`the keys "recipes", "options" and "grid", got ${quote(unknown)}`);
  if (!isListOf(recipes, isText) || recipes.length === 0) throw bad('"recipes" to be a list of names of recipes');
  if (!isObject(options) || !Object.values(options).every(isValue)) {
    throw bad('"options" to be an object of options of `distillate run` and their values');
  }
  if (!isObject(grid) || !Object.values(grid).every((list) => isListOf(list, isValue) && list.length > 0)) {
    throw bad('"grid" to be an object of options of `distillate run` and a list of values for each');
  }
  for (const key of [...Object.keys(options), ...Object.keys(grid)]) {
    if (!/^[a-z][a-z-]*$/.test(key)) throw bad(`options without dashes before them, such as "seed", got ${quote(key)}`);
    if (["out", "resume", "cluster"].includes(key)) throw bad(`no option ${quote(key)}, which the sweep decides`);
  }
  const combinations = combinationsOf(grid as Readonly<Record<string, readonly Value[]>>);
  if (recipes.length * combinations.length > MOST) {
    throw bad(`at most ${MOST} runs, got ${recipes.length * combinations.length}`);
  }
  const usual = argumentsOf(Object.entries(options as Readonly<Record<string, Value>>));
  const runs = recipes.flatMap((recipe) =>
    combinations.map((chosen) => ({
      name: [nameOf(recipe), ...chosen.map(([key, choice]) => `${key}=${String(choice)}`)].join(","),
      recipe: fromHere(recipe, path),
      args: [...usual, ...argumentsOf(chosen)],
    })),
  );
  const names = new Set(runs.map(({ name }) => name));
  if (names.size < runs.length) throw bad("every run once, got one twice");
  for (const name of names) if (/[/\\]/.test(name)) throw bad(`values without slashes in "grid", got ${quote(name)}`);
  return { name: basename(path, extname(path)), options: options as Sweep["options"], runs };
}

type Chosen = readonly (readonly [key: string, value: Value])[];

/** Returns every combination, those of the last option side by side. */
function combinationsOf(grid: Readonly<Record<string, readonly Value[]>>): readonly Chosen[] {
  let all: readonly Chosen[] = [[]];
  for (const [key, values] of Object.entries(grid)) {
    all = all.flatMap((chosen) => values.map((value): Chosen => [...chosen, [key, value]]));
    if (all.length > MOST) break;
  }
  return all;
}

/** Options that are true are given without a value, and those that are false not at all. */
function argumentsOf(options: Chosen): string[] {
  return options.flatMap(([key, value]) => {
    if (typeof value === "boolean") return value ? [`--${key}`] : [];
    return [`--${key}`, String(value)];
  });
}

function nameOf(recipe: string): string {
  return basename(recipe, ".json");
}

function fromHere(recipe: string, path: string): string {
  return recipe.endsWith(".json") && !isAbsolute(recipe) ? join(dirname(path), recipe) : recipe;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isValue(value: unknown): value is Value {
  return isText(value) || typeof value === "number" || typeof value === "boolean";
}

function isListOf<T>(value: unknown, is: (entry: unknown) => entry is T): value is readonly T[] {
  return Array.isArray(value) && value.every(is);
}
