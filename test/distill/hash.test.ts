// The promise of a version: these runs give these bytes, on any number of threads and workers, here and anywhere. Whoever
// changes the order of a sum, a random stream or a default changes it: then put the new digest into pinned-runs.ts and say so
// in CHANGELOG.md, in the same commit. Any other reason for a failure is a bug.
import { describe, expect, test } from "vitest";
import { isReproducible, setDigest } from "../../src/distill/digest.ts";
import { distill } from "../../src/run/in-place/distill.ts";
import { pinnedRuns } from "./pinned-runs.ts";

/** More threads than most machines have processors, and numbers that divide neither tiles nor batches. */
const threadCounts = [1, 2, 3, 4, 8];

describe.each(pinnedRuns)("$name", ({ name: _, sha256, ...recipe }) => {
  test.each(threadCounts)("has its SHA-256 on %i threads", async (threads) => {
    const set = await distill({ ...recipe, threads }).result();
    expect(await setDigest(set)).toBe(sha256);
    expect(isReproducible(set)).toBe(true);
  });

  test.each([1, 2, 3])("has its SHA-256 on %i workers", async (workers) => {
    expect(await setDigest(await distill({ ...recipe, threads: 1, workers }).result())).toBe(sha256);
  });
});
