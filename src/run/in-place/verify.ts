// Runs the recipe of a set again, and says whether the same set comes out.

import { setDigest } from "../../distill/digest.ts";
import type { DistilledSet } from "../../distill/distilled-set.ts";
import { inexact } from "../../engine/inexact.ts";
import { isFloats } from "../../kinds.ts";
import { endOf, type RunAgain, type Verification } from "../options/verify.ts";
import { Run } from "./distill.ts";

export type { VerifyOptions } from "../options/verify.ts";

/** What networks train on and with: all of a set but its sizes, which its arrays have, and its recipe. */
const compared = ["images", "targets", "learningRates", "mean", "std", "momentum", "weightDecay", "training"] as const;

/**
 * Runs the recipe of `set` again, from checked options, and compares what comes out.
 *
 * @throws RangeError on an engine whose bits are its own; DivergedError if the run diverges before the step that the set comes
 * after; the signal's reason when aborted; WorkerError when workers died.
 */
export async function verify({ set, ...options }: RunAgain): Promise<Verification> {
  const { engine, signal } = options;
  const { gpu, simd } = inexact(engine);
  if (gpu || simd) {
    const got = gpu ? `one on the GPU ${gpu.name}` : "one with relaxed SIMD";
    throw new RangeError(`"engine" expected one whose bits are the same everywhere, got ${got}`);
  }
  signal?.throwIfAborted();
  const end = endOf(set);
  const run = new Run(options);
  // A run that was stopped early planned more steps, on which the step size of each may depend.
  for await (const { step, halvings = [] } of run) if (step === end.step && halvings.length === end.halvings) break;
  signal?.throwIfAborted();
  const made = await run.result();
  const differs = compared.filter((field) => !areSame(set[field], made[field]));
  const [expected, sha256] = [await setDigest(set), await setDigest(made)];
  return { same: differs.length === 0, differs, expected, sha256, steps: end.step, made };
}

/** Whether two fields of sets are the same, arrays bit by bit. */
function areSame(a: DistilledSet[(typeof compared)[number]], b: typeof a): boolean {
  if (!isFloats(a) || !isFloats(b)) return JSON.stringify(a) === JSON.stringify(b);
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
