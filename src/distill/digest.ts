// The digest of a distilled set: two runs gave the same set if their digests are equal.
import { type Check, float32, kind } from "../checks/checks.ts";
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
});

/**
 * Returns whether another machine makes the same bytes by the set's recipe; with relaxed SIMD or on a GPU it may not. The
 * backend `wasm` makes them then.
 *
 * @throws TypeError for a value that is not a distilled set.
 * @example
 * if (isReproducible(set)) console.log(await setDigest(set));
 */
export function isReproducible(set: Pick<DistilledSet, "recipe">): boolean {
  checkWithRecipe("set", set);
  return inexactOf(set) === undefined;
}

/** Returns what made another machine's bits differ. */
function inexactOf({ recipe }: Pick<DistilledSet, "recipe">): "relaxed" | "webgpu" | undefined {
  if (recipe.gpu !== undefined) return "webgpu";
  return recipe.simd === "relaxed" ? "relaxed" : undefined;
}

/**
 * Returns the SHA-256, in hexadecimal, of the little-endian float32 bytes of `images`, then `targets`, then `learningRates`.
 * For a set that is not reproducible it begins with "relaxed:" or "webgpu:", so that it never passes for the hash of a recipe.
 *
 * @throws TypeError unless all three are Float32Array; UnsupportedError in a page that was not served over https or from
 * localhost, because browsers offer no SHA-256 there.
 * @example
 * console.log(await setDigest(await run.result()));
 */
export async function setDigest(set: DistilledSet): Promise<string> {
  checkHashed("set", set);
  const hash = hexadecimal(await sha256([set.images, set.targets, set.learningRates]));
  const inexact = inexactOf(set);
  return inexact ? `${inexact}:${hash}` : hash;
}
