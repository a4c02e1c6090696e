// The pinned runs on whatever host this is bundled for (bundle.ts).
import { distill, isReproducible, setDigest } from "../../src/index.ts";
import { pinnedRuns } from "../distill/pinned-runs.ts";
import type { Outcome, Place } from "./bundle.ts";

/** What the pinned runs have learned, and what was said of what the host lacks, for each place that they are run in. */
export async function runIn(places: readonly Place[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const place of places) {
    const notices: string[] = [];
    const digests: string[] = [];
    for (const { name: _, sha256: __, ...run } of pinnedRuns) {
      const set = await distill({ ...run, ...place, onNotice: (notice) => void notices.push(notice) }).result();
      digests.push(isReproducible(set) ? await setDigest(set) : "not reproducible");
    }
    outcomes.push({ digests, notices });
  }
  return outcomes;
}
