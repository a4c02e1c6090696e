// Reads the folder of a run that is to be run again, and finds out whether its files are those of one run. Nothing is written.
import { join } from "node:path";
import { setDigest } from "../../distill/digest.ts";
import { methodOf } from "../../distill/methods/methods.ts";
import type { RunState } from "../../distill/run-state.ts";
import { describeInit } from "../../distill/weight-source.ts";
import { type Dataset, type DistilledSet, FormatError } from "../../index.ts";
import { readBytes } from "../../node/files.ts";
import { loadCheckpoint, loadDistilled } from "../../node.ts";
import type { Recipe, RecipeOptions } from "../../recipes.ts";
import { at, numberAt } from "../../report/parts.ts";
import { configOf, recordOf } from "../../run/options/config.ts";
import { differences, specOfData, specWith } from "../../run/options/spec.ts";
import { endOf } from "../../run/options/verify.ts";
import { isGone, withPath } from "../errors.ts";
import { checkResult, metricsIn } from "../output/check-parts.ts";
import { checkpointName } from "../output/older-run.ts";
import { maximumBytes, readJson } from "../output/run-parts.ts";
import type { Losses } from "../output/verification.ts";
import { loadRecipe } from "./recipe-file.ts";

/** What the folder of a run holds. */
export interface RunToVerify {
  readonly folder: string;
  readonly set: DistilledSet;
  readonly sha256: string;
  /** The recipe of recipe.json, with its paths as they are from here. */
  readonly recipe?: Recipe | undefined;
  /** The state that the run can go on from, which knows the SHA-256 of its data. */
  readonly state?: RunState | undefined;
  readonly losses?: Losses | undefined;
  /** The files that are not there. */
  readonly missing: readonly string[];
}

/**
 * Reads the files of a finished or stopped run, and compares what they say.
 *
 * @throws FormatError for a damaged file, and for files that cannot be of one run; it says which.
 */
export async function loadRunToVerify(folder: string): Promise<RunToVerify> {
  const missing: string[] = [];
  const part = async <T>(name: string, read: (path: string) => Promise<T>): Promise<T | undefined> => {
    const path = join(folder, name);
    return read(path).catch((error: unknown) => {
      // Who read it may have named the file.
      if (!isGone(error) && !isGone((error as Error).cause)) throw withPath(error, path);
      missing.push(name);
      return undefined;
    });
  };
  const set = await part("distilled.safetensors", loadDistilled);
  const other = await part("distilled.npz", loadDistilled);
  const either = set ?? other;
  if (!either) {
    const names = "distilled.safetensors or distilled.npz";
    throw new FormatError(`${folder}: expected the folder of a finished run, with ${names}, found neither`);
  }
  const sha256 = await setDigest(either);
  const result = await part("result.json", (path) => readJson(path, checkResult));
  const recipe = await part("recipe.json", loadRecipe);
  const checkpoint = await part(checkpointName, loadCheckpoint);
  if (checkpoint?.fault) throw checkpoint.fault;
  const losses = await part("metrics.jsonl", lossesIn);
  const run = { folder, set: either, sha256, recipe, state: checkpoint?.state, losses, missing };
  await checkAgreement(run, other, result);
  return run;
}

async function lossesIn(path: string): Promise<Losses> {
  const losses = new Map<number, Map<number, number>>();
  for (const { value, reached } of metricsIn(await readBytes(path, maximumBytes.metrics), path)) {
    const loss = numberAt(value, "loss");
    const { step, halvings } = reached;
    if (!losses.has(halvings)) losses.set(halvings, new Map());
    if (loss !== undefined) losses.get(halvings)!.set(step, loss);
  }
  return losses;
}

/** Throws FormatError unless set, other set, result, recipe and checkpoint can be of one run, whatever its data. */
async function checkAgreement(
  { folder, set, sha256, recipe, state }: RunToVerify,
  other: DistilledSet | undefined,
  result: unknown,
): Promise<void> {
  const expect = (name: string, what: string, wanted: unknown, got: unknown): void => {
    if (got === undefined || JSON.stringify(got) === JSON.stringify(wanted)) return;
    const [expected, came] = [wanted, got].map((value) => JSON.stringify(value) ?? "none");
    throw new FormatError(`${join(folder, name)}: expected ${what} ${expected}, as the set has it, got ${came}`);
  };
  const { step } = endOf(set);
  if (other && other !== set) {
    expect("distilled.npz", "sha256", sha256, await setDigest(other));
    const rest = differences(restOf(other), restOf(set));
    if (rest !== undefined) {
      throw new FormatError(`${join(folder, "distilled.npz")}: expected what distilled.safetensors has, got ${rest}`);
    }
  }
  expect("result.json", "sha256", sha256, at(result, "sha256"));
  expect("result.json", "outerSteps", step, at(result, "outerSteps"));
  expect("recipe.json", "halvings", set.recipe.halvings ?? [], recipe && (recipe.halvings ?? []));
  // A run that diverged has a checkpoint of some steps before; one that went on and was killed has one of later steps.
  if (!set.recipe.diverged && result !== undefined) expect(checkpointName, "outer step", step, state?.step);
}

/** Everything of a set except its large arrays. */
function restOf({ images, targets, learningRates, ...rest }: DistilledSet): object {
  return rest;
}

/**
 * Compares the data with what the checkpoint says of them, and recipe.json with the recipe of the set and of the checkpoint, before
 * anything is computed.
 *
 * @throws FormatError that says what differs.
 */
export async function checkWithData(
  { folder, set, state }: RunToVerify,
  { data, ...rest }: Omit<RecipeOptions, "data"> & { readonly data: Dataset },
): Promise<void> {
  const images = await specOfData(data);
  const bad = (expected: string, got: string): FormatError =>
    new FormatError(`${folder}: expected ${expected}, got ${got}`);
  if (state) {
    const other = differences(images, state.spec.data as object);
    if (other !== undefined)
      throw bad(`the data of the run, as ${checkpointName} tells of them`, `${data.name} with ${other}`);
  }
  const config = configOf({ data, ...rest });
  const { changesNoBit } = methodOf(config.method);
  const { diverged: _, ...recorded } = set.recipe;
  const own = specWith(recorded, images, changesNoBit);
  const recipe = specWith(recordOf(config, await describeInit(config.init)), images, changesNoBit);
  const other = differences(recipe, own);
  if (other !== undefined) throw bad("the recipe of the set in recipe.json", `one with ${other}`);
  const { floatBytes: __, ...spec } = state?.spec ?? {};
  const others = state && differences(spec, own);
  if (others !== undefined) throw bad(`the recipe of the set in ${checkpointName}`, `one with ${others}`);
}
