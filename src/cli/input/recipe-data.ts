// Loads the data and the trained networks that a recipe names.
import { access, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import type { Command } from "commander";
import { validationSplit } from "../../evaluate/baselines/validation.ts";
import {
  type DatasetSplit,
  digits,
  type Model,
  type PretrainedPool,
  pretrained,
  type WeightSource,
} from "../../index.ts";
import { isNamedHere } from "../../node/load-dataset.ts";
import { datasetNames, loadNamed, loadParameters, loadPool } from "../../node.ts";
import { convertData, sizeInside } from "../../recipes/convert-data.ts";
import { dataOptions } from "../../recipes/declared/data.ts";
import { freshInit, isFixed } from "../../recipes/options.ts";
import type { Recipe, RecipeData, RecipeExperts, RecipePool } from "../../recipes.ts";
import { UsageError, withPath } from "../errors.ts";
import { addFlags, flagsOf, givenIn } from "./flags.ts";
import { loadData, optionTexts } from "./options.ts";
import { whitenedSplit } from "./whitening.ts";

/** Loads the recipe's data in the form that it wants, whitened too; with `download` named data may be downloaded. */
export async function loadRecipeData(data: RecipeData, download: boolean = false): Promise<DatasetSplit> {
  const all = convertData(await load(data, download), data);
  return whitenedSplit(data.validation ? validationSplit(all) : all, data.zca);
}

async function load(data: RecipeData, download: boolean): Promise<DatasetSplit> {
  const { name, path, channels, labelsFrom } = data;
  const size = sizeInside(data);
  const options = {
    ...(size !== undefined && { size }),
    ...(channels !== undefined && { channels }),
    ...(labelsFrom !== undefined && { labelsFrom }),
  };
  if (path !== undefined) return loadData(path, { ...options, name });
  if (name === "digits") {
    if (!labelsFrom) return digits();
    throw new UsageError(`--labels-from expected 0 for the digits in this package, got ${labelsFrom}`);
  }
  if (!datasetNames.includes(name)) throw new Error(`${name} is not here: give its folder, archive or file by --data`);
  return download ? loadData(undefined, { ...options, dataset: name }) : loadNamed(name, options);
}

/** Adds the options that name the data. */
export function addDataOptions(command: Command): Command {
  command.option("--data <dir>", optionTexts.data).option("--dataset <name>", optionTexts.dataset);
  addFlags(command, flagsOf(dataOptions));
  return command;
}

/** The values of the options of {@link addDataOptions}. */
export interface DataFlags {
  readonly data?: string;
  readonly dataset?: string;
}

/** Returns the data with the options applied; the name of --data is that of the folder or archive. */
export function withDataOptions(recipe: RecipeData, options: DataFlags): RecipeData {
  const { data: path, dataset } = options;
  const data = { ...recipe, ...givenIn(dataOptions, options) };
  if (path !== undefined && dataset !== undefined) throw new UsageError("expected --data or --dataset, got both");
  // "." and "data/" have no name until they are resolved.
  if (path !== undefined) return { ...data, path, name: basename(resolve(path)).replace(archive, "") };
  if (dataset === undefined) return data;
  const { path: _, ...rest } = data;
  return { ...rest, name: dataset };
}

const archive = /\.(tar|tar\.gz|tgz|zip|npz)$/i;

/** Returns whether the data are here, without looking into them. */
export async function isHere({ name, path }: RecipeData): Promise<boolean> {
  if (path !== undefined) return exists(path);
  return name === "digits" || isNamedHere(name);
}

/** The networks to distil for and to evaluate on. */
export interface RecipePools {
  readonly train: PretrainedPool;
  readonly test: PretrainedPool;
}

/**
 * Loads the trained networks that the recipe starts from; undefined if it starts from others. `what` is the recipe's name
 * or file.
 *
 * @throws Error that says how to train what is missing; FormatError for networks of another model.
 */
export async function loadPools(recipe: Recipe, model: Model, what: string): Promise<RecipePools | undefined> {
  const { init } = recipe;
  if (!("pool" in init)) return undefined;
  const trajectories = init.kind === "experts";
  const { pool, testPool = pool, freshLastLayer = false } = init as RecipePool;
  const loaded = async (path: string): Promise<PretrainedPool> => {
    if (!(await exists(path))) throw new Error(`${path}: ${await adviceFor(recipe, what)}`);
    if (!trajectories && (await stat(path)).isFile())
      return { weights: [await loadParameters(path, model, { freshLastLayer })] };
    if (freshLastLayer) throw new Error(`${path}: init.freshLastLayer expected the file of one network, got a folder`);
    return loadPool(path, { trajectories });
  };
  try {
    const train = await loaded(pool);
    return { train, test: testPool === pool ? train : await loaded(testPool) };
  } catch (error) {
    throw withPath(error, pool);
  }
}

/** Returns the initial weights to evaluate with: held-out networks, or the known one, or random ones that begin as experts do. */
export function heldOut(recipe: Recipe, { train, test }: RecipePools): WeightSource {
  if (recipe.init.kind === "experts") return freshInit(recipe.init);
  return pretrained(isFixed(recipe) ? train.weights.slice(0, 1) : test);
}

/** Returns the folder that `distillate train` must fill for the recipe: it contains train/, or the folder of the file. */
export function poolFolder({ pool }: RecipePool | RecipeExperts): string {
  return dirname(/\.(safetensors|npz)$/i.test(pool) ? dirname(pool) : pool);
}

async function adviceFor({ init, model }: Recipe, what: string): Promise<string> {
  if (!("pool" in init)) return "";
  if (init.training === undefined) {
    if (init.kind === "experts") return "there are no experts; train some by distillate train --keep-epochs";
    const whose = "name" in model ? ` of torchvision's ${model.name.toLowerCase()}` : "";
    return `there is no such file; save the state_dict${whose} there, as .safetensors or .npz`;
  }
  const { data } = init.training;
  const source = (await isHere(data))
    ? ""
    : datasetNames.includes(data.name)
      ? ` --dataset ${data.name}`
      : ` --data <${data.name}>`;
  return `there are no trained networks; train them first: distillate train ${what} --out ${poolFolder(init)}${source}`;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
