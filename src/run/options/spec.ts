// The specification of a run: the SHA-256 of all that decides its bytes. A state goes on only in a run with the same one.
import { hexadecimal, sha256 } from "../../codecs/sha256.ts";
import type { RunState } from "../../distill/run-state.ts";

/**
 * Returns the SHA-256 of a run's recipe without the number of outer steps. That number changes no step, so a run may be resumed
 * to be longer. Throws UnsupportedError if the host offers no SHA-256.
 */
export async function specOf(recipe: Readonly<Record<string, unknown>>): Promise<string> {
  const { outerSteps: _, outer, ...rest } = recipe;
  const { steps: __, ...schedule } = outer as { readonly steps: number };
  const text = JSON.stringify(sorted({ ...rest, outer: schedule }));
  return hexadecimal(await sha256([new TextEncoder().encode(text)]));
}

/** Returns the same value with the keys of all its objects in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, part]) => [key, sorted(part)]));
}

/** Throws RangeError for the state of another run or of another version. */
export function checkResumed(state: RunState, version: string, spec: string): void {
  if (state.version !== version) {
    throw new RangeError(`"resume.version" expected "${version}", got "${state.version}": use that version to go on`);
  }
  if (state.spec !== spec) {
    const advice = "give the data, model, method, weights and options that it was made with";
    throw new RangeError(`"resume.spec" expected "${spec}", got "${state.spec}", of another run: ${advice}`);
  }
}
