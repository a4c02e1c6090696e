// From the folder of a run, or a file with a set, to what is needed to run its recipe again: the set, the data and pretrained networks.

import { isReproducible } from "../../distill/digest.ts";
import type { DistilledSet } from "../../index.ts";
import { type Dataset, FormatError, modelFromDescription, type WeightSource } from "../../index.ts";
import { isObject } from "../../kinds.ts";
import { quote, shortName } from "../../quote.ts";
import { recipeModel, recipeOptions } from "../../recipes/options.ts";
import type { Recipe } from "../../recipes.ts";
import { inexactNameOf } from "../../run/options/verify.ts";
import { UsageError, writeNote } from "../errors.ts";
import { type DataFlags, loadPools, loadRecipeData, withDataOptions } from "./recipe-data.ts";
import { checkWithData, type RunToVerify } from "./run-to-verify.ts";
import type { SavedSet } from "./saved-set.ts";

/** What a recipe is run again with. */
export interface ToRunAgain {
  readonly set: DistilledSet;
  readonly data: Dataset;
  /** Given for a set that was distilled for pretrained networks. */
  readonly init?: WeightSource;
}

interface Flags extends DataFlags {
  readonly weights?: string;
}

/**
 * Loads what the recipe in the run's folder names, and checks it against the run's files.
 *
 * @throws FormatError for data that are not those of the run, and for files that disagree.
 */
export async function folderToRunAgain(run: RunToVerify, flags: Flags): Promise<ToRunAgain> {
  const { folder, set, recipe, missing } = run;
  checkReproducible(folder, set);
  for (const name of missing) {
    const what = name === "checkpoint.safetensors" ? ", so nothing tells the SHA-256 of its data" : "";
    writeNote(`${folder} has no ${name}${what}`);
  }
  if (!recipe) return fileToRunAgain({ file: folder, set }, flags);
  const changed = withFlags(recipe, flags);
  const { train } = await loadRecipeData(changed.data, flags.dataset !== undefined);
  const pools = await loadPools(changed, recipeModel(changed, train), folder);
  const options = recipeOptions(changed, train, pools?.train);
  await checkWithData(run, options);
  const { data, init } = options;
  return { set, data, ...(init.kind === "pretrained" && { init }) };
}

function withFlags(recipe: Recipe, flags: Flags): Recipe {
  const { init } = recipe;
  const { weights: pool } = flags;
  const changed = { ...recipe, data: withDataOptions(recipe.data, flags) };
  if (pool === undefined) return changed;
  if (init.kind !== "pretrained")
    throw new UsageError(`--weights expected a set for pretrained networks, got ${init.kind} ones`);
  return { ...changed, init: { ...init, pool } };
}

/**
 * Loads what the recipe in a set names: the data by their name, or those that the options name.
 *
 * @throws FormatError for a recipe that cannot be run, UsageError if an option is missing.
 */
export async function fileToRunAgain({ file, set }: Pick<SavedSet, "file" | "set">, flags: Flags): Promise<ToRunAgain> {
  checkReproducible(file, set);
  const { data: recorded, init, model } = set.recipe;
  const name = isObject(recorded) ? recorded.name : undefined;
  if (typeof name !== "string") {
    throw new FormatError(
      `${file}: expected recipe.data.name, which says what data the set was distilled from, got ${quote(name)}`,
    );
  }
  const [, from] = /, (\d+) as \d+$/.exec(name) ?? [];
  if (from !== undefined) {
    throw new FormatError(
      `${file}: was distilled from ${shortName(name)}: give the folder of its run, whose recipe.json tells of that`,
    );
  }
  const { train } = await loadRecipeData(withDataOptions({ name }, flags), flags.dataset !== undefined);
  if (!isObject(init) || init.kind !== "pretrained") {
    if (flags.weights !== undefined) throw new UsageError("--weights expected a set for pretrained networks");
    return { set, data: train };
  }
  if (flags.weights === undefined) {
    const which = `pretrained networks, ${quote(init.networks)} in all, with SHA-256 ${quote(init.sha256)}`;
    throw new UsageError(`${file} was distilled for ${which}: give their folder or file by --weights`);
  }
  const named = { kind: "pretrained", pool: flags.weights } as const;
  const pools = await loadPools({ init: named } as Recipe, modelFromDescription(model), file);
  const weights = pools!.train.weights.slice(0, init.networks as number);
  return { set, data: train, init: { kind: "pretrained", weights } };
}

/** Throws FormatError for a set whose bits only the machine that made it can make again. */
function checkReproducible(path: string, set: DistilledSet): void {
  if (isReproducible(set)) return;
  const what = inexactNameOf(set);
  throw new FormatError(
    `${path}: was made with ${what}, which rounds in its own way, so no other run gives these bytes: replay its recipe on WASM for ` +
      "the bits, by distillate run RECIPE --backend wasm",
  );
}
