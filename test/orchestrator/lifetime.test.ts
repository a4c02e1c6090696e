// Runs and calls in an orchestrator end: by themselves, when they are told to, and when the worker dies.
import { describe, expect, test } from "vitest";
import {
  backGradient,
  type DistilledSet,
  type DistillOptions,
  distill,
  evaluate,
  type Progress,
  randomInit,
  WorkerError,
} from "../../src/index.ts";
import { RemoteEngine } from "../../src/run/orchestrator/engine.ts";
import { type StartedWorker, type StartWorker, workerStarter } from "../../src/workers/start.ts";
import { brightHalves, halvesNet } from "../distill/halves.ts";

const model = halvesNet();
const endless: DistillOptions = {
  data: brightHalves({ count: 60 }),
  model,
  method: backGradient({ steps: 1, epochs: 1, imagesPerClass: 1 }),
  outer: { steps: 1_000_000, batch: 60 },
  worker: true,
  threads: 1,
};
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const stepsOf = ({ recipe }: DistilledSet): number => recipe.outerSteps as number;

/** An engine whose worker can be killed. */
async function killable(): Promise<{ engine: RemoteEngine; kill(): Promise<unknown> }> {
  let worker: StartedWorker | undefined;
  const startOne = workerStarter("orchestrator");
  const start: StartWorker = (port, died) => {
    worker = startOne(port, died);
    return worker;
  };
  const engine = await RemoteEngine.start({ threads: 1 }, start, () => {});
  return { engine, kill: async () => worker!.terminate() };
}

/** An evaluation that takes for ever. */
const long = async (engine: RemoteEngine, more: { signal?: AbortSignal } = {}) => {
  const set = await distill({ ...endless, outer: { steps: 0 } }).result();
  const test = brightHalves({ count: 600 });
  return { promise: evaluate({ set, model, init: randomInit(), networks: 1_000_000, test, engine, ...more }) };
};

describe("a run", () => {
  test("reports a part of its steps, in order, and the last of all", async () => {
    const all: Progress[] = [];
    const heard: Progress[] = [];
    const steps = 3000;
    const started = performance.now();
    const run = distill({ ...endless, outer: { steps, batch: 60 }, onProgress: (progress) => heard.push(progress) });
    for await (const progress of run) all.push(progress);
    const tenths = (performance.now() - started) / 100;
    expect(all.length).toBeLessThanOrEqual(tenths + 2);
    expect(all.map(({ step }) => step)).toEqual([...new Set(all.map(({ step }) => step))].sort((a, b) => a - b));
    expect(all.at(-1)!.step).toBe(steps);
    expect(heard).toEqual(all);
    expect(stepsOf(await run.result())).toBe(steps);
  });

  test("rests while nobody asks for the next report, and goes on when somebody does", async () => {
    await using run = distill(endless);
    const iterator = run[Symbol.asyncIterator]();
    await iterator.next();
    const now = async () => stepsOf(await run.snapshot());
    // It may be one message ahead; then it pauses.
    let before = -1;
    for (let tries = 0; before !== (await now()); tries++) {
      if (tries === 50) throw new Error("it goes on and on");
      before = await now();
      await pause(150);
    }
    await iterator.next();
    await iterator.next();
    await iterator.next();
    expect(await now()).toBeGreaterThan(before);
  });

  test("that is left keeps what was learned", async () => {
    const run = distill(endless);
    for await (const _ of run) break;
    const steps = stepsOf(await run.result());
    expect(steps).toBeGreaterThan(0);
    expect(steps).toBeLessThan(1_000_000);
    expect(stepsOf(await run.snapshot())).toBe(steps);
  });

  test("ends by its signal, though nobody reads it, with what was learned", async () => {
    const stop = new AbortController();
    const run = distill({ ...endless, signal: stop.signal });
    const result = run.result();
    await expect.poll(async () => stepsOf(await run.snapshot())).toBeGreaterThan(0);
    stop.abort();
    expect(stepsOf(await result)).toBeGreaterThan(0);
    expect(stepsOf(await distill({ ...endless, signal: stop.signal }).result())).toBe(0);
  });

  test("fails with the worker", async () => {
    const { engine, kill } = await killable();
    const run = distill({ ...endless, engine });
    const iterator = run[Symbol.asyncIterator]();
    await iterator.next();
    await kill();
    const failed = (async () => {
      for (;;) if ((await iterator.next()).done) return;
    })();
    await expect(failed).rejects.toThrow(new WorkerError("the engine's worker: exited with code 1"));
    await expect(run.result()).rejects.toThrow(WorkerError);
    await expect(run.snapshot()).rejects.toThrow(WorkerError);
  });

  test("refuses wrong options when it is made", () => {
    expect(() => distill({ ...endless, networksPerStep: 0 })).toThrow('"networksPerStep" expected');
  });
});

describe("a call", () => {
  test("rejects when the worker dies, as do all later ones", async () => {
    const { engine, kill } = await killable();
    const network = await engine.bind(model);
    const { promise } = await long(engine);
    setTimeout(kill, 100);
    await expect(promise).rejects.toThrow(new WorkerError("the engine's worker: exited with code 1"));
    const input = { parameters: new Float32Array(model.parameterCount), images: new Float32Array(1) };
    await expect(network.forward(input)).rejects.toThrow(WorkerError);
    await engine.dispose();
  });

  test("rejects with its signal's reason at once; the engine serves others after it", async () => {
    const { engine } = await killable();
    const stop = new AbortController();
    const { promise } = await long(engine, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error("enough")), 100);
    await expect(promise).rejects.toThrow("enough");
    const network = await engine.bind(model);
    const input = { parameters: new Float32Array(model.parameterCount), images: new Float32Array(0) };
    await expect(network.forward({ ...input, signal: stop.signal })).rejects.toThrow("enough");
    await expect(network.forward(input)).rejects.toThrow('"images" expected');
    await engine.dispose();
  });

  test("rejects when its engine is disposed of", async () => {
    const { engine } = await killable();
    const { promise } = await long(engine);
    setTimeout(() => engine.dispose(), 100);
    await expect(promise).rejects.toThrow("this engine was disposed");
    await expect(engine.bind(model)).rejects.toThrow("this engine was disposed");
  });
});

test("in Node there is no script to start from but the package's", async () => {
  await expect(distill({ ...endless, worker: "worker.js" }).result()).rejects.toThrow("say worker: true");
});
