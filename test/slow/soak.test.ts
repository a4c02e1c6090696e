// A run of many steps takes no more memory than one of a few.
import { expect, test } from "vitest";
import { runChild } from "../child.ts";

/** Slope of the least-squares line through points (x, y). */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return covariance / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

test.each([1, 2])("10,000 outer steps leave nothing behind, %i threads", async (threads) => {
  const options = { steps: 10_000, every: 100, threads };
  const samples = await runChild<[step: number, heap: number, buffers: number, capacity: number][]>(
    new URL("./soak.mjs", import.meta.url),
    options,
  );
  expect(samples).toHaveLength(101);
  expect(new Set(samples.map(([, , , capacity]) => capacity)).size, "capacity since step 2").toBe(1);
  const heap = slope(samples.map(([step, used]) => [step, used]));
  const buffers = slope(samples.map(([step, , used]) => [step, used]));
  console.log({
    threads,
    heapBytesPerStep: heap,
    bufferBytesPerStep: buffers,
    first: samples[0],
    last: samples.at(-1),
  });
  expect(heap).toBeLessThan(1024);
  expect(buffers).toBeLessThan(1024);
});
