// A run that is aborted in the middle of an outer step ends there, with the state of the step before.
import { describe, expect, test } from "vitest";
import { backGradient, type DistillOptions, distill, distributionMatching, lenet, setDigest } from "../../src/index.ts";
import { inParts } from "../../src/platform/parts.ts";
import { noise } from "./noise.ts";

const data = noise({ count: 300 });
/** Outer steps of a second or so, of many parts. */
const slow: Record<string, Partial<DistillOptions>> = {
  "back-gradient, in its inner steps": { method: backGradient({ steps: 30, epochs: 10, imagesPerClass: 1 }) },
  "back-gradient, in the real batch": {
    method: backGradient({ steps: 1, epochs: 1, imagesPerClass: 1 }),
    networksPerStep: 30,
  },
  "distribution matching": {
    method: distributionMatching({ imagesPerClass: 1, realPerClass: 30 }),
    networksPerStep: 30,
  },
};
const optionsOf = (changes: Partial<DistillOptions>): DistillOptions =>
  ({ data, model: lenet(), threads: 1, worker: false, ...changes, outer: { batch: 300, steps: 3 } }) as DistillOptions;

describe("an abort in the middle of an outer step ends the run there, and it can go on to the same bytes", () => {
  test.each(Object.entries(slow))("%s", async (_, changes) => {
    const options = optionsOf(changes);
    const whole = await setDigest(await distill(options).result());
    const controller = new AbortController();
    const run = distill({ ...options, signal: controller.signal });
    const steps: number[] = [];
    // Between two outer steps a timer comes once or twice; three times since the last step means the middle of one.
    let ticks = 0;
    const timer = setInterval(() => {
      if (++ticks === 3 && steps.length === 1) controller.abort();
    }, 1);
    for await (const { step } of run) {
      steps.push(step);
      ticks = 0;
    }
    clearInterval(timer);
    expect(steps).toEqual([1]);
    const state = await run.state();
    expect(state.step).toBe(1);
    expect(await setDigest(await distill({ ...options, resume: state }).result())).toBe(whole);
  });
});

test("work in parts lets others run about every 50 ms, and ends with the signal's reason", async () => {
  const done: number[] = [];
  function* parts() {
    for (let part = 0; part < 20; part++) {
      const end = performance.now() + 20;
      while (performance.now() < end);
      done.push(part);
      yield;
    }
  }
  await expect(inParts(parts(), AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
  // Parts of 20 ms: after the third, at the latest, the thread was given away.
  expect(done.length).toBeLessThanOrEqual(3);
});
