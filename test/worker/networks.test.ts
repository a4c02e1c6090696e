// Networks on workers, both sides of them. The workers are played in this thread, so that one can look into each.
import { MessagePort } from "node:worker_threads";
import { expose, type Remote } from "comlink";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
// @ts-expect-error an example, in JavaScript
import { gradientMatching } from "../../examples/gradient-matching.mjs";
import { setDigest } from "../../src/distill/digest.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import { distributionMatching } from "../../src/distill/methods/distribution-matching/options.ts";
import { windows } from "../../src/distill/methods/windows/options.ts";
import { pretrained, randomInit } from "../../src/distill/weight-source.ts";
import { backends } from "../../src/engine/backends.ts";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import type { EngineOptions } from "../../src/engine/options.ts";
import { describeModel } from "../../src/nn/describe.ts";
import { initialParameters } from "../../src/nn/draw-weights.ts";
import { type DistillOptions, distill, Run } from "../../src/run/in-place/distill.ts";
import { evaluateSets } from "../../src/run/in-place/evaluate.ts";
import { trainingConfig, trainPool } from "../../src/run/in-place/train-pool.ts";
import type { RunMessage, ShareRequest, WorkerApi } from "../../src/run/networks/api.ts";
import { NetworkServer } from "../../src/run/networks/server.ts";
import { configOf } from "../../src/run/options/config.ts";
import { WorkerGroup } from "../../src/workers/group.ts";
import type { StartWorker } from "../../src/workers/start.ts";
import { startMessage } from "../../src/workers/start-message.ts";
import { brightHalves, halvesNet } from "../distill/halves.ts";

/** Every engine that was created, with its options. */
const engines: { readonly options: EngineOptions; readonly engine: Engine }[] = [];

vi.mock("../../src/engine/engine.ts", async (original) => {
  const real = await original<typeof import("../../src/engine/engine.ts")>();
  return {
    ...real,
    async createEngine(options: EngineOptions) {
      const engine = await real.createEngine(options);
      engines.push({ options, engine });
      return engine;
    },
  };
});

beforeEach(() => void engines.splice(0));
afterEach(() => vi.restoreAllMocks());

/** Workers in this thread. */
function inThisThread() {
  const servers: NetworkServer[] = [];
  const stopped: number[] = [];
  const start: StartWorker = (port) => {
    const number = servers.push(new NetworkServer()) - 1;
    expose(servers[number], port);
    return {
      async terminate() {
        port.close();
        stopped.push(number);
      },
      keepAlive() {},
    };
  };
  return { start, servers, stopped };
}

const tiny: DistillOptions = {
  data: brightHalves({ count: 60 }),
  model: halvesNet(),
  method: backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, learningRate: 0.1 }),
  outer: { steps: 3, batch: 25, learningRate: 0.05 },
  networksPerStep: 3,
  seed: 1,
  threads: 1,
};

/** Starts a server in this thread with an engine of one thread. */
async function served(options: EngineOptions = { threads: 1 }): Promise<{ server: NetworkServer; engine: Engine }> {
  const server = new NetworkServer();
  await server.start(await startMessage(options));
  return { server, engine: engines.at(-1)!.engine };
}

describe("a distillation on workers", () => {
  const weights = [1, 2, 3, 4].map((index) =>
    initialParameters(tiny.model, { scheme: "xavier-normal" }, { seed: 1, purpose: "train", index }),
  );
  test.each<[string, Partial<DistillOptions>]>([
    ["as the defaults are", {}],
    [
      "of learned labels, with momentum and augmented batches",
      {
        method: backGradient({ steps: 2, epochs: 1, imagesPerStep: 5, labels: "learned", momentum: 0.5 }),
        augment: { crop: 1, flip: true },
      },
    ],
    ["by distribution matching", { method: distributionMatching({ imagesPerClass: 2, realPerClass: 5 }) }],
    [
      "by windows",
      { method: windows({ imagesPerClass: 2, batchPerClass: 1, window: 3, totalSteps: 9, leastSteps: 1 }) },
    ],
    ["from a pretrained pool", { init: pretrained({ weights }) }],
    ["by a method of a user's own", { method: gradientMatching }],
  ])("%s, has the bytes and losses of one in place", async (_, changes) => {
    const follow = async (run: Run) => {
      const losses: number[] = [];
      for await (const { loss } of run) losses.push(loss);
      return { losses, digest: await setDigest(await run.result()) };
    };
    const inPlace = await follow(new Run({ ...tiny, ...changes }));
    for (const workers of [1, 2]) {
      const { start, servers, stopped } = inThisThread();
      expect(await follow(new Run({ ...tiny, ...changes, workers }, start)), `${workers} workers`).toEqual(inPlace);
      expect(servers).toHaveLength(workers);
      expect(stopped.sort()).toEqual([...servers.keys()]);
    }
  });

  test("has them in the float64 of the reference backend, which each worker then has", async () => {
    await using engine = await createEngine({ backend: "reference" });
    const inPlace = await distill({ ...tiny, engine }).result();
    engines.splice(0);
    const { start } = inThisThread();
    const there = await new Run({ ...tiny, engine, workers: 2 }, start).result();
    expect(await setDigest(there)).toBe(await setDigest(inPlace));
    expect(engines.map(({ options }) => options)).toEqual(
      [1, 2].map(() => ({ backend: "reference", simd: "strict", threads: 1, rare: true })),
    );
  });

  test("starts its workers with the first step, and without a step starts none", async () => {
    const { start, servers } = inThisThread();
    await new Run({ ...tiny, workers: 2, outer: { ...tiny.outer, steps: 0 } }, start).result();
    expect(servers).toHaveLength(0);
  });

  /** The arrays in each message that asks for a share, and how many were moved with each message. */
  async function messages() {
    const post = vi.spyOn(MessagePort.prototype, "postMessage");
    const { start } = inThisThread();
    const set = await new Run({ ...tiny, workers: 2 }, start).result();
    const asked = post.mock.calls.flatMap(([message]) => {
      const [request] = (message as { argumentList?: { value: Partial<ShareRequest> }[] }).argumentList ?? [];
      const { values, gradients } = request?.value ?? {};
      return values ? [[...values.values(), ...(gradients?.values() ?? [])].map(({ buffer }) => buffer)] : [];
    });
    const moved = post.mock.calls.map(([, list]) => (Array.isArray(list) ? list.length : 0));
    post.mockRestore();
    return { digest: await setDigest(set), asked, moved };
  }

  test("shares tensors with workers: nothing is moved, and there are gradients for no more than the networks of a step", async () => {
    const { asked, moved } = await messages();
    // Images and learning rates, and the gradients of both, of three networks in each of three steps.
    expect(asked.map((buffers) => buffers.length)).toEqual(Array(9).fill(4));
    expect(asked.flat().every((buffer) => buffer instanceof SharedArrayBuffer)).toBe(true);
    expect(new Set(asked.flat()).size).toBeLessThanOrEqual(2 + 2 * 3);
    expect(Math.max(...moved)).toBeLessThan(2);
  });

  test("moves tensors to workers and back where memory cannot be shared, and copies none", async () => {
    const { digest } = await messages();
    vi.stubGlobal("SharedArrayBuffer", undefined);
    const { asked, moved, digest: there } = await messages();
    vi.unstubAllGlobals();
    expect(there).toBe(digest);
    expect(asked.map((buffers) => buffers.length)).toEqual(Array(9).fill(2));
    // There and back.
    expect(moved.filter((count) => count === 2)).toHaveLength(2 * 9);
    expect(Math.max(...moved)).toBe(2);
  });
});

describe("a worker", () => {
  const message = (options: DistillOptions = tiny): RunMessage => {
    const { model, ...config } = configOf(options);
    return { ...config, model: describeModel(model) };
  };

  test("takes the kernels that it is sent, and an engine of the options beside them", async () => {
    const adopt = vi.spyOn(backends.wasm as { adopt(kernels: unknown): void }, "adopt");
    const sent = await startMessage({ threads: 1, simd: "strict" });
    await new NetworkServer().start(sent);
    expect(adopt.mock.calls).toEqual([[sent.kernels]]);
    expect(engines.map(({ options }) => options)).toEqual([{ threads: 1, simd: "strict", rare: true }]);
  });

  test("gives the same share of a step and network, whatever it was asked before", async () => {
    const { server } = await served();
    await server.openRun(message());
    const values = new Map<string, Float32Array>();
    const first = await distill({ ...tiny, outer: { ...tiny.outer, steps: 1 } });
    await first.result();
    for (const [name, rows] of (await first.state()).tensors) {
      if (name.startsWith("learned/")) values.set(name.slice("learned/".length), rows as Float32Array);
    }
    const ask = (step: number, k: number) => server.share({ step, k, values });
    const [one, two, three] = [await ask(0, 0), await ask(0, 1), await ask(1, 0)];
    expect(await ask(0, 0)).toEqual(one);
    expect(two.loss).not.toBe(one.loss);
    expect(three.loss).not.toBe(one.loss);
    expect(await ask(1, 0)).toEqual(three);
    expect([...one.gradients.keys()]).toEqual([...values.keys()]);
  });

  test("gives back the memory of a task when it opens the next", async () => {
    const { server, engine } = await served();
    const { model, init, training, loss, seed, pool, data } = trainingConfig({
      ...{ data: tiny.data, model: tiny.model, networks: 1, epochs: 1, batch: 20 },
    });
    const described = describeModel(model);
    const tasks = {
      run: () => server.openRun(message()),
      test: () => server.openTest({ model: described, init: randomInit(), test: data, seed: 1, purpose: "evaluate" }),
      training: () =>
        server.openTraining({ model: described, init, training, loss, seed, pool, data, keepEpochs: true }),
    };
    const used: Record<string, number> = {};
    for (const [name, open] of Object.entries(tasks)) {
      await open();
      used[name] = engine.arena.used;
      expect(used[name], name).toBeGreaterThan(0);
    }
    for (const name of ["training", "run", "test", "test", "run"] as const) {
      await tasks[name]();
      expect(engine.arena.used, name).toBe(used[name]);
    }
  });

  test("tests a set as it is tested in place: its accuracy and what it mistakes for what", async () => {
    const set = await distill(tiny).result();
    const held = { model: tiny.model, init: randomInit(), test: brightHalves({ count: 30, seed: 2 }), threads: 1 };
    const { start } = inThisThread();
    const group = await WorkerGroup.start<WorkerApi>({ workers: 2, engine: { threads: 1 }, start });
    for (const perClass of [false, true]) {
      const options = { ...held, perClass };
      const inPlace = await evaluateSets(options, 4, () => set);
      expect(await evaluateSets({ ...options, group }, 4, () => set)).toEqual(inPlace);
      expect(new Set(inPlace.accuracies).size).toBeGreaterThan(1);
    }
    await group.dispose();
  });

  test("trains networks of a pool as they are trained in place", async () => {
    const told: number[] = [];
    const options = {
      ...{ data: tiny.data, test: brightHalves({ count: 30, seed: 2 }), model: tiny.model },
      ...{ networks: 2, epochs: 3, batch: 25, learningRate: 0.05, seed: 3, threads: 1 },
    };
    const pool = await trainPool({ ...options, onProgress: ({ loss }) => void told.push(loss) });
    const { server } = await served();
    const { model, ...config } = trainingConfig(options);
    await server.openTraining({ ...config, model: describeModel(model) });
    const losses: number[] = [];
    for (const network of [0, 1]) {
      for (let epoch = 0; epoch < 3; epoch++) losses.push(await server.trainEpoch(network, epoch));
      const { parameters, accuracy } = await server.trained();
      expect({ parameters, accuracy }).toEqual({
        parameters: pool.weights[network],
        accuracy: pool.evaluation!.accuracies[network],
      });
    }
    expect(losses).toEqual(told);
  });

  test("moves a trained network, and does not copy it", async () => {
    const { start } = inThisThread();
    const group = await WorkerGroup.start<WorkerApi>({ workers: 1, engine: { threads: 1 }, start });
    const { model, ...config } = trainingConfig({ data: tiny.data, model: tiny.model, networks: 1, epochs: 1 });
    await group.all((api) => api.openTraining({ ...config, model: describeModel(model) }));
    const post = vi.spyOn(MessagePort.prototype, "postMessage");
    const train = async (api: Remote<WorkerApi>) => {
      await api.trainEpoch(0, 0);
      return api.trained();
    };
    const { parameters } = await new Promise<Awaited<ReturnType<typeof train>>>((resolve, reject) => {
      group.inOrder(1, train, (_, trained) => resolve(trained)).catch(reject);
    });
    expect(post.mock.calls.flatMap(([, list]) => (Array.isArray(list) ? list : []))).toHaveLength(1);
    expect(parameters).toHaveLength(tiny.model.parameterCount);
    await group.dispose();
  });
});
