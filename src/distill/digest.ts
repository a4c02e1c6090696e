// The digest of a distilled set: two runs gave the same set if their digests are equal.
import { type Check, float32, kind, optional } from "../checks/checks.ts";
import { thing } from "../checks/options.ts";
import { hexadecimal, sha256 } from "../codecs/sha256.ts";
import { isObject } from "../kinds.ts";
import type { DistilledSet } from "./distilled-set.ts";

const recipe = kind("an object", isObject);

const checkWithRecipe: Check = thing("a distilled set", { recipe });

const checkHashed: Check = thing("a distilled set", {
  recipe,
  images: float32,
  targets: float32,
  learningRates: float32,
  whitening: optional(thing("a whitening", { mean: float32, matrix: float32 })),
});

/**
 * Returns whether another machine makes the same bytes by the set's recipe; with relaxed SIMD or on a GPU it may not, and
 * the backend `wasm` makes them then; a set that was packed for a link has others.
 *
 * @throws TypeError for a value that is not a distilled set.
 * @example
 * if (isReproducible(set)) console.log(await setDigest(set));
 */
export function isReproducible(set: Pick<DistilledSet, "recipe">): boolean {
  checkWithRecipe("set", set);
  return inexactOf(set) === undefined;
}

/** Returns what made the bits others than those that the recipe gives on another machine. */
function inexactOf({ recipe }: Pick<DistilledSet, "recipe">): "relaxed" | "webgpu" | "packed" | undefined {
  if (recipe.packed !== undefined) return "packed";
  if (recipe.gpu !== undefined) return "webgpu";
  return recipe.simd === "relaxed" ? "relaxed" : undefined;
}

/**
 * Returns the SHA-256, in hexadecimal, of the little-endian float32 bytes of `images`, then `targets`, then `learningRates`,
 * and then of the whitening's `mean` and `matrix`, if there is one.
 * For a set that is not reproducible it begins with "relaxed:", "webgpu:" or "packed:", so that it never passes for the hash of a recipe.
 *
 * @throws TypeError unless all three are Float32Array; UnsupportedError in a page that was not served over https or from
 * localhost, because browsers offer no SHA-256 there.
 * @example
 * console.log(await setDigest(await run.result()));
 */
export async function setDigest(set: DistilledSet): Promise<string> {
  checkHashed("set", set);
  const { whitening } = set;
  const white = whitening ? [whitening.mean, whitening.matrix] : [];
  const hash = hexadecimal(await sha256([set.images, set.targets, set.learningRates, ...white]));
  const inexact = inexactOf(set);
  return inexact ? `${inexact}:${hash}` : hash;
}
