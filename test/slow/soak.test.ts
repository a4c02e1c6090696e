// A run of half an hour takes no more memory than one of a minute.
import { expect, test } from "vitest";
import { runChild } from "../child.ts";

/** Slope of the least-squares line through points (x, y). */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return covariance / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

/** Minutes of the long run: half an hour, or as many as `SOAK_MINUTES` says. */
const minutes = Number(process.env.SOAK_MINUTES ?? 30);

/**
 * Part of the time that is not counted: V8 doubles the space of young objects twice, the last time after about 70,000
 * steps, which take 2 minutes on a machine with nothing else to do and 5 on a busy one.
 */
const warmUp = 0.2;

test("outer steps and checkpoints leave nothing behind", async () => {
  const options = { seconds: 60 * minutes, threads: 2 };
  const samples = await runChild<[step: number, heap: number, buffers: number, capacity: number, rss: number][]>(
    new URL("./soak.mjs", import.meta.url),
    { ...options, samples: 100 },
  );
  expect(samples.length).toBeGreaterThan(90);
  expect(new Set(samples.map(([, , , capacity]) => capacity)).size, "capacities since step 2").toBe(1);
  const warm = samples.slice(samples.length * warmUp);
  const heap = slope(warm.map(([step, used]) => [step, used]));
  const buffers = slope(warm.map(([step, , used]) => [step, used]));
  const resident = warm.map(([, , , , rss]) => rss);
  const grown = Math.max(...resident) / resident[0]! - 1;
  console.log({
    ...options,
    steps: samples.at(-1)![0],
    heapBytesPerStep: heap,
    bufferBytesPerStep: buffers,
    residentGrownBy: grown,
    first: warm[0],
    last: warm.at(-1),
  });
  expect(heap).toBeLessThan(1024);
  expect(buffers).toBeLessThan(1024);
  expect(grown).toBeLessThan(0.05);
});
