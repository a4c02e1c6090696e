// A program that makes and ends engines all day takes no more memory than one that made a few.
import { expect, test } from "vitest";
import { runChild } from "../child.ts";

/** What the second half may add, in bytes a round. The test itself keeps a little, to know who made what. */
const most = { heap: 2048, resident: 64 * 1024 };
/** Engines that are not counted: within them V8 doubles the space of young objects, once, by 16 MB. */
const first = 500;

test.each([
  { worker: false, threads: 1 },
  { worker: false, threads: 2 },
  { worker: true, threads: 1 },
  { worker: true, threads: 2 },
])("1,000 engines add at most 10 MB to a process: %o", async (options) => {
  const script = new URL("./engine-cycles.mjs", import.meta.url);
  const [before, after] = await runChild<[number, number]>(script, { ...options, first, cycles: 1000 });
  console.log(options, { grownBy: after - before });
  expect(after - before).toBeLessThan(10e6);
});

test.each([
  { way: "an engine in a worker", rounds: 1200 },
  { way: "a network's call that was under way", rounds: 600 },
  { way: "a run on two workers", rounds: 300 },
])("$rounds times $way: the second half takes no more memory than the first", async ({ way, rounds }) => {
  const samples = await runChild<[round: number, heap: number, resident: number][]>(
    new URL("./engines.mjs", import.meta.url),
    { way, rounds, samples: 6 },
  );
  expect(samples).toHaveLength(6);
  const [half, end] = [samples[2]!, samples[5]!];
  const perRound = (at: 1 | 2): number => (end[at] - half[at]) / (end[0] - half[0]);
  const [heap, resident] = [perRound(1), perRound(2)];
  console.log({ way, rounds, heap, resident });
  expect(heap).toBeLessThan(most.heap);
  expect(resident).toBeLessThan(most.resident);
});
