// What a run was estimated to take is what its process grows by.
import { expect, test } from "vitest";
import { runChild } from "../child.ts";

/** What Node itself takes while a run goes on, as the documentation of estimateMemory has it. */
const host = { process: 10e6, thread: 10e6 };

test.each([
  { images: 60_000, threads: 1, memory: "store", imagesPerClass: 1 },
  { images: 9_000, threads: 1, memory: "store", imagesPerClass: 5 },
  { images: 60_000, threads: 1, memory: "recompute", imagesPerClass: 1 },
  { images: 60_000, threads: 2, memory: "store", imagesPerClass: 1 },
  { images: 9_000, threads: 4, memory: "store", imagesPerClass: 5 },
])(
  "LeNet 10 × 3 on $images images, $imagesPerClass a class, $memory, $threads threads: the process grows by the estimate to 10 %",
  async (options) => {
    const { total, grown } = await runChild<{ total: number; grown: number }>(
      new URL("./peak-memory.mjs", import.meta.url),
      options,
    );
    const expected = total + host.process + (options.threads - 1) * host.thread;
    console.log(options, { total, grown, ratio: grown / expected });
    expect(Math.abs(grown / expected - 1)).toBeLessThan(0.1);
  },
);
