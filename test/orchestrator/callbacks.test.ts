// What a callback of the user's throws, at once or as an async function later, is what the call rejects with, wherever it
// runs. Nothing is left uncaught: vitest fails for that.
import { describe, expect, test, vi } from "vitest";
import {
  backGradient,
  createEngine,
  distill,
  evaluate,
  type PlaceOptions,
  randomInit,
  trainPool,
} from "../../src/index.ts";
import { brightHalves, halvesNet } from "../distill/halves.ts";

const data = brightHalves({ count: 60 });
const model = halvesNet();
const method = backGradient({ steps: 1, epochs: 1, imagesPerClass: 1 });
const set = await distill({ data, model, method, outer: { steps: 0 }, threads: 1 }).result();

class Enough extends RangeError {
  readonly detail = 7;
}
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const failures: readonly (readonly [string, (error: Error) => unknown])[] = [
  [
    "throws",
    (error) => {
      throw error;
    },
  ],
  [
    "rejects later",
    async (error) => {
      await pause(30);
      throw error;
    },
  ],
];

type Where = PlaceOptions & { readonly workers?: number };
const places: readonly (readonly [string, Where])[] = [
  ["in place", { worker: false }],
  ["in a worker", { worker: true }],
  ["on workers", { worker: false, workers: 2 }],
  ["on workers of a worker", { worker: true, workers: 2 }],
];

/** Each call, and the callback that it is given. */
const calls: readonly (readonly [string, (where: Where, callback: () => unknown) => Promise<unknown>])[] = [
  [
    "distill: onProgress",
    (where, onProgress) =>
      distill({ data, model, method, outer: { steps: 2000, batch: 60 }, threads: 1, ...where, onProgress }).result(),
  ],
  [
    "evaluate: onProgress",
    (where, onProgress) =>
      evaluate({ set, model, init: randomInit(), networks: 3, test: data, threads: 1, ...where, onProgress }),
  ],
  [
    "trainPool: onProgress",
    (where, onProgress) =>
      trainPool({ data, model, networks: 3, epochs: 1, batch: 20, threads: 1, ...where, onProgress }),
  ],
  [
    "trainPool: onNetwork",
    (where, callback) =>
      trainPool({ data, model, networks: 3, epochs: 1, batch: 20, threads: 1, ...where, onNetwork: callback as never }),
  ],
];

describe.each(calls)("%s", (_, call) => {
  describe.each(places)("%s", (_, where) => {
    test.each(failures)("that %s ends the call with its error", async (_, fail) => {
      const error = new Enough("enough");
      await expect(call(where, () => fail(error))).rejects.toBe(error);
    });
  });
});

test.each(failures)("a callback that %s leaves an engine that is given to others", async (_, fail) => {
  await using engine = await createEngine({ worker: true, threads: 1 });
  const error = new Enough("enough");
  const options = { set, model, init: randomInit(), test: data, engine };
  // An evaluation that would take minutes: what comes after it waits for it to be given up.
  const long = evaluate({ ...options, networks: 1_000_000, onProgress: () => fail(error) });
  await expect(long).rejects.toBe(error);
  expect((await evaluate({ ...options, networks: 1 })).networks).toBe(1);
});

test.each(failures)("an onNotice that %s ends createEngine with its error, and its threads", async (_, fail) => {
  vi.resetModules();
  const terminated = vi.fn();
  let started = 0;
  vi.doMock("../../src/backend/wasm/threads.ts", () => ({
    threadsObstacle: () => undefined,
    startThread: async () => {
      if (++started === 2) throw new Error("no more threads");
      return { terminate: terminated };
    },
  }));
  const { createEngine } = await import("../../src/engine/engine.ts");
  const error = new Enough("enough");
  await expect(createEngine({ threads: 3, onNotice: () => fail(error) as never })).rejects.toBe(error);
  expect(terminated).toHaveBeenCalledTimes(1);
  vi.doUnmock("../../src/backend/wasm/threads.ts");
});
