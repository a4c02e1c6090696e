// Whatever happens to a worker, nobody waits for ever, and the others are stopped too.

import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { digits } from "../../src/data/layouts/digits.ts";
import { setDigest } from "../../src/distill/digest.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import { randomInit } from "../../src/distill/weight-source.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { WorkerError } from "../../src/errors.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { baseline } from "../../src/run/in-place/baseline.ts";
import { type DistillOptions, distill, Run } from "../../src/run/in-place/distill.ts";
import { evaluate, evaluateSets } from "../../src/run/in-place/evaluate.ts";
import type { WorkerApi } from "../../src/run/networks/api.ts";
import { WorkerGroup } from "../../src/workers/group.ts";
import { type StartedWorker, type StartWorker, workerStarter } from "../../src/workers/start.ts";
import { brightHalves, halvesNet } from "../distill/halves.ts";

const { train } = await digits();
const startWorker = await workerStarter();
/** What a promise may take to reject. */
const SOON = 1000;
/** Long enough a step to be in the middle of it: half a second of work for each network, on a fast machine. */
const slow: DistillOptions = {
  data: train,
  model: lenet(),
  method: backGradient({ steps: 10, epochs: 3, imagesPerClass: 1 }),
  outer: { steps: 3, batch: 9000 },
  networksPerStep: 6,
  workers: 2,
};
const tiny: DistillOptions = {
  data: brightHalves({ count: 60 }),
  model: halvesNet(),
  method: backGradient({ steps: 1, epochs: 1, imagesPerClass: 1 }),
  outer: { steps: 1000, batch: 60 },
  networksPerStep: 2,
  workers: 2,
};

/** Workers that can be killed, and what has become of them. */
function killable(): { start: StartWorker; workers: StartedWorker[]; deaths: string[] } {
  const workers: StartedWorker[] = [];
  const deaths: string[] = [];
  const start: StartWorker = (port, died) => {
    const worker = startWorker(port, (why) => {
      deaths.push(why);
      died(why);
    });
    workers.push(worker);
    return worker;
  };
  return { start, workers, deaths };
}

/** A worker with this source instead of ours, and little memory. */
function workerOf(source: string): StartWorker {
  return (port, died) => {
    const resourceLimits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 };
    const worker = new Worker(source, { eval: true, execArgv: [], resourceLimits });
    worker.once("error", (error: Error) => died(`${error.name}: ${error.message}`));
    worker.once("exit", (code) => died(`exited with code ${code}`));
    worker.postMessage(port, [port as never]);
    return { terminate: () => worker.terminate(), keepAlive: (wanted) => (wanted ? worker.ref() : worker.unref()) };
  };
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The error, and the milliseconds until it came. */
async function failure(promise: Promise<unknown>): Promise<{ error: Error; after: number }> {
  const startedAt = performance.now();
  const error = await promise.then(
    () => new Error("did not fail"),
    (reason: Error) => reason,
  );
  return { error, after: performance.now() - startedAt };
}

describe("a worker that is killed", () => {
  test("in the middle of a step is replaced, and the run ends with the bytes of one that nobody disturbed", async () => {
    const { start, workers, deaths } = killable();
    const options = { ...slow, networksPerStep: 2, outer: { steps: 2, batch: 1500 } };
    await using engine = await createEngine({ threads: 1 });
    const run = new Run({ ...options, engine }, start);
    const steps = run[Symbol.asyncIterator]();
    await steps.next();
    const result = run.result();
    // At work on the second step.
    await pause(20);
    await workers[1]!.terminate();
    const set = await result;
    expect(workers).toHaveLength(3);
    expect(deaths).toHaveLength(3);
    expect(engine.arena.used).toBe(0);
    expect(await setDigest(set)).toBe(await setDigest(await distill({ ...options, workers: 0 }).result()));
  });

  test("between two steps is replaced in the next one", async () => {
    const { start, workers } = killable();
    const options = { ...tiny, outer: { steps: 3, batch: 60 } };
    const run = new Run(options, start);
    const iterator = run[Symbol.asyncIterator]();
    await iterator.next();
    await Promise.all([workers[0]!.terminate(), workers[1]!.terminate()]);
    const set = await run.result();
    expect(workers).toHaveLength(4);
    expect(await setDigest(set)).toBe(await setDigest(await distill({ ...options, workers: 0 }).result()));
  });

  test("again and again ends the run with the last death, and leaves what was learned before", async () => {
    const { start, workers, deaths } = killable();
    let learned = false;
    const fragile: StartWorker = (...args) => {
      const worker = start(...args);
      if (learned) setTimeout(() => worker.terminate(), 1);
      return worker;
    };
    await using engine = await createEngine({ threads: 1 });
    const run = new Run({ ...tiny, engine }, fragile);
    const iterator = run[Symbol.asyncIterator]();
    await iterator.next();
    learned = true;
    await Promise.all([workers[0]!.terminate(), workers[1]!.terminate()]);
    const error = await failure(iterator.next());
    expect(error.error).toBeInstanceOf(WorkerError);
    expect(error.error.message).toMatch(/^worker [12] of 2: exited with code \d$/);
    await expect(run.result()).rejects.toBe(error.error);
    // Two workers, one more for each, and three more for the task of each.
    expect(workers.length).toBeLessThanOrEqual(10);
    expect(deaths).toHaveLength(workers.length);
    const state = await run.state();
    expect(state.step).toBe(1);
    const whole = { ...tiny, outer: { steps: 4, batch: 60 }, workers: 0 };
    expect(await setDigest(await distill({ ...whole, resume: state }).result())).toBe(
      await setDigest(await distill(whole).result()),
    );
  });

  test("in an evaluation is replaced, and each network is told of once", async () => {
    const { start, workers, deaths } = killable();
    const group = await WorkerGroup.start<WorkerApi>({ workers: 2, engine: { threads: 1 }, start });
    const set = await distill({ ...tiny, workers: 0, outer: { steps: 0 } }).result();
    const told: number[] = [];
    const options = { model: tiny.model, init: randomInit(), test: brightHalves({ count: 600 }) };
    const onProgress = ({ network }: { network: number }): void => {
      told.push(network);
      if (network === 5) void workers[0]!.terminate();
    };
    const there = await evaluateSets({ ...options, group, onProgress }, 40, () => set);
    expect(told).toEqual(Array.from({ length: 40 }, (_, k) => k + 1));
    expect(there).toEqual(await evaluateSets(options, 40, () => set));
    await group.dispose();
    expect(deaths).toHaveLength(3);
  });
});

describe("a worker that does not start", () => {
  test.each([
    ["leaves", "process.exit(7)", "worker 1 of 2: exited with code 7"],
    ["throws", "throw new SyntaxError('no')", "worker 1 of 2: SyntaxError: no"],
    [
      "runs out of memory",
      "const all = []; for (;;) all.push([...Array(1000).keys()])",
      "worker 1 of 2: Error: Worker terminated due to reaching memory limit: JS heap out of memory",
    ],
  ])("because it %s ends the run with the reason", async (_, source, message) => {
    const run = new Run(tiny, workerOf(source));
    const { error } = await failure(run.result());
    expect(error).toBeInstanceOf(WorkerError);
    expect(error.message.replace("worker 2", "worker 1")).toBe(message);
    await expect(run.result()).rejects.toBe(error);
  });

  test("because the host has none ends the run with what the host says, and stops the others", async () => {
    const { start, deaths } = killable();
    let started = 0;
    const second: StartWorker = (...args) => {
      if (++started === 2) throw new Error("no more workers");
      return start(...args);
    };
    await expect(new Run(tiny, second).result()).rejects.toThrow("no more workers");
    expect(deaths).toHaveLength(1);
  });
});

describe("an error in a worker is as in place", () => {
  test("a RangeError is one here, with the worker's stack", async () => {
    const { error } = await failure(distill({ ...tiny, threads: 0 }).result());
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe('"threads" expected integer from 1 to 64, got 0');
    expect(error.stack).toMatch(/\[worker eval\]/);
  });

  test("a set that contradicts itself is refused", async () => {
    const set = await distill({ ...tiny, workers: 0, outer: { steps: 0 } }).result();
    const options = { model: tiny.model, init: randomInit(), networks: 4, test: tiny.data };
    const broken = { ...set, learningRates: set.learningRates.subarray(1) };
    const inPlace = await failure(evaluate({ ...options, set: broken }));
    const there = await failure(evaluate({ ...options, set: broken, workers: 2 }));
    expect(there.error).toBeInstanceOf(RangeError);
    expect(there.error.message).toBe(inPlace.error.message);
  });

  test("an error of whoever watches ends the run, and stops the workers", async () => {
    const { start, deaths } = killable();
    const onProgress = () => {
      throw new Error("enough");
    };
    await expect(new Run({ ...tiny, onProgress }, start).result()).rejects.toThrow("enough");
    expect(deaths).toHaveLength(2);
  });
});

describe("aborting", () => {
  test("gives up the step in hand, and keeps what was learned before", async () => {
    const stop = new AbortController();
    const run = distill({ ...slow, outer: { ...slow.outer, batch: 64 }, signal: stop.signal });
    const iterator = run[Symbol.asyncIterator]();
    await iterator.next();
    const step = iterator.next();
    await pause(5);
    const startedAt = performance.now();
    stop.abort();
    expect(await step).toEqual({ done: true, value: undefined });
    expect(performance.now() - startedAt).toBeLessThan(SOON);
    const set = await run.result();
    expect(set.recipe).toMatchObject({ outerSteps: 1 });
    const oneStep = await distill({ ...slow, outer: { steps: 1, batch: 64 } }).result();
    expect(await setDigest(set)).toBe(await setDigest(oneStep));
  });

  test("while the workers start leaves the start", async () => {
    const stop = new AbortController();
    const run = distill({ ...tiny, signal: stop.signal });
    const step = run[Symbol.asyncIterator]().next();
    await pause(1);
    stop.abort();
    expect(await step).toEqual({ done: true, value: undefined });
    expect((await run.result()).recipe).toMatchObject({ outerSteps: 0 });
  });

  test("before the run starts no worker", async () => {
    const { start, workers } = killable();
    await new Run({ ...tiny, signal: AbortSignal.abort() }, start).result();
    expect(workers).toHaveLength(0);
  });

  test("ends an evaluation with the signal's reason, told nothing more", async () => {
    const set = await distill({ ...tiny, workers: 0, outer: { steps: 0 } }).result();
    const stop = new AbortController();
    const told: number[] = [];
    const evaluation = evaluate({
      set,
      model: tiny.model,
      init: randomInit(),
      networks: 100_000,
      test: tiny.data,
      workers: 2,
      signal: stop.signal,
      onProgress({ network }) {
        told.push(network);
        if (network === 3) stop.abort("enough");
      },
    });
    await expect(evaluation).rejects.toBe("enough");
    expect(told).toEqual([1, 2, 3]);
  });
});

test.each([-1, 1.5, 65, Number.NaN, "2" as unknown as number])("workers: %j is refused", async (workers) => {
  const message = `"workers" expected integer from 0 to 64, got ${typeof workers === "string" ? `"${workers}"` : workers}`;
  const refusal = typeof workers === "string" ? new TypeError(message) : new RangeError(message);
  expect(() => distill({ ...tiny, workers })).toThrow(refusal);
  const set = await distill({ ...tiny, workers: 0, outer: { steps: 0 } }).result();
  const options = { model: tiny.model, init: randomInit(), networks: 1, test: tiny.data, workers };
  await expect(evaluate({ ...options, set })).rejects.toThrow(refusal);
  const compared = baseline({ kind: "random-real", ...options, train: tiny.data, like: set });
  await expect(compared).rejects.toThrow(refusal);
});
