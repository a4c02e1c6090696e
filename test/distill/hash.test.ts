// The promise of a version: this run gives these bytes, here and anywhere. Whoever changes the order of a sum, a
// random stream or a default changes it: then put the new digest here and say so in CHANGELOG.md, in the same commit.
// Any other reason for a failure is a bug.
import { expect, test } from "vitest";
import { digits } from "../../src/data/digits.ts";
import { distill } from "../../src/distill/distill.ts";
import { backGradient } from "../../src/distill/method.ts";
import { setDigest } from "../../src/formats/sha256.ts";
import { lenet } from "../../src/nn/zoo.ts";

const DIGEST = "1adf4bdc3fcb9890bc469ab6612ceeec368e53b1cf677f0b454d4a675d424c1e";

test.each([1, 2, 3])(
  "three outer steps of LeNet on digits, 10 × 3 × 1, give the known SHA-256 on %s threads",
  async (threads) => {
    const { train } = await digits();
    const method = backGradient({ steps: 10, epochs: 3, imagesPerClass: 1 });
    const run = distill({ data: train, model: lenet(), method, outer: { steps: 3, batch: 64 }, seed: 1, threads });
    expect(await setDigest(await run.result())).toBe(DIGEST);
  },
);
