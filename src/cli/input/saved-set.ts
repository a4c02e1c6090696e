// Loads a saved set for a command: from a path, with the network and weights that its recipe names.

import { setDigest } from "../../distill/digest.ts";
import { describeInit } from "../../distill/weight-source.ts";
import { NoSetError } from "../../formats/foreign/candidates.ts";
import {
  type DistilledSet,
  FormatError,
  fixedInit,
  type InitOptions,
  type InitScheme,
  type Model,
  modelFromDescription,
  pretrained,
  randomInit,
  type WeightSource,
} from "../../index.ts";
import { type Finding, type ForeignSetOptions, loadDistilled, loadForeignSet, loadPool } from "../../node.ts";
import { quote, shortName } from "../../quote.ts";
import { withPath } from "../errors.ts";

export interface SavedSet {
  readonly file: string;
  readonly set: DistilledSet;
  readonly sha256: string;
  /** What was declared and guessed of a set of another program. */
  readonly findings?: readonly Finding[] | undefined;
}

/**
 * Loads a set of this library, or one of another program if something is declared of it, or if its file is one of PyTorch or
 * holds no set of this library.
 */
export async function loadSet(file: string, declared?: ForeignSetOptions): Promise<SavedSet> {
  try {
    const isForeign = declared !== undefined || /\.(pt|pth|npy)$/i.test(file);
    const { set, findings } = await (isForeign ? loadForeignSet(file, declared) : loadEither(file));
    return { file, set, sha256: await setDigest(set), findings };
  } catch (error) {
    throw withPath(error, file);
  }
}

/** Tries both; a file without images beside labels is meant to be a set of this library. */
async function loadEither(file: string): Promise<Pick<SavedSet, "set" | "findings">> {
  try {
    return { set: await loadDistilled(file) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return loadForeignSet(file).catch((foreign) => {
      throw foreign instanceof NoSetError ? error : foreign;
    });
  }
}

/** Returns the network that the set was distilled for. Throws FormatError if the recipe does not name it. */
export function modelOf({ file, set }: SavedSet): Model {
  const description = set.recipe.model;
  if (set.recipe.foreign !== undefined && description === undefined) {
    throw new FormatError(`${file}: is a set of another program, which names no network: give one by --model`);
  }
  if (description === undefined) {
    throw new FormatError(`${file}: expected recipe.model, which says what network to train, got none`);
  }
  let model: Model;
  try {
    model = modelFromDescription(description);
  } catch (error) {
    throw new FormatError(`${file}: recipe.model: ${shortName((error as Error).message, 400)}`, { cause: error });
  }
  const shape = [set.channels, set.height, set.width];
  if (shape.join() !== model.inputShape.join() || set.classes !== model.classes) {
    throw new FormatError(
      `${file}: expected recipe.model for ${set.classes} classes of images [${shape}], as the tensors say, ` +
        `got ${model.classes} classes of [${model.inputShape}]`,
    );
  }
  return model;
}

/** Returns the initial weights that the set was distilled for. Throws FormatError if the recipe does not name them. */
export function initOf({ file, set }: SavedSet): WeightSource {
  const { kind, scheme, seed, ...options } = (set.recipe.init ?? {}) as Record<string, unknown>;
  if (kind === "pretrained") {
    const { networks } = options;
    const which = networks === 1 ? "a pretrained network" : `a pool of ${quote(networks)} pretrained networks`;
    const what = networks === 1 ? "the folder that holds it" : "a folder of others, trained likewise";
    throw new FormatError(
      `${file}: was distilled for ${which}, SHA-256 ${quote(options.sha256)}: give ${what} by --weights`,
    );
  }
  const fresh = kind === "random" || kind === "experts";
  if (typeof scheme === "string" && (fresh || (kind === "fixed" && seed !== undefined))) {
    // What the recipe says of experts beside their scheme is for the run alone.
    const { networks: _, epochs: __, parameters: ___, sha256: ____, ...drawn } = options;
    try {
      const source = [scheme as InitScheme, (kind === "experts" ? drawn : options) as InitOptions] as const;
      return fresh ? randomInit(...source) : fixedInit(seed as number, ...source);
    } catch (error) {
      throw new FormatError(`${file}: recipe.init: ${shortName((error as Error).message, 400)}`, { cause: error });
    }
  }
  throw new FormatError(
    `${file}: expected recipe.init, which says where initial weights come from, as ` +
      `{"kind":"random","scheme":"xavier-normal"} or {"kind":"fixed","scheme":"xavier-normal","seed":0}`,
  );
}

/**
 * Returns the networks in folder `weights` as initial weights for the set. If the recipe names one network, it must be that.
 *
 * @throws FormatError when the networks are another model's or are not those that the set was distilled for.
 */
export async function pretrainedInitOf(saved: SavedSet, model: Model, weights: string): Promise<WeightSource> {
  const { file, set } = saved;
  const pool = await loadPool(weights).catch((error) => {
    throw withPath(error, weights);
  });
  if (pool.model.parameterCount !== model.parameterCount) {
    const expected = `networks of ${model.parameterCount} parameters, as ${file} is for`;
    throw new FormatError(`${weights}: expected ${expected}, got ${pool.model.parameterCount}`);
  }
  const init = pretrained(pool);
  const recorded = (set.recipe.init ?? {}) as { kind?: unknown; networks?: unknown; sha256?: unknown };
  if (recorded.kind !== "pretrained" || recorded.networks !== 1) return init;
  const { sha256 } = (await describeInit(init)) as { sha256: string };
  if (sha256 !== recorded.sha256) {
    const expected = `the network that ${file} was distilled for, SHA-256 ${quote(recorded.sha256)}`;
    throw new FormatError(`${weights}: expected ${expected}, got ${sha256}`);
  }
  return init;
}

/** Returns the seed of the run that made the set, or 1. */
export function seedOf({ set }: SavedSet): number {
  const { seed } = set.recipe;
  return Number.isSafeInteger(seed) && (seed as number) >= 0 ? (seed as number) : 1;
}
