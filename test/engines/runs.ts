// The pinned runs on whatever host this is bundled for (bundle.ts).
import { distill, isReproducible, setDigest } from "../../src/index.ts";
import { pinnedRuns } from "../distill/pinned-runs.ts";
import type { Outcome, Place } from "./bundle.ts";

/** Returns, for each place, the digests of the pinned runs, and the messages about features that the host lacks. */
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
