// A saved set as the command line finds it: from a path, with what its recipe says about network and weights.
import { setDigest } from "../formats/sha256.ts";
import type { InitOptions, InitScheme, WeightSource } from "../index.ts";
import { type DistilledSet, FormatError, fixedInit, type Model, modelFromDescription, randomInit } from "../index.ts";
import { loadDistilled } from "../node.ts";
import { withPath } from "./errors.ts";

export interface SavedSet {
  readonly file: string;
  readonly set: DistilledSet;
  readonly sha256: string;
}

export async function loadSet(file: string): Promise<SavedSet> {
  try {
    const set = await loadDistilled(file);
    return { file, set, sha256: await setDigest(set) };
  } catch (error) {
    throw withPath(error, file);
  }
}

/** The network that the set was distilled for. Throws FormatError where the recipe does not tell. */
export function modelOf({ file, set }: SavedSet): Model {
  const description = set.recipe.model;
  if (description === undefined) {
    throw new FormatError(`${file}: expected recipe.model, which says what network to train, got none`);
  }
  let model: Model;
  try {
    model = modelFromDescription(description);
  } catch (error) {
    throw new FormatError(`${file}: recipe.model: ${(error as Error).message}`, { cause: error });
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

/** The initial weights that the set was distilled for. Throws FormatError where the recipe does not tell. */
export function initOf({ file, set }: SavedSet): WeightSource {
  const { kind, scheme, seed, ...options } = (set.recipe.init ?? {}) as Record<string, unknown>;
  if (typeof scheme === "string" && (kind === "random" || (kind === "fixed" && seed !== undefined))) {
    try {
      const source = [scheme as InitScheme, options as InitOptions] as const;
      return kind === "random" ? randomInit(...source) : fixedInit(seed as number, ...source);
    } catch (error) {
      throw new FormatError(`${file}: recipe.init: ${(error as Error).message}`, { cause: error });
    }
  }
  throw new FormatError(
    `${file}: expected recipe.init, which says where initial weights come from, as ` +
      `{"kind":"random","scheme":"xavier-normal"} or {"kind":"fixed","scheme":"xavier-normal","seed":0}`,
  );
}

/** The seed of the run that made the set, or 1. */
export function seedOf({ set }: SavedSet): number {
  const { seed } = set.recipe;
  return Number.isSafeInteger(seed) && (seed as number) >= 0 ? (seed as number) : 1;
}
