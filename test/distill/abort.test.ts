// A run that is aborted in the middle of an outer step ends there, with the state of the step before.
import { describe, expect, test } from "vitest";
import {
  backGradient,
  type DistillOptions,
  distill,
  distributionMatching,
  evaluate,
  lenet,
  nearestNeighbors,
  randomInit,
  setDigest,
  trainOn,
  trainPool,
  windows,
} from "../../src/index.ts";
import { inParts } from "../../src/platform/parts.ts";
import { noise } from "./noise.ts";

const data = noise({ count: 300 });
/** Outer steps of half a second or so, of many parts. */
const slow: Record<string, Partial<DistillOptions>> = {
  "back-gradient, in its inner steps": { method: backGradient({ steps: 30, epochs: 4, imagesPerClass: 1 }) },
  "back-gradient, in the real batch": {
    method: backGradient({ steps: 1, epochs: 1, imagesPerClass: 1 }),
    networksPerStep: 12,
  },
  windows: { method: windows({ imagesPerClass: 1, window: 40, totalSteps: 120 }) },
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

describe("an abort in the middle of a call in place ends it with the signal's reason", () => {
  const place = { threads: 1, worker: false };
  const model = lenet();
  const many = noise({ count: 12_000 });
  const few = distill({ ...optionsOf(slow["back-gradient, in its inner steps"]!), outer: { steps: 0 } }).result();
  /** Calls of a second or more, most of it in one piece for whoever waits for the call. */
  const calls: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
    "evaluate, in the test of a network": async (signal) =>
      evaluate({ set: await few, model, init: randomInit(), test: many, networks: 1, epochs: 0, ...place, signal }),
    "trainOn, in the training": async (signal) => trainOn(await few, { model, epochs: 300, ...place, signal }),
    "trainPool, in a step": (signal) =>
      trainPool({ data: many, model, networks: 1, epochs: 1, batch: 12_000, ...place, signal }),
    "trainPool, in the test of a network": (signal) =>
      trainPool({ data, test: many, model, networks: 1, epochs: 1, ...place, signal }),
    "nearestNeighbors, in the search": (signal) =>
      nearestNeighbors({ points: "random-real", perClass: 200, train: many, test: many, draws: 1, ...place, signal }),
    "nearestNeighbors, in k-means": (signal) =>
      nearestNeighbors({ points: "k-means", perClass: 100, train: many, test: data, draws: 1, ...place, signal }),
  };
  test.each(Object.entries(calls))("%s", async (_, call) => {
    await few;
    const stop = new AbortController();
    const reason = new Error("enough");
    let abortedAt = 0;
    // A timer that comes late, after the end of the call, changes nothing.
    setTimeout(() => {
      abortedAt = performance.now();
      stop.abort(reason);
    }, 100);
    await expect(call(stop.signal)).rejects.toBe(reason);
    expect(performance.now() - abortedAt).toBeLessThan(1000);
  });
});

test("an abort in the middle of a step on workers ends the run there, and it can go on to the same bytes", async () => {
  const options = { ...optionsOf({ ...slow["back-gradient, in the real batch"], networksPerStep: 4 }), workers: 2 };
  const whole = await setDigest(await distill({ ...options, workers: 0 }).result());
  const stop = new AbortController();
  const run = distill({ ...options, signal: stop.signal });
  await run[Symbol.asyncIterator]().next();
  const result = run.result();
  setTimeout(() => stop.abort(), 20);
  expect((await result).recipe.outerSteps).toBe(1);
  const resume = await run.state();
  expect(await setDigest(await distill({ ...options, resume }).result())).toBe(whole);
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
