import { type Summary, summary } from "../numeric/summary.ts";

/** Counts how many images of each class (row) a network reads as each class (column). */
export type Confusion = readonly (readonly number[])[];

/** Counts `predicted` against `labels`, both [n], over so many classes. */
export function confusionOf(predicted: Uint8Array, labels: Uint8Array, classes: number): Confusion {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]![predicted[i]!]!++;
  return counts;
}

/** Returns the share of images that a network reads as their labels say. */
export function accuracyOf(confusion: Confusion): number {
  const hits = confusion.reduce((sum, row, k) => sum + row[k]!, 0);
  return hits / confusion.reduce((sum, row) => sum + total(row), 0);
}

/** Returns the accuracy in each class, over the networks; undefined for a class without test images. */
export function classAccuracies(confusions: readonly Confusion[]): (Summary | undefined)[] {
  return confusions[0]!.map((row, k) =>
    total(row) === 0 ? undefined : summary(confusions.map((c) => share(c, k, k))),
  );
}

export function share(confusion: Confusion, label: number, predicted: number): number {
  return confusion[label]![predicted]! / total(confusion[label]!);
}

export function total(row: readonly number[]): number {
  return row.reduce((sum, count) => sum + count, 0);
}
