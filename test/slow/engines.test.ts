// A program that makes and ends engines all day takes no more memory than one that made a few.
import { expect, test } from "vitest";
import { runChild } from "../child.ts";

/**
 * Bytes a round. The heap: what the test itself keeps, to know who made what. The process: twice what Node 20 takes for a
 * worker that does nothing but compile the kernels (33 KB), and never gives back.
 */
const most = { heap: 2048, resident: 64 * 1024 };

test.each([
  { way: "an engine in a worker", rounds: 1200 },
  { way: "an engine on two threads", rounds: 600 },
  { way: "a network's call that was under way", rounds: 600 },
  { way: "a run on two workers", rounds: 300 },
])("$rounds times $way: the second half takes no more memory than the first", async (options) => {
  const samples = await runChild<[round: number, heap: number, resident: number][]>(
    new URL("./engines.mjs", import.meta.url),
    { ...options, samples: 6 },
  );
  expect(samples).toHaveLength(6);
  const [half, , , end] = samples.slice(2) as [(typeof samples)[0], unknown, unknown, (typeof samples)[0]];
  const grown = { heap: (end[1] - half[1]) / (end[0] - half[0]), resident: (end[2] - half[2]) / (end[0] - half[0]) };
  console.log(options, { bytesPerRound: grown, samples });
  expect(grown.heap).toBeLessThan(most.heap);
  expect(grown.resident).toBeLessThan(most.resident);
});
