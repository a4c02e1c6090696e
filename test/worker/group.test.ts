// How a group shares out tasks. The workers are played in this thread, so that each can be made to wait.
import { expose, type Remote } from "comlink";
import { describe, expect, test } from "vitest";
import type { DistilledSet } from "../../src/distill/distilled-set.ts";
import { WorkerError } from "../../src/errors.ts";
import type { WorkerApi } from "../../src/run/networks/api.ts";
import { WorkerGroup } from "../../src/workers/group.ts";
import { threadsPerWorker } from "../../src/workers/options.ts";
import type { StartWorker } from "../../src/workers/start.ts";

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Workers whose "accuracy" of network k is k, after `delay(k)` milliseconds; and who did what, by the order of starts. */
function played(delay: (k: number) => number) {
  const log: { worker: number; k: number }[] = [];
  const stopped: number[] = [];
  let started = 0;
  let most = 0;
  const start: StartWorker = (port) => {
    const worker = started++;
    let busy = 0;
    const api = {
      start() {},
      async accuracy(k: number) {
        most = Math.max(most, ++busy);
        log.push({ worker, k });
        await pause(delay(k));
        busy--;
        if (k === 99) throw new RangeError("99 is too many");
        return k;
      },
    };
    expose(api, port);
    return {
      async terminate() {
        port.close();
        stopped.push(worker);
      },
      keepAlive() {},
    };
  };
  return { start, log, stopped, most: () => most };
}

const set = {} as DistilledSet;
const accuracy = (api: Remote<WorkerApi>, k: number) => api.accuracy(k, set);
const engine = { threads: 1 };

describe("a group", () => {
  test("delivers in order, whatever order the tasks end in", async () => {
    for (let seed = 0; seed < 5; seed++) {
      const { start } = played((k) => (k * 7919 + seed * 104729) % 13);
      const group = await WorkerGroup.start<WorkerApi>({ workers: 4, engine, start });
      const delivered: number[][] = [];
      await group.inOrder(20, accuracy, (k, result) => delivered.push([k, result]));
      await group.dispose();
      expect(delivered, `seed ${seed}`).toEqual(Array.from({ length: 20 }, (_, k) => [k, k]));
    }
  });

  test("gives each worker one task at a time, the next to whoever is free", async () => {
    const { start, log, most } = played((k) => (k === 0 ? 200 : 2));
    const group = await WorkerGroup.start<WorkerApi>({ workers: 2, engine, start });
    await group.inOrder(10, accuracy, () => {});
    await group.dispose();
    expect(most()).toBe(1);
    expect(log.map(({ k }) => k).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(log.filter(({ worker }) => worker === log.find(({ k }) => k === 0)!.worker)).toHaveLength(1);
  });

  test("delivers nothing and begins nothing after a task failed", async () => {
    const { start, log, stopped } = played((k) => (k === 0 ? 20 : 1));
    const group = await WorkerGroup.start<WorkerApi>({ workers: 2, engine, start });
    const delivered: number[] = [];
    const tasks = group.inOrder(
      10,
      (api, k) => accuracy(api, k === 1 ? 99 : k),
      (k) => delivered.push(k),
    );
    await expect(tasks).rejects.toThrow(new RangeError("99 is too many"));
    await pause(40);
    expect(log.map(({ k }) => k).sort()).toEqual([0, 99]);
    expect(delivered).toEqual([]);
    await group.dispose();
    expect(stopped).toEqual([0, 1]);
  });

  test("rejects what is under way, and what comes after, when it is disposed, and stops each worker once", async () => {
    const { start, stopped } = played(() => 10_000);
    const group = await WorkerGroup.start<WorkerApi>({ workers: 3, engine, start });
    const tasks = group.inOrder(10, accuracy, () => {});
    const rejected = expect(tasks).rejects.toThrow("the workers were stopped");
    await Promise.all([group.dispose(), group.dispose()]);
    await rejected;
    await expect(group.inOrder(1, accuracy, () => {})).rejects.toThrow("the workers were stopped");
    expect(stopped).toEqual([0, 1, 2]);
  });

  test("runs a task on each worker once, and none where there are no tasks", async () => {
    const { start, log } = played(() => 1);
    const group = await WorkerGroup.start<WorkerApi>({ workers: 3, engine, start });
    await group.inOrder(0, accuracy, () => expect.fail("nothing was to be delivered"));
    expect(log).toEqual([]);
    await group.all(async (api) => void (await accuracy(api, 7)));
    expect(log).toHaveLength(3);
    expect(new Set(log.map(({ worker }) => worker)).size).toBe(3);
    await group.dispose();
  });

  test("starts an engine in each worker, with the kernels that it is to use", async () => {
    const started: unknown[] = [];
    const start: StartWorker = (port) => {
      expose({ start: (message: object) => void started.push(message) }, port);
      return { terminate: async () => port.close(), keepAlive() {} };
    };
    const group = await WorkerGroup.start<WorkerApi>({ workers: 2, engine: { backend: "wasm", threads: 1 }, start });
    const message = { backend: "wasm", threads: 1, kernels: { build: "simd", module: expect.any(WebAssembly.Module) } };
    expect(started).toEqual([message, message]);
    await group.dispose();
  });

  test("that cannot start a worker ends with the reason, and stops those that it has started", async () => {
    const { start, stopped } = played(() => 1);
    let asked = 0;
    const third: StartWorker = (...given) => {
      if (++asked === 3) throw new Error("no more workers");
      return start(...given);
    };
    await expect(WorkerGroup.start({ workers: 3, engine, start: third })).rejects.toThrow(
      new WorkerError("worker 3 of 3: could not start: no more workers"),
    );
    expect(stopped).toEqual([0, 1]);
  });

  test("whose worker cannot start its engine ends with what the worker threw, and stops all", async () => {
    const stopped: number[] = [];
    let started = 0;
    const start: StartWorker = (port) => {
      const worker = started++;
      const engine = {
        start() {
          if (worker === 1) throw new RangeError("no such engine");
        },
      };
      expose(engine, port);
      return {
        async terminate() {
          port.close();
          stopped.push(worker);
        },
        keepAlive() {},
      };
    };
    await expect(WorkerGroup.start({ workers: 2, engine, start })).rejects.toThrow(new RangeError("no such engine"));
    expect(stopped).toEqual([0, 1]);
  });

  test("starts no worker under a signal that has aborted", async () => {
    const { start, stopped, log } = played(() => 1);
    const signal = AbortSignal.abort("too late");
    await expect(WorkerGroup.start({ workers: 2, engine, start, signal })).rejects.toBe("too late");
    expect({ stopped, log }).toEqual({ stopped: [], log: [] });
  });

  test("ends with the signal's reason when it aborts, for calls under way and later ones", async () => {
    const { start, stopped } = played(() => 10_000);
    const stop = new AbortController();
    const group = await WorkerGroup.start<WorkerApi>({ workers: 2, engine, start, signal: stop.signal });
    const tasks = group.inOrder(10, accuracy, () => {});
    const reason = new Error("enough");
    const rejected = expect(tasks).rejects.toBe(reason);
    stop.abort(reason);
    await rejected;
    await expect(group.inOrder(1, accuracy, () => {})).rejects.toBe(reason);
    await group.dispose();
    expect(stopped).toEqual([0, 1]);
  });

  test("delivers nothing more after a delivery threw, and ends with what it threw", async () => {
    // The first result comes last, so all are ready when it is delivered.
    const { start } = played((k) => (k === 0 ? 60 : 1));
    const group = await WorkerGroup.start<WorkerApi>({ workers: 4, engine, start });
    const delivered: number[] = [];
    const tasks = group.inOrder(4, accuracy, (k) => {
      delivered.push(k);
      if (k === 1) throw new Error("full");
    });
    await expect(tasks).rejects.toThrow(new Error("full"));
    expect(delivered).toEqual([0, 1]);
    await group.dispose();
  });

  test("delivers nothing more after a delivery aborted, and ends with the reason", async () => {
    const { start } = played((k) => (k === 0 ? 60 : 1));
    const stop = new AbortController();
    const group = await WorkerGroup.start<WorkerApi>({ workers: 4, engine, start, signal: stop.signal });
    const delivered: number[] = [];
    const tasks = group.inOrder(4, accuracy, (k) => {
      delivered.push(k);
      if (k === 1) stop.abort("enough");
    });
    await expect(tasks).rejects.toBe("enough");
    expect(delivered).toEqual([0, 1]);
    await group.dispose();
  });

  test("lets go of a signal that outlives it", async () => {
    const { start } = played(() => 1);
    const listeners = new Set<unknown>();
    const signal = new AbortController().signal;
    const [add, remove] = [signal.addEventListener, signal.removeEventListener];
    Object.assign(signal, {
      addEventListener(...args: Parameters<typeof add>) {
        listeners.add(args[1]);
        add.apply(signal, args);
      },
      removeEventListener(...args: Parameters<typeof remove>) {
        listeners.delete(args[1]);
        remove.apply(signal, args);
      },
    });
    const group = await WorkerGroup.start<WorkerApi>({ workers: 1, engine, start, signal });
    expect(listeners.size).toBe(1);
    await group.dispose();
    expect(listeners.size).toBe(0);
  });
});

test("threads of a worker: one of several workers has 1, or its share for auto; an only one has what a run in place has", () => {
  const all = threadsPerWorker(1, "auto");
  expect(all).toBeGreaterThanOrEqual(1);
  expect(threadsPerWorker(1)).toBe(all);
  expect(threadsPerWorker(2)).toBe(1);
  expect(threadsPerWorker(2, "auto")).toBe(Math.max(1, Math.floor(all / 2)));
  expect(threadsPerWorker(64, "auto")).toBe(1);
  expect(threadsPerWorker(2, 3)).toBe(3);
});
