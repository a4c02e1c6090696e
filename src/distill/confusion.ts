// Which classes networks take for which: reports by class, and of poisoned data (docs/math.md §5).
import { number } from "../checks/checks.ts";
import { wrongKind } from "../checks/refusal.ts";
import { isObject } from "../kinds.ts";
import type { Evaluation } from "./evaluation.ts";
import { type Summary, summary } from "./summary.ts";

/** How many images of each class (row) a network reads as each class (column). */
export type Confusion = readonly (readonly number[])[];

/** Counts `predicted` against `labels`, both [n], over so many classes. */
export function confusionOf(predicted: Uint8Array, labels: Uint8Array, classes: number): Confusion {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]![predicted[i]!]!++;
  return counts;
}

/** The share of images that a network reads as their labels say. */
export function accuracyOf(confusion: Confusion): number {
  const hits = confusion.reduce((sum, row, k) => sum + row[k]!, 0);
  return hits / confusion.reduce((sum, row) => sum + total(row), 0);
}

/** The accuracy in each class, over the networks; of a class without test images undefined. */
export function classAccuracies(confusions: readonly Confusion[]): (Summary | undefined)[] {
  return confusions[0]!.map((row, k) =>
    total(row) === 0 ? undefined : summary(confusions.map((c) => share(c, k, k))),
  );
}

/** Of networks trained on a set that was distilled to mislead them, on test images with their true labels. */
export interface AttackReport {
  /** Accuracy by the true labels. */
  readonly overall: Summary;
  /** Accuracy by the labels that the set was distilled for: `from` counts as `to`. */
  readonly modified: Summary;
  /** The share of images of class `from` that are read as `to`. */
  readonly misread: Summary;
}

/**
 * What an attack that makes class `from` be read as `to` came to.
 *
 * @param evaluation From `evaluate({ perClass: true })`, with true labels.
 * @throws TypeError without confusions; RangeError for invalid classes or those without test images.
 * @example
 * const run = distill({ data: relabelled(train, 0, 1), model, method, init: pretrained(pool) });
 * const evaluation = await evaluate({ set: await run.result(), model, init: pretrained(held), test, perClass: true });
 * attackReport(evaluation, 0, 1).misread.mean;
 */
export function attackReport(evaluation: Evaluation, from: number, to: number): AttackReport {
  const { confusions } = isObject(evaluation) ? evaluation : {};
  if (!isConfusions(confusions)) {
    throw wrongKind("evaluation", "what evaluate gives with perClass: true", evaluation);
  }
  const classes = confusions[0]!.length;
  for (const [name, k] of Object.entries({ from, to })) {
    number(`a class from 0 to ${classes - 1}`, (k) => confusions[0]![k] !== undefined)(name, k);
  }
  if (total(confusions[0]![from]!) === 0) throw new RangeError(`"from" expected a class with test images, got ${from}`);
  return {
    overall: summary(confusions.map(accuracyOf)),
    modified: summary(confusions.map((confusion) => accuracyOf(withoutClass(confusion, from, to)))),
    misread: summary(confusions.map((confusion) => share(confusion, from, to))),
  };
}

function isConfusions(value: unknown): value is readonly Confusion[] {
  return (
    Array.isArray(value) && value.length > 0 && value.every((rows) => Array.isArray(rows) && rows.every(Array.isArray))
  );
}

/** The confusion where images of class `from` count as such of `to`. */
function withoutClass(confusion: Confusion, from: number, to: number): Confusion {
  if (from === to) return confusion;
  return confusion.map((row, k) => {
    if (k === from) return row.map(() => 0);
    return k === to ? row.map((count, j) => count + confusion[from]![j]!) : row;
  });
}

function share(confusion: Confusion, label: number, predicted: number): number {
  return confusion[label]![predicted]! / total(confusion[label]!);
}

function total(row: readonly number[]): number {
  return row.reduce((sum, count) => sum + count, 0);
}
