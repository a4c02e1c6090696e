// The fingerprint of a distilled set: what two runs must agree on to be called the same.

import type { DistilledSet } from "../distill/distilled-set.ts";
import { UnsupportedError } from "../errors.ts";
import { bytesOf } from "./npy.ts";

/** Whether another machine makes the same bytes by the set's recipe: not with relaxed SIMD. */
export function isReproducible({ recipe }: Pick<DistilledSet, "recipe">): boolean {
  return recipe.simd !== "relaxed";
}

/**
 * SHA-256, in hexadecimal, of the little-endian float32 bytes of `images`, then `targets`, then `learningRates`. Of a
 * set that is not reproducible it begins with "relaxed:", so that it never passes for the hash of a recipe.
 *
 * @throws UnsupportedError in a page that was not served over https or from localhost: browsers offer no SHA-256 there.
 * @example
 * console.log(await setDigest(await run.result()));
 */
export async function setDigest(set: DistilledSet): Promise<string> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (!subtle) throw new UnsupportedError("no SHA-256 here: serve the page over https or from localhost");
  const parts = [set.images, set.targets, set.learningRates].map(bytesOf);
  // One copy: the engine takes neither pieces nor shared memory.
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes));
  const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return isReproducible(set) ? hash : `relaxed:${hash}`;
}
