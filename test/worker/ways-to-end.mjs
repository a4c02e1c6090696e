// Every way in which engines, runs and calls come to an end. Each is a function that makes something, ends it, and keeps
// nothing of it: what is left afterwards is what the library keeps.
import { createRequire } from "node:module";
import { noise } from "../child-data.mjs";

const host = createRequire(import.meta.url)("node:worker_threads");
/** What the library has taken from the host, in order. */
const taken = [];

function watched(name, Kind) {
  return class extends Kind {
    constructor(...given) {
      super(...given);
      taken.push({ name, made: new WeakRef(this) });
    }
  };
}

// Where the library takes them from.
host.Worker = watched("workers", host.Worker);
globalThis.MessageChannel = watched("channels", MessageChannel);
WebAssembly.Memory = watched("memories", WebAssembly.Memory);
WebAssembly.Instance = watched("instances", WebAssembly.Instance);

/** How many of each kind are alive, after a collection. */
export function alive() {
  globalThis.gc();
  const counts = {};
  for (const { name, made } of taken) if (made.deref()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function killNewestWorker() {
  taken
    .findLast(({ name }) => name === "workers")
    .made.deref()
    .terminate();
}

/**
 * @param {typeof import("../../src/index.ts")} library
 * @returns {Promise<Record<string, () => Promise<void>>>}
 */
export async function waysToEnd(library) {
  const { backGradient, conv2d, createEngine, distill, evaluate, flatten, linear, randomInit, sequential, trainOn } =
    library;
  const data = noise({ count: 60, size: 8, classes: 3 });
  const model = sequential([1, 8, 8], [conv2d({ out: 4, kernel: 3 }), flatten(), linear({ out: 3 })]);
  const method = backGradient({ steps: 2, epochs: 2, imagesPerClass: 1 });
  /** A signal that outlives everything, and never aborts. */
  const { signal } = new AbortController();
  const run = { data, model, method, outer: { steps: 2, batch: 25 }, networksPerStep: 2, threads: 1, signal };
  const set = await distill({ ...run, outer: { steps: 0 } }).result();
  const test = { set, model, init: randomInit(), networks: 2, test: data, threads: 1, signal };
  const endless = { ...test, networks: 1_000_000 };
  const input = { parameters: new Float32Array(model.parameterCount), images: new Float32Array(64), signal };
  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  /** The promise, once it has been rejected. */
  const rejected = (promise) =>
    promise.then(
      () => Promise.reject(new Error("this call was to fail")),
      () => {},
    );

  async function withEngine(options, use = () => {}) {
    const engine = await createEngine(options);
    const pending = await use(engine);
    await engine.dispose();
    await pending?.();
  }

  const here = { worker: false, threads: 2 };
  const there = { worker: true, threads: 1 };
  return {
    "an engine on one thread": () => withEngine({ worker: false, threads: 1 }),
    "an engine on two threads": () => withEngine(here),
    "an engine in a worker": () => withEngine(there),
    "an engine in a worker, on two threads": () => withEngine({ worker: true, threads: 2 }),
    "a network in a worker": () =>
      withEngine(there, async (engine) => void (await (await engine.bind(model)).forward(input))),
    "a network's call that was under way": () =>
      withEngine(there, async (engine) => {
        const answer = rejected((await engine.bind(model)).forward(input));
        return () => answer;
      }),
    "a test that was under way": () =>
      withEngine(there, async (engine) => {
        const answer = rejected(evaluate({ ...endless, engine }));
        await pause(20);
        return () => answer;
      }),
    "a test that was aborted": async () => {
      const stop = new AbortController();
      setTimeout(() => stop.abort(), 20);
      await rejected(evaluate({ ...endless, worker: true, signal: stop.signal }));
    },
    "a test on two workers that was aborted": async () => {
      const stop = new AbortController();
      setTimeout(() => stop.abort(), 40);
      await rejected(evaluate({ ...endless, workers: 2, signal: stop.signal }));
    },
    "a worker that was killed": () =>
      withEngine(there, async (engine) => {
        const answer = rejected(evaluate({ ...endless, engine }));
        killNewestWorker();
        return () => answer;
      }),
    "a run on two threads": () => distill({ ...run, threads: 2 }).result(),
    "a run on two workers": () => distill({ ...run, workers: 2 }).result(),
    "a run in a worker": () => distill({ ...run, worker: true }).result(),
    "a run in a worker that was left": async () => {
      for await (const _ of distill({ ...run, worker: true })) break;
    },
    "a trained network": async () => {
      const network = await trainOn(set, { model, worker: true, threads: 1, signal });
      await network.predict(input.images);
      await network.dispose();
    },
  };
}
