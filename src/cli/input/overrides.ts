// The options of `distillate run` that each set a key of the recipe.
import { basename, dirname, join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { recipeGroup } from "../../recipes/recipe.ts";
import { parseRecipe, type Recipe } from "../../recipes.ts";
import { UsageError } from "../errors.ts";
import { baselineList, baselinesText } from "../output/baselines.ts";
import { addFlags, type Flag, flagsOf, givenTo, type Place } from "./flags.ts";
import { addDataOptions, withDataOptions } from "./recipe-data.ts";

/** The keys of a recipe that have an option of their own, whose reading and help are declared with them. */
const { data: _, init: __, ...overridable } = recipeGroup;
const flags: readonly Flag[] = flagsOf(overridable);

/** The changes of an option in the recipe: values at keys. */
type Change = (value: never, recipe: Recipe) => readonly (readonly [key: string, value: unknown])[];

/** Options that set more than one key, or are written in another way than their value. */
const others: readonly {
  readonly flags: string;
  readonly text: string;
  readonly parse?: (text: string) => unknown;
  readonly change: Change;
}[] = [
  {
    flags: "--pool <dir>",
    text: "the trained networks to start from, or the experts: a pool of `distillate train`, or a file",
    change: (pool: string, { init }) => {
      if (init.kind === "experts") return [["init.pool", pool]];
      if (init.kind !== "pretrained") return [["init", { kind: "pretrained", pool }]];
      // `distillate train` makes both folders side by side.
      const beside = init.testPool !== undefined && basename(pool) === "train" && join(dirname(pool), "test");
      return [["init.pool", pool], ...(beside ? [["init.testPool", beside] as const] : [])];
    },
  },
  {
    flags: "--test-pool <dir>",
    text: "other trained networks, to evaluate the set on",
    change: (pool: string) => [["init.testPool", pool]],
  },
  {
    flags: "--attack <from,to>",
    text: "teaches networks to take class <from> for class <to>",
    parse: twoClasses,
    change: ([from, to]: [number, number]) => [["attack", { from, to }]],
  },
  {
    flags: "--baselines <list>",
    text: baselinesText,
    parse: baselineList,
    change: (names: unknown) => [["evaluate.baselines", names]],
  },
];

/** Adds the options under a heading of their own. */
export function addOverrides(command: Command): void {
  command.optionsGroup("Instead of what the recipe says:");
  addDataOptions(command);
  addFlags(command, flags);
  for (const { flags, text, parse } of others) {
    const option = new Option(flags, text);
    command.addOption(parse ? option.argParser(parse) : option);
  }
}

/** Returns the recipe with the changes of the options. Throws UsageError if the two do not go together. */
export function overridden(recipe: Recipe, options: object): Recipe {
  const data = withDataOptions(recipe.data, options);
  const changed = structuredClone({ ...recipe, data }) as unknown as Json;
  for (const { flags, change } of others) {
    const value = (options as Json)[new Option(flags).attributeName()];
    if (value !== undefined)
      for (const [path, part] of change(value as never, recipe)) put(changed, path.split("."), part);
  }
  for (const flag of flags) {
    const value = givenTo(flag, options);
    if (value !== undefined) putFlag(changed, flag, value);
  }
  try {
    return parseRecipe(changed, `${recipe.name} with these options`);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

type Json = { [key: string]: unknown };

/** Puts the value where the recipe's variants have it, and removes the value that it replaces. */
function putFlag(recipe: Json, { flag, places }: Flag, value: unknown): void {
  const place = places.find(({ variant }) => variant === undefined || at(recipe, variant.at) === variant.name);
  if (place === undefined) throw notThere(recipe, flag, places);
  const { path, option, group } = place;
  const { key } = option.kind;
  if (key !== undefined) {
    // Another variant has other settings, so those of the old one go.
    if (at(recipe, [...path, key]) === value) return;
    put(recipe, path, { [key]: value });
    if (path[0] === "method") keepLength(recipe);
    return;
  }
  const name = path.at(-1)!;
  for (const [other, { insteadOf }] of Object.entries(group)) {
    if (other === option.insteadOf || insteadOf === name) put(recipe, [...path.slice(0, -1), other], undefined);
  }
  put(recipe, path, value);
}

/** Keeps only the length of the run of the outer settings, because the others were chosen for another method. */
function keepLength(recipe: Json): void {
  const { steps, epochs } = (recipe.outer ?? {}) as Json;
  recipe.outer = { ...(steps !== undefined && { steps }), ...(epochs !== undefined && { epochs }) };
}

/** Makes the error for an option that the chosen variant, such as the method, does not have. */
function notThere(recipe: Json, flag: string, places: readonly Place[]): UsageError {
  const { at: where } = places[0]!.variant!;
  const which = places.map(({ variant }) => variant!.name).join(" or ");
  return new UsageError(
    `option '${flag}' is of ${which}: expected ${where[0]} ${which}, got ${at(recipe, where)}, which has no such option`,
  );
}

function at(object: unknown, path: readonly string[]): unknown {
  return path.reduce((inner, key) => (inner as Json | undefined)?.[key], object);
}

function put(object: Json, [key, ...rest]: readonly string[], value: unknown): void {
  if (rest.length > 0) {
    const inner = (object[key!] ?? {}) as Json;
    object[key!] = inner;
    put(inner, rest, value);
  } else if (value === undefined) delete object[key!];
  else object[key!] = value;
}

function twoClasses(text: string): readonly [number, number] {
  const classes = /^(\d{1,3}),(\d{1,3})$/.exec(text);
  if (classes) return [Number(classes[1]), Number(classes[2])];
  throw new InvalidArgumentError("Expected two classes, as 0,1.");
}
