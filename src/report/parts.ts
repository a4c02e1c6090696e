// The parts of a run's folder that a report shows, as far as they exist and are valid.
import type { DistilledSet } from "../distill/distilled-set.ts";

/** The parts of a run. Nothing in them is trusted, because they come from files. */
export interface RunParts {
  readonly set?: DistilledSet;
  /** The digest of the set itself. */
  readonly sha256?: string;
  /** The objects of metrics.jsonl. */
  readonly metrics?: readonly unknown[];
  /** The content of result.json and recipe.json. */
  readonly result?: unknown;
  readonly recipe?: unknown;
  /** The missing or damaged parts, a line each. */
  readonly missing: readonly string[];
}

const largestNumber = 1e30;

/** Returns the value at keys, one below the other; undefined if there is no such value. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null && Object.hasOwn(inner, key)
        ? (inner as Record<string, unknown>)[key]
        : undefined,
    value,
  );
}

/** Returns a number that stays finite when it is multiplied and subtracted; no run writes a larger one. */
export function numberAt(value: unknown, ...keys: readonly string[]): number | undefined {
  const found = at(value, ...keys);
  return typeof found === "number" && Math.abs(found) <= largestNumber ? found : undefined;
}

export function textAt(value: unknown, ...keys: readonly string[]): string | undefined {
  const found = at(value, ...keys);
  return typeof found === "string" ? found : undefined;
}

/** A measured accuracy, with values from 0 to 1. */
export interface Measure {
  readonly mean: number;
  readonly std: number;
  readonly ci95?: number | undefined;
  readonly count: number;
  /** What `count` counts. */
  readonly of: "network" | "draw";
}

export function measureAt(value: unknown, ...keys: readonly string[]): Measure | undefined {
  const found = at(value, ...keys);
  const [mean, std, ci95] = ["mean", "std", "ci95"].map((key) => numberAt(found, key));
  if (mean === undefined || mean < 0 || mean > 1) return undefined;
  const draws = numberAt(found, "draws");
  const counted = {
    count: numberAt(found, "networks") ?? draws ?? 1,
    of: draws === undefined ? "network" : "draw",
  } as const;
  return { mean, std: std ?? 0, ...counted, ...(ci95 !== undefined && { ci95 }) };
}
