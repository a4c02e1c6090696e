// Sets as people look at them.
import { unwhitenRows } from "../data/unwhiten.ts";
import type { DistilledSet } from "../distill/distilled-set.ts";

/** Returns the set with images that are normalised only; the set itself if they are not whitened. */
export function unwhitened(set: DistilledSet): DistilledSet {
  const { whitening, ...rest } = set;
  return whitening ? { ...rest, images: unwhitenRows(set.images, whitening) } : set;
}
