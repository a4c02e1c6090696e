// The running mean of what is learned (docs/math.md §1).
import { describe, expect, test } from "vitest";
import {
  backGradient,
  type DistilledSet,
  type DistillOptions,
  type DivergedError,
  distill,
  setDigest,
} from "../../src/index.ts";
import { brightHalves, halvesNet } from "./halves.ts";

const options: DistillOptions = {
  data: brightHalves({ count: 60, seed: 3 }),
  model: halvesNet(),
  method: backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, labels: "learned" }),
  outer: { batch: 20, steps: 6 },
  seed: 8,
  threads: 1,
};

const fields = ["images", "targets", "learningRates"] as const;

/** The set after each outer step of a run. */
async function sets(changes: DistillOptions["outer"] = {}): Promise<DistilledSet[]> {
  const run = distill({ ...options, outer: { ...options.outer, ...changes } });
  const all: DistilledSet[] = [];
  for await (const _ of run) all.push(await run.snapshot());
  return all;
}

/** The means of the values of each step so far, by their definition in float64. */
function means(all: readonly Float32Array[], decay: number): Float64Array[] {
  let mean = new Float64Array(all[0]!.length);
  return all.map((values, step) => {
    const weight = Math.max(1 - decay, 1 / (step + 1));
    mean = mean.map((old, i) => (1 - weight) * old + weight * values[i]!);
    return mean;
  });
}

describe("with outer.average the set is the running mean of", () => {
  test.each(fields)("%s, and steps are those of a run without", async (field) => {
    const [plain, averaged] = [await sets(), await sets({ average: 0.7 })];
    expect(averaged).toHaveLength(6);
    const expected = means(
      plain.map((set) => set[field]),
      0.7,
    );
    for (const [step, mean] of expected.entries()) {
      for (const [i, value] of mean.entries()) expect(averaged[step]![field][i]).toBeCloseTo(value, 5);
    }
    // And the test could tell a mean from the last value.
    expect(averaged.at(-1)![field]).not.toEqual(plain.at(-1)![field]);
  });
});

test("outer.average of 0 is what the last step left", async () => {
  const [plain, averaged] = [await sets(), await sets({ average: 0 })];
  for (const field of fields) expect(averaged.at(-1)![field]).toEqual(plain.at(-1)![field]);
});

test("threads and a run that is gone on with give the same bytes of averaged images", async () => {
  const outer = { ...options.outer, average: 0.8 };
  const digest = await setDigest(await distill({ ...options, outer }).result());
  expect(await setDigest(await distill({ ...options, outer, threads: 2 }).result())).toBe(digest);
  const half = distill({ ...options, outer: { ...outer, steps: 3 } });
  await half.result();
  const resume = structuredClone(await half.state());
  expect([...resume.tensors.keys()]).toContain("outer/images/average");
  expect(await setDigest(await distill({ ...options, outer, resume }).result())).toBe(digest);
  await expect(distill({ ...options, outer: { ...outer, average: 0.9 }, resume }).result()).rejects.toThrow("average");
});

test("a step that would spoil the images leaves their mean as it was", async () => {
  const left = async (changes: DistillOptions["outer"]): Promise<DistilledSet> => {
    const run = distill({ ...options, outer: { ...options.outer, learningRate: 1e38, ...changes } });
    const error = await run.result().catch((error: unknown) => error);
    expect(error).toMatchObject({ name: "DivergedError", step: 1 });
    return (error as DivergedError).set!;
  };
  const [plain, averaged] = [await left({}), await left({ average: 0.5 })];
  for (const field of fields) expect(averaged[field]).toEqual(plain[field]);
});
