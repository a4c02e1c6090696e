// A program that makes and ends engines all day takes no more memory than one that made a few.
import { expect, test } from "vitest";
import { runChild } from "../child.ts";

/** What the second half may add, in bytes a round. The test itself keeps a little, to know who made what. */
const most = { heap: 2048, resident: 64 * 1024 };
/** What a thousand engines may add to the process after the first hundred, in bytes. */
const mostOfThousand = 10e6;

async function grown(way: string, rounds: number) {
  const samples = await runChild<[round: number, heap: number, resident: number][]>(
    new URL("./engines.mjs", import.meta.url),
    { way, rounds, samples: 10 },
  );
  expect(samples).toHaveLength(10);
  const [first, half, end] = [samples[0]!, samples[4]!, samples[9]!];
  const perRound = (at: 1 | 2): number => (end[at] - half[at]) / (end[0] - half[0]);
  const result = { heap: perRound(1), resident: perRound(2), residentSinceFirst: end[2] - first[2] };
  console.log(way, rounds, result);
  return result;
}

test.each([
  "an engine on one thread",
  "an engine on two threads",
  "an engine in a worker",
  "an engine in a worker, on two threads",
])("1,000 times %s: the process takes at most 10 MB more than after 100", async (way) => {
  const { heap, residentSinceFirst } = await grown(way, 1000);
  expect(heap).toBeLessThan(most.heap);
  expect(residentSinceFirst).toBeLessThan(mostOfThousand);
});

test.each([
  { way: "a network's call that was under way", rounds: 600 },
  { way: "a run on two workers", rounds: 300 },
])("$rounds times $way: the second half takes no more memory than the first", async ({ way, rounds }) => {
  const { heap, resident } = await grown(way, rounds);
  expect(heap).toBeLessThan(most.heap);
  expect(resident).toBeLessThan(most.resident);
});
