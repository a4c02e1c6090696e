// Long inner loops have the same bits however much of them is held for the reverse sweep. All sizes of segments of the longer
// two are in test/slow/trajectory-memory.test.ts.
import { describe, expect, test } from "vitest";
import { setDigest } from "../../src/distill/digest.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { segmentSize } from "../../src/inner/segments.ts";
import { distill } from "../../src/run/in-place/distill.ts";
import { noise } from "./noise.ts";
import { everySize, model, settings, taken, testSegments } from "./trajectory-loops.ts";

/**
 * T = 10, 30 and 31, a prime: no segment but the whole or a single step divides it. The longer ones have the least and the most,
 * about √T, one of more than half, and one that leaves a single step over.
 */
const loops = [
  { steps: 5, epochs: 2, sizes: everySize(10) },
  { steps: 10, epochs: 3, sizes: [1, 6, 16, 29, 30] },
  { steps: 31, epochs: 1, sizes: [1, 6, 16, 30, 31] },
];

describe.each(loops)("a meta-gradient through $steps × $epochs steps is the same", ({ sizes, ...loop }) => {
  testSegments(loop, sizes);

  test("in segments of every size, from one step to all", () => {
    const length = loop.steps * loop.epochs;
    const sizes = settings(length, everySize(length)).map((memory) => segmentSize(memory, length, taken));
    expect(new Set(sizes).size).toBe(length);
  });

  test("as a set distilled with it", async () => {
    await using engine = await createEngine({ threads: 1 });
    const data = noise({ count: 60, channels: 2, size: 9, classes: 3 });
    const digests = new Set<string>();
    for (const memory of ["store", "recompute", 200_000] as const) {
      const method = backGradient({ ...loop, imagesPerClass: 1, memory });
      const run = distill({ data, model, method, outer: { steps: 3, batch: 25 }, networksPerStep: 2, seed: 1, engine });
      digests.add(await setDigest(await run.result()));
    }
    expect(digests.size, "seed 1").toBe(1);
  });
});
