// Which images of a set pictures show: all of them, or some of those that a decoder makes, of which there may be hundreds.
import type { DistilledSet } from "../distill/distilled-set.ts";

/** The most decoded images of a class in a step that are shown. */
export const mostShown = 10;

/** Returns the class of an image, which is that of its largest target. */
export function classOf({ targets, classes }: Pick<DistilledSet, "targets" | "classes">, image: number): number {
  const row = targets.subarray(image * classes, (image + 1) * classes);
  return row.indexOf(row.reduce((a, b) => Math.max(a, b)));
}

/** Returns the images of a step that are shown, as indices into the set, in its order. */
export function shownImages(set: DistilledSet, step: number): number[] {
  const all = Array.from({ length: set.imagesPerStep }, (_, i) => step * set.imagesPerStep + i);
  if (!set.decoder) return all;
  const shown = new Map<number, number>();
  return all.filter((image) => {
    const label = classOf(set, image);
    const before = shown.get(label) ?? 0;
    shown.set(label, before + 1);
    return before < mostShown;
  });
}
