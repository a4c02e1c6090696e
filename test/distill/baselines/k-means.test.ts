// k-means against NumPy and against itself without bounds.
import { execFileSync } from "node:child_process";
import { describe, expect, inject, test } from "vitest";
import { kMeans } from "../../../src/evaluate/baselines/k-means.ts";
import { expectClose, paint } from "../../helpers.ts";

/** Lloyd's iteration and k-means++ as they are written down, every distance computed, chances as given. */
const program = `
import json, sys
import numpy as np
cases = []
for case in json.load(sys.stdin):
    x = np.array(case["points"], dtype=np.float64).reshape(-1, case["size"])
    centres, nearest = [], np.ones(len(x))
    for u in case["chances"]:
        total = nearest.sum()
        at = int(u * len(x)) if total == 0 else int(np.argmax(np.cumsum(nearest) > u * total))
        centres.append(x[at])
        nearest = np.min([((x - c) ** 2).sum(1) for c in centres], axis=0)
    centres, cluster = np.array(centres), np.full(len(x), -1)
    while True:
        d = ((x[:, None] - centres[None]) ** 2).sum(2)
        new = d.argmin(1)
        if (new == cluster).all(): break
        cluster = new
        for c in range(len(centres)):
            if (cluster == c).any(): centres[c] = x[cluster == c].mean(0)
    cases.append(centres.ravel().tolist())
print(json.dumps(cases))
`;

const { path: python, missing: noNumpy } = inject("tools").numpy;

const cases = [
  { n: 12, size: 2, k: 3, seed: 1 },
  { n: 60, size: 7, k: 5, seed: 2 },
  { n: 200, size: 30, k: 12, seed: 3 },
  { n: 500, size: 5, k: 20, seed: 4 },
  { n: 40, size: 3, k: 1, seed: 5 },
].map(({ n, size, k, seed }) => ({
  seed,
  size,
  points: Float64Array.from(paint(n * size, seed, 2)),
  chances: Array.from(paint(k, seed + 100), (value) => (value + 1) / 2).map((u) => Math.min(u, 0.999)),
}));

test.skipIf(noNumpy)("centres are NumPy's", async () => {
  const input = JSON.stringify(cases.map((c) => ({ ...c, points: Array.from(c.points) })));
  const expected: number[][] = JSON.parse(execFileSync(python!, ["-c", program], { input, encoding: "utf8" }));
  for (const [i, { seed, points, size, chances }] of cases.entries()) {
    expectClose(await kMeans(points, size, chances), Float64Array.from(expected[i]!), 1e-12, `centres, seed ${seed}`);
  }
});

describe("kMeans", () => {
  test("finds three heaps, wherever it starts", async () => {
    const heaps = [-10, 0, 10].flatMap((centre) => [centre - 1, centre, centre + 1]);
    const points = Float64Array.from(heaps.flatMap((x) => [x, 2 * x]));
    for (const u of [0, 0.3, 0.6, 0.999]) {
      const centres = await kMeans(points, 2, [u, 0.5, 0.5]);
      expect([centres[0]!, centres[2]!, centres[4]!].sort((a, b) => a - b)).toEqual([-10, 0, 10]);
    }
  });

  test("one cluster is the mean", async () => {
    expect([...(await kMeans(Float64Array.of(1, 2, 3, 6, 5, 1), 2, [0.4]))]).toEqual([3, 3]);
  });

  test("more clusters than different points keep the centres they were seeded with", async () => {
    const centres = await kMeans(Float64Array.of(4, 4, 7), 1, [0.1, 0.5, 0.5, 0.9]);
    expect([...centres].sort()).toEqual([4, 4, 7, 7]);
  });
});
