// Reports how networks trained on a poisoned set read the classes (docs/math.md §5).
import { number } from "../checks/checks.ts";
import { wrongKind } from "../checks/refusal.ts";
import { isObject } from "../kinds.ts";
import { type Summary, summary } from "../numeric/summary.ts";
import { accuracyOf, type Confusion, share, total } from "./confusion.ts";
import type { Evaluation } from "./evaluation.ts";

/** How networks trained on a set that was distilled to mislead them read test images with true labels. */
export interface AttackReport {
  /** The accuracy by the true labels. */
  readonly overall: Summary;
  /** The accuracy by the labels that the set was distilled for: `from` counts as `to`. */
  readonly modified: Summary;
  /** The share of images of class `from` that are read as `to`. */
  readonly misread: Summary;
}

/**
 * Measures the effect of an attack that makes networks read class `from` as `to`.
 *
 * @param evaluation The result of `evaluate({ perClass: true })` with true labels.
 * @throws TypeError without confusions; RangeError for invalid classes or a class without test images.
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

/** Returns the confusion in which images of class `from` count as images of `to`. */
function withoutClass(confusion: Confusion, from: number, to: number): Confusion {
  if (from === to) return confusion;
  return confusion.map((row, k) => {
    if (k === from) return row.map(() => 0);
    return k === to ? row.map((count, j) => count + confusion[from]![j]!) : row;
  });
}
