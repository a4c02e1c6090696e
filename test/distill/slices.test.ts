// Slices of an outer step's real images: their mean is that of the batch, and its bytes depend on nobody's number of workers.
import { describe, expect, test } from "vitest";
import { setDigest } from "../../src/distill/digest.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import { distributionMatching } from "../../src/distill/methods/distribution-matching/options.ts";
import { windows } from "../../src/distill/methods/windows/options.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { convNet } from "../../src/nn/zoo.ts";
import { type DistillOptions, distill } from "../../src/run/in-place/distill.ts";
import { brightHalves } from "./halves.ts";

const data = brightHalves({ count: 30 });
const model = convNet({ input: [1, 6, 6], width: 4, depth: 1, classes: 3 });
const methods = {
  "back-gradient": backGradient({ steps: 2, epochs: 2, imagesPerClass: 1 }),
  windows: windows({ imagesPerClass: 3, batchPerClass: 2, window: 4, leastSteps: 1, totalSteps: 9 }),
};
// The last batch of a pass has 6 images, so slices of 12 have 3 and of 6 have 1 or 2.
const outer = { steps: 5, batch: 12 };
const options = { data, model, networksPerStep: 2, seed: 3, threads: 1 };

const run = (method: DistillOptions["method"], slices: number, more: Partial<DistillOptions> = {}) =>
  distill({ ...options, ...more, method, outer: { ...outer, slices } } as DistillOptions).result();

describe.each(Object.entries(methods))("%s", (_, method) => {
  test("learns from slices what it learns from the batch, but for rounding", async () => {
    const engine = await createEngine({ backend: "reference" });
    const [whole, four] = [await run(method, 1, { engine }), await run(method, 4, { engine })];
    expect(four.images).not.toEqual(new Float32Array(four.images.length));
    for (const [i, value] of whole.images.entries()) expect(Math.abs(four.images[i]! - value)).toBeLessThan(1e-6);
    await engine.dispose();
  });

  test("augmented images are those of the batch", async () => {
    const augment = { crop: 1, flip: true };
    const engine = await createEngine({ backend: "reference" });
    const [whole, four] = [await run(method, 1, { engine, augment }), await run(method, 4, { engine, augment })];
    const plain = await run(method, 1, { engine });
    expect(whole.images).not.toEqual(plain.images);
    for (const [i, value] of whole.images.entries()) expect(Math.abs(four.images[i]! - value)).toBeLessThan(1e-6);
    await engine.dispose();
  });

  test("has one digest for 1, 2, 4 threads and 0, 2, 8 workers", async () => {
    const expected = await setDigest(await run(method, 4));
    for (const threads of [2, 4]) expect(await setDigest(await run(method, 4, { threads }))).toBe(expected);
    for (const workers of [2, 8]) expect(await setDigest(await run(method, 4, { workers }))).toBe(expected);
  });

  test("goes on from a state to the same digest", async () => {
    const expected = await setDigest(await run(method, 4));
    const begun = distill({ ...options, method, outer: { ...outer, slices: 4, steps: 2 } } as DistillOptions);
    await begun.result();
    const resume = await begun.state();
    expect(await setDigest(await run(method, 4, { resume }))).toBe(expected);
    await expect(run(method, 2, { resume })).rejects.toThrow("outer.slices 4 instead of 2");
  });
});

test("slices are refused that would have no image, or that the method cannot compute apart", () => {
  expect(() => run(methods.windows, 7)).toThrow(
    '"outer.slices" expected at most 6, the images of the last batch of a pass, got 7',
  );
  expect(() => run(distributionMatching({ imagesPerClass: 1 }), 2)).toThrow(
    '"outer.slices" expected 1 with this method, which does not average a loss over real images, got 2',
  );
});
