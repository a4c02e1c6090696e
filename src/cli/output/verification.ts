// What came out when a recipe was run again, in one sentence or as JSON.
import type { Dataset, DistilledSet, DivergedError, Progress, Verification } from "../../index.ts";
import { shortName } from "../../quote.ts";
import { plural } from "./text.ts";

/** The losses of outer steps, by how often the run had gone back and by step. */
export type Losses = ReadonlyMap<number, ReadonlyMap<number, number>>;

/** The first outer step whose loss is not that of metrics.jsonl. */
export interface LossDifference {
  readonly step: number;
  readonly here: number;
  readonly recorded: number;
}

/** Compares the losses of a run with those of metrics.jsonl, as they come. */
export class ComparedLosses {
  readonly #recorded: Losses | undefined;
  /** The last outer step, and how many losses were compared. */
  step = 0;
  count = 0;
  first: LossDifference | undefined;

  constructor(recorded: Losses | undefined) {
    this.#recorded = recorded;
  }

  add({ step, loss, halvings = [] }: Pick<Progress, "step" | "loss" | "halvings">): void {
    this.step = step;
    const recorded = this.#recorded?.get(halvings.length)?.get(step);
    if (recorded === undefined) return;
    this.count++;
    if (!Object.is(recorded, loss)) this.first ??= { step, here: loss, recorded };
  }
}

/** Says where losses differ first: "the loss of outer step 3 is 2.3, and 2.4 in metrics.jsonl". */
export function differenceText({ step, here, recorded }: LossDifference): string {
  return `the loss of outer step ${step} is ${here}, and ${recorded} in metrics.jsonl`;
}

/** How a run of a recipe ended. */
export interface Outcome {
  readonly set: DistilledSet;
  readonly data: Dataset;
  readonly losses: ComparedLosses;
  /** Absent if the run was ended before the step that the set comes after. */
  readonly found?: Verification | undefined;
  /** Given if it diverged there. */
  readonly diverged?: DivergedError | undefined;
}

/** Whether all that was compared is the same. */
export function isSame({ losses, found, diverged }: Outcome): boolean {
  if (losses.first || diverged) return false;
  return found ? found.same : losses.count > 0;
}

/** Says in one sentence what came out. */
export function verificationText({ data, losses, found, diverged }: Outcome): string {
  const { first, count, step } = losses;
  if (!found && !diverged) {
    if (first) return `not the same: ${differenceText(first)}`;
    if (count === 0)
      return `nothing was compared: metrics.jsonl has no loss of the first ${plural(step, "outer step")}`;
    const compared = `the losses of the first ${plural(step, "outer step")}${count < step ? ` (${count} of them recorded)` : ""}`;
    return `${compared} are those of metrics.jsonl; the bytes of the set were not compared`;
  }
  const differ = `the losses differ first in outer step ${first?.step}: ${first?.here} here, ${first?.recorded} in metrics.jsonl`;
  const ofLosses = first ? `; ${differ}` : "";
  if (!found) return `not the same: the recipe, run again, diverged in outer step ${diverged?.step}${ofLosses}`;
  const { same, sha256, expected, differs, steps } = found;
  const source = shortName(data.name, 60);
  const run = `the recipe, run again on ${source}, gives sha256 ${sha256} after ${plural(steps, "outer step")}`;
  if (same)
    return first ? `the same bytes, but metrics.jsonl is of another run: ${differ}; ${run}` : `the same bytes: ${run}`;
  const instead = sha256 === expected ? "" : ` and not ${expected}`;
  const alike = count > 0 && !first ? `; its losses are those of metrics.jsonl` : "";
  return `not the same: ${run}${instead}; different are ${differs.join(", ")}${ofLosses}${alike}`;
}

/** The same as plain data. */
export function verificationFacts(path: string, outcome: Outcome): object {
  const { data, losses, found, diverged } = outcome;
  const { made: _, same, ...rest } = found ?? {};
  return {
    path,
    same: isSame(outcome),
    bytes: found ? same : null,
    ...rest,
    data: { name: data.name, count: data.count },
    losses: { compared: losses.count, ...(losses.first && { first: losses.first }) },
    ...(diverged && { diverged: { step: diverged.step, tensor: diverged.tensor } }),
  };
}
