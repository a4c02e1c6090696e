// Whatever ends a worker, every public call that gives a promise ends with it, within a second.
import { setMaxListeners } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import * as library from "../../src/index.ts";
import { trainPoolFolder } from "../../src/node.ts";
import { asyncCalls } from "../async-calls.ts";
import { brightHalves, halvesNet } from "../distill/halves.ts";
import { arm, type Fault, left, letGo, since, strikes, struck, terminateHeld } from "./faults.ts";

const { backGradient, createEngine, distill, randomInit, setDigest, trainOn, WorkerError } = library;
const data = brightHalves({ count: 60 });
const apart = brightHalves({ count: 30, seed: 2 });
const model = halvesNet();
const init = randomInit();
const parameters = new Float32Array(model.parameterCount).fill(0.01);
const images = new Float32Array(36);
const labelled = { images, targets: Uint8Array.of(0) };
const steps = [labelled];
const run = {
  ...{ data, model, method: backGradient({ steps: 2, epochs: 1, imagesPerClass: 1 }), networksPerStep: 3 },
  outer: { steps: 3, batch: 60 },
};
const set = await distill({ ...run, outer: { steps: 0 }, threads: 1 }).result();
const made = await distill({ ...run, threads: 1 }).result();
/** A set that is said to come after very many steps. */
const outerSteps = 1_000_000;
const outer = { ...(set.recipe.outer as object), steps: outerSteps };
const long = { ...set, recipe: { ...set.recipe, outer, outerSteps } };
const evaluation = { set, model, init, test: data, networks: 5 };
const comparison = { kind: "k-means" as const, train: data, test: data, model, init, like: set, networks: 2, draws: 1 };
const judging = { set, protocol: "dc-bench" as const, model, train: data, test: apart, epochs: 2 };
const pool = { data, test: data, model, networks: 3, epochs: 2, batch: 20 };

/** What a promise may take to settle after the fault. */
const SOON = 1000;

/** How the caller sees a worker end, and what the error says of it. */
const ends: Readonly<Record<Fault, { readonly message: RegExp; readonly cause?: RegExp }>> = {
  exit: { message: /exited with code 7$/ },
  trap: { message: /unreachable/, cause: /^RuntimeError: unreachable$/ },
  memory: { message: /JS heap out of memory$/, cause: /reaching memory limit/ },
  hold: { message: /exited with code 1$/ },
};

function checkDeath(reason: unknown, fault: Fault, call: string): void {
  const error = reason as Error;
  expect(error, call).toBeInstanceOf(WorkerError);
  expect(error.message, call).toMatch(ends[fault].message);
  if (ends[fault].cause) expect(String(error.cause), call).toMatch(ends[fault].cause);
}

/** Milliseconds from the fault to the end of each call. */
const waits: number[] = [];
afterAll(() => console.log(`${waits.length} calls ended at most ${Math.max(...waits)} ms after the fault`));

function checkSoon(after: number, call: string): void {
  expect(after, call).toBeLessThan(SOON);
  waits.push(after);
}

afterEach(async () => {
  letGo();
  expect(await left()).toBe(0);
});

/** An engine in a worker with something of everything that has calls, none of which knows of a fault yet. */
async function things(signal?: AbortSignal) {
  const engine = await createEngine({ worker: true, threads: 1 });
  const network = await engine.bind(model);
  const trained = await trainOn(set, { model, engine });
  const begun = distill({ ...run, outer: { ...run.outer, steps: 1_000_000 }, engine, ...(signal && { signal }) });
  const iterator = begun[Symbol.asyncIterator]();
  await iterator.next();
  const fresh = () => distill({ ...run, engine, ...(signal && { signal }) });
  return { engine, network, trained, begun, iterator, fresh };
}
type Things = Awaited<ReturnType<typeof things>>;

type Row = (given: Things, signal: AbortSignal | undefined) => PromiseLike<unknown>;

/** Calls whose work is in an engine's worker. */
const inWorker: Readonly<Record<string, Row>> = {
  "BoundNetwork.forward": ({ network }, signal) => network.forward({ parameters, images, signal }),
  "BoundNetwork.features": ({ network }, signal) => network.features({ parameters, images, signal }),
  "BoundNetwork.featureGradients": ({ network }, signal) =>
    network.featureGradients({ parameters, images, layer: 0, cotangents: new Float32Array(4 * 36), signal }),
  "BoundNetwork.gradients": ({ network }, signal) => network.gradients({ parameters, ...labelled, signal }),
  "BoundNetwork.hessianVectorProduct": ({ network }, signal) =>
    network.hessianVectorProduct({ parameters, vector: parameters, ...labelled, signal }),
  "BoundNetwork.hessianVectorProducts": ({ network }, signal) =>
    network.hessianVectorProducts({ parameters, vectors: [parameters], ...labelled, signal }),
  "BoundNetwork.metaGradient": ({ network }, signal) =>
    network.metaGradient({ parameters, steps, learningRates: [0.1], real: labelled, signal }),
  baseline: ({ engine }, signal) => library.baseline({ ...comparison, engine, signal }),
  evaluate: ({ engine }, signal) => library.evaluate({ ...evaluation, networks: 100_000, engine, signal }),
  judge: ({ engine }, signal) => library.judge({ ...judging, epochs: 100_000, engine, signal }),
  nearestNeighbors: ({ engine }, signal) =>
    library.nearestNeighbors({ points: "optimized-real", train: data, test: data, candidates: 10_000, engine, signal }),
  trainOn: ({ engine }, signal) => trainOn(set, { model, engine, signal }),
  trainPool: ({ engine }, signal) => library.trainPool({ ...pool, networks: 10_000, engine, signal }),
  verify: ({ engine }, signal) => library.verify({ set: long, data, engine, signal }),
  "Distillation.result": ({ fresh }) => fresh().result(),
  "Distillation.asyncIterator": ({ fresh }) => fresh()[Symbol.asyncIterator]().next(),
  "Distillation.snapshot": ({ begun }) => begun.snapshot(),
  "Distillation.state": ({ begun }) => begun.state(),
  "Engine.bind": ({ engine }) => engine.bind(model),
  "TrainedNetwork.predict": ({ trained }) => trained.predict(images),
};

/** Calls that end something. They may end well: a worker that is dead has ended. */
const ending: Readonly<Record<string, (given: Things) => PromiseLike<unknown>>> = {
  "Distillation.dispose": ({ begun }) => begun.dispose(),
  "Distillation.asyncDispose": ({ fresh }) => fresh()[Symbol.asyncDispose](),
  "TrainedNetwork.dispose": ({ trained }) => trained.dispose(),
  "Engine.dispose": ({ engine }) => engine.dispose(),
  "Engine.asyncDispose": ({ engine }) => engine[Symbol.asyncDispose](),
};

const there = { worker: true, threads: 1 };
/** Calls that start an engine of their own in a worker. */
const owned: Readonly<Record<string, () => Promise<unknown>>> = {
  createEngine: () => createEngine(there),
  evaluate: () => library.evaluate({ ...evaluation, ...there }),
  "Distillation.result": () => distill({ ...run, ...there }).result(),
};

type Place = { workers?: number; worker?: boolean; threads: number; signal?: AbortSignal };

/** Calls that several workers share, and what must be the same wherever they run. */
const shared: Readonly<Record<string, (place: Place) => Promise<unknown>>> = {
  "Distillation.result": async (place) => setDigest(await distill({ ...run, ...place }).result()),
  baseline: (place) => library.baseline({ ...comparison, epochs: [1], ...place }),
  evaluate: (place) => library.evaluate({ ...evaluation, perClass: true, ...place }),
  judge: (place) => library.judge({ ...judging, ...place }),
  trainPool: (place) => library.trainPool({ ...pool, ...place }),
  verify: (place) => library.verify({ set: made, data, ...place }),
  trainPoolFolder: async ({ worker: _, ...place }) => {
    const folder = await mkdtemp(join(tmpdir(), "distillate-deaths-"));
    try {
      return (await trainPoolFolder(folder, { ...pool, ...place })).weights;
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

/** Calls that use no worker: they read, write and convert. */
const without =
  "checkpointFromBytes checkpointToBytes contactSheet datasetFromFiles decodeImage digits distilledFromBytes " +
  "filesInArchive filesInFolder foreignSet loadArrays loadCheckpoint loadCifar loadCifarJpeg loadCsv loadCub loadDataset " +
  "loadDistilled loadForeignSet loadIdx loadIdxFiles loadIdxFolder loadImageFolder loadNamed loadParameters loadPool loadSvhn loadUsps " +
  "loadVoc parametersFromBytes saveCheckpoint saveDistilled setDigest writeFileAtomic";

test("the tables have every public call that gives a promise", () => {
  const rows = [inWorker, ending, owned, shared].flatMap(Object.keys);
  const tables = [...new Set([...rows, ...without.split(" ")])];
  const entries = ["index", "data", "recipes", "algorithm", "checkpoint", "node"];
  expect(tables.sort()).toEqual(asyncCalls(entries));
});

interface Outcome {
  readonly name: string;
  readonly status: "fulfilled" | "rejected";
  readonly reason?: unknown;
  readonly after: number;
}

/** The end of a call, and the milliseconds from the fault to it. */
async function outcome(name: string, call: PromiseLike<unknown>): Promise<Outcome> {
  try {
    await call;
    return { name, status: "fulfilled", after: since() };
  } catch (reason) {
    return { name, status: "rejected", reason, after: since() };
  }
}

describe("in an engine's worker, all calls that wait for it end", () => {
  test.each(["exit", "memory", "hold"] as const)("%s", async (fault) => {
    const given = await things();
    arm(fault, "message");
    const all = Object.entries(inWorker).map(([name, row]) => outcome(name, row(given, undefined)));
    await strikes();
    if (fault === "hold") await terminateHeld();
    for (const { name, status, reason, after } of await Promise.all(all)) {
      expect(status, name).toBe("rejected");
      checkDeath(reason, fault, name);
      checkSoon(after, name);
    }
    // The worker is dead: nothing waits for it any more.
    for (const [name, row] of Object.entries(inWorker)) {
      const { status, reason } = await outcome(name, row(given, undefined));
      expect(status, name).toBe("rejected");
      checkDeath(reason, fault, name);
    }
    for (const [name, row] of Object.entries(ending))
      expect((await outcome(name, row(given))).status, name).toBe("fulfilled");
  });

  test("a trap of a kernel, after which nothing computes in its memory", async () => {
    const given = await things();
    const kernels = Object.entries(inWorker).filter(([name]) => !/^nearestNeighbors$|bind$/.test(name));
    arm("trap", "kernel");
    const all = kernels.map(([name, row]) => outcome(name, row(given, undefined)));
    const ended = await Promise.all(all);
    expect(struck()).toBe(1);
    const [first, ...others] = ended.filter(({ reason }) => /unreachable/.test(String(reason)));
    // All calls of the run whose kernel it was end with the trap.
    const owner = first!.name.split(".")[0]!;
    expect(others.filter(({ name }) => owner !== "Distillation" || !name.startsWith(owner))).toEqual([]);
    checkDeath(first!.reason, "trap", first!.name);
    for (const { name, status, reason, after } of ended) {
      expect(status, name).toBe("rejected");
      expect(reason, name).toBeInstanceOf(WorkerError);
      expect((reason as Error).message, name).toMatch(/create a new engine/);
      checkSoon(after, name);
    }
    for (const [name, row] of Object.entries(ending))
      expect((await outcome(name, row(given))).status, name).toBe("fulfilled");
  });

  test("an abort, while the worker is held in a kernel", async () => {
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const given = await things(stop.signal);
    const takesSignal = Object.entries(inWorker).filter(([, row]) => row.length === 2);
    expect(takesSignal).toHaveLength(14);
    arm("hold", "kernel");
    const all = takesSignal.map(([name, row]) => outcome(name, row(given, stop.signal)));
    await strikes();
    const reason = new Error("enough");
    const aborted = Date.now();
    stop.abort(reason);
    for (const ended of await Promise.all(all)) expect(ended, ended.name).toMatchObject({ status: "rejected", reason });
    checkSoon(Date.now() - aborted, "aborted");
    letGo();
    await given.engine.dispose();
  });

  // Runs that cannot end before the fault comes.
  const long = { ...run, outer: { ...run.outer, steps: 1_000_000 } };

  /** Expects a run that goes on from this state for three steps to give the bytes of one that never stopped. */
  async function checkGoesOn(resume: library.RunState, place: Partial<library.DistillOptions>): Promise<void> {
    const options = { ...long, outer: { ...long.outer, steps: resume.step + 3 } };
    const whole = await distill({ ...options, threads: 1 }).result();
    const rest = await distill({ ...options, ...place, resume }).result();
    expect(await setDigest(rest)).toBe(await setDigest(whole));
  }

  test("a run that is aborted ends after the kernel in hand, and goes on from there to the same bytes", async () => {
    const stop = new AbortController();
    await using engine = await createEngine({ worker: true, threads: 1 });
    const begun = distill({ ...long, engine, signal: stop.signal });
    await begun[Symbol.asyncIterator]().next();
    arm("hold", "kernel");
    const result = begun.result();
    await strikes();
    stop.abort();
    letGo();
    const released = Date.now();
    expect((await result).recipe.outerSteps).toBeLessThan(1_000_000);
    checkSoon(Date.now() - released, "aborted");
    await checkGoesOn(await begun.state(), { engine });
  });

  test("a run whose worker died goes on in another from the last state that the caller has", async () => {
    const begun = distill({ ...long, worker: true, threads: 1 });
    await begun[Symbol.asyncIterator]().next();
    const state = await begun.state();
    arm("exit", "kernel");
    const { status, reason } = await outcome("result", begun.result());
    expect(status).toBe("rejected");
    checkDeath(reason, "exit", "result");
    await expect(begun.state()).rejects.toBe(reason);
    await checkGoesOn(state, { worker: true });
  });

  test.each(Object.entries(ending))("%s, while the worker is held", async (name, row) => {
    const given = await things();
    arm("hold", "message");
    const call = outcome("forward", given.network.forward({ parameters, images }));
    await strikes();
    const end = outcome(name, row(given));
    // A run and a network ask their worker to end them; an engine ends its worker.
    if (!name.startsWith("Engine")) await terminateHeld();
    checkSoon((await end).after, name);
    await given.engine.dispose();
    expect((await call).status).toBe("rejected");
  });
});

describe("a worker of the call's own dies", () => {
  test.each(["exit", "memory", "hold"] as const)("%s", async (fault) => {
    for (const [name, begin] of Object.entries(owned)) {
      arm(fault, "message");
      const call = outcome(name, begin());
      await strikes();
      if (fault === "hold") await terminateHeld();
      const { status, reason, after } = await call;
      expect(status, name).toBe("rejected");
      checkDeath(reason, fault, name);
      checkSoon(after, name);
    }
  });
});

describe.each(Object.entries(shared))("%s, on two workers", async (name, call) => {
  const expected = await call({ threads: 1 });
  const place = { workers: 2, threads: 1 };

  test.each(["exit", "trap", "memory", "hold"] as const)("gives the same when one dies: %s", async (fault) => {
    arm(fault, "kernel");
    const result = call(place);
    await strikes();
    if (fault === "hold") await terminateHeld();
    expect(await result).toEqual(expected);
    expect(struck()).toBe(1);
  });

  test.skipIf(name === "trainPoolFolder")("gives the same when one dies in an orchestrator", async () => {
    arm("exit", "kernel", { depth: 2 });
    expect(await call({ ...place, worker: true })).toEqual(expected);
    expect(struck()).toBe(1);
  });

  test.each(["exit", "trap"] as const)("ends with the last death when a task kills each worker: %s", async (fault) => {
    arm(fault, "kernel", { times: 1_000_000 });
    const { status, reason, after } = await outcome(name, call(place));
    expect(status).toBe("rejected");
    checkDeath(reason, fault, name);
    checkSoon(after, name);
    // The first worker and three more, for one task or for two.
    expect(struck()).toBeGreaterThanOrEqual(4);
    expect(struck()).toBeLessThanOrEqual(8);
  });

  test("ends when it is aborted, while a worker is held in a kernel", async () => {
    const stop = new AbortController();
    arm("hold", "kernel");
    const end = outcome(name, call({ ...place, signal: stop.signal }));
    await strikes();
    const reason = new Error("enough");
    const aborted = Date.now();
    stop.abort(reason);
    const { status, reason: given } = await end;
    checkSoon(Date.now() - aborted, "aborted");
    // A run that is aborted has a result.
    if (name === "Distillation.result") expect(status).toBe("fulfilled");
    else expect(given).toBe(reason);
  });
});
