// The set with the lowest outer loss (docs/math.md §1).
import { expect, test } from "vitest";
import { backGradient, type DistillOptions, distill, setDigest } from "../../src/index.ts";
import { brightHalves, halvesNet } from "./halves.ts";

const options: DistillOptions = {
  data: brightHalves({ count: 60, seed: 3 }),
  model: halvesNet(),
  method: backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, labels: "learned" }),
  // So large a step size makes the loss go up and down.
  outer: { batch: 20, steps: 16, learningRate: 0.5 },
  seed: 8,
  threads: 1,
};

/** The digest of the set after each outer step of a run, and the losses. */
async function followed(changes: DistillOptions["outer"] = {}, more: Partial<DistillOptions> = {}) {
  const run = distill({ ...options, ...more, outer: { ...options.outer, ...changes } });
  const [digests, losses]: [string[], number[]] = [[], []];
  for await (const { loss } of run) {
    digests.push(await setDigest(await run.snapshot()));
    losses.push(loss);
  }
  return { digests, losses };
}

/** Which step's set is the best after each step, by the definition: the end of the `best` steps with the lowest mean loss. */
function bestSteps(losses: readonly number[], best: number): number[] {
  let [lowest, at] = [Number.POSITIVE_INFINITY, -1];
  return losses.map((_, step) => {
    if ((step + 1) % best === 0) {
      const mean = losses.slice(step + 1 - best, step + 1).reduce((sum, loss) => sum + loss, 0) / best;
      if (mean < lowest) [lowest, at] = [mean, step];
    }
    return at < 0 ? step : at;
  });
}

test.each([{}, { average: 0.5 }])("the set is that after the steps of the lowest mean loss, with %o", async (more) => {
  const plain = await followed(more);
  for (const best of [1, 3, 4]) {
    const { digests, losses } = await followed({ ...more, best });
    expect(losses).toEqual(plain.losses);
    const steps = bestSteps(plain.losses, best);
    expect(digests).toEqual(steps.map((step) => plain.digests[step]));
    // And the test could tell it from the last set.
    expect(steps.at(-1)).toBeLessThan(plain.losses.length - 1);
  }
});

test("threads, workers and a run that is gone on with give the same bytes of the best set", async () => {
  const outer = { ...options.outer, best: 3 };
  const digest = await setDigest(await distill({ ...options, outer }).result());
  expect(await setDigest(await distill({ ...options, outer, threads: 2 }).result())).toBe(digest);
  expect(await setDigest(await distill({ ...options, outer, workers: 1 }).result())).toBe(digest);
  for (const steps of [1, 7, 12]) {
    const begun = distill({ ...options, outer: { ...outer, steps } });
    await begun.result();
    const resume = structuredClone(await begun.state());
    expect([...resume.tensors.keys()]).toEqual(expect.arrayContaining(["outer/images/best", "outer/best/losses"]));
    expect(await setDigest(await distill({ ...options, outer, resume }).result()), `${steps} steps`).toBe(digest);
  }
});

test("a run that goes back after a divergence goes back to what was the best set then", async () => {
  const data = brightHalves({ count: 60 });
  const method = backGradient({ steps: 5, epochs: 4, imagesPerClass: 1, learningRate: 1 });
  const outer = { batch: 60, learningRate: 30, decayFactor: 1, onDivergence: "halve", steps: 130, best: 10 } as const;
  const wild = { ...options, data, method, networksPerStep: 2, outer };
  const whole = await distill(wild).result();
  const halvings = whole.recipe.halvings as readonly { readonly step: number; readonly backTo: number }[];
  expect(halvings.length).toBeGreaterThan(0);
  // A run that goes on from a state shortly before the end has what decides from that state alone.
  const begun = distill({ ...wild, outer: { ...outer, steps: 120 } });
  await begun.result();
  const resume = structuredClone(await begun.state());
  expect(await setDigest(await distill({ ...wild, resume }).result())).toBe(await setDigest(whole));
});
