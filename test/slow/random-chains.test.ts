// Five hundred random chains of layers, of seeds that `npm test` does not try.
import { afterAll, describe, test } from "vitest";
import { createEngine } from "../../src/engine/engine.ts";
import { checkChain, drawChain } from "../gradients/random-chains.ts";

const engines = await Promise.all([1, 2, 3].map((threads) => createEngine({ threads })));
afterAll(async () => {
  for (const engine of engines) await engine.dispose();
});

describe("500 random chains have the same bits on 1, 2 and 3 threads, the reference's to 1e-4, and read nothing unwritten", () => {
  test.each(Array.from({ length: 10 }, (_, i) => 10_000 + 50 * i))("50 from seed %i", async (first) => {
    let worst = 0;
    for (let seed = first; seed < first + 50; seed++) {
      worst = Math.max(worst, await checkChain(engines, await drawChain(seed)));
    }
    console.log(`seeds ${first} to ${first + 49}: the largest error is ${worst.toExponential(1)} of the largest value`);
  });
});
