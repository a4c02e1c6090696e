// Calls that are under way at the same time on one engine do not touch each other's memory.
import { expect, test } from "vitest";
import {
  backGradient,
  createEngine,
  distill,
  evaluate,
  mlp,
  randomInit,
  setDigest,
  trainPool,
} from "../../src/index.ts";
import { noise } from "../distill/noise.ts";

const data = noise({ count: 60, size: 6, classes: 3 });
const model = mlp({ input: [1, 6, 6], hidden: [8], classes: 3 });
const method = backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, learningRate: 0.05 });
const recipe = (steps: number) => ({ data, model, method, outer: { steps, batch: 30 }, seed: 3 });

test.each([false, true])(
  "runs that begin together and end one after the other have the digests they have alone, worker: %s",
  async (worker) => {
    const alone = await Promise.all([40, 2, 20].map(async (n) => setDigest(await distill(recipe(n)).result())));
    await using engine = await createEngine({ threads: 1, worker });
    const long = distill({ ...recipe(40), engine }).result();
    const short = await distill({ ...recipe(2), engine }).result();
    const after = await distill({ ...recipe(20), engine }).result();
    const digests = await Promise.all([await long, short, after].map(setDigest));
    expect(digests).toEqual(alone);
  },
);

test("a run beside an evaluation and single passes has the digest it has alone", async () => {
  const set = await distill(recipe(1)).result();
  const alone = await setDigest(await distill(recipe(30)).result());
  await using engine = await createEngine({ threads: 1 });
  const run = distill({ ...recipe(30), engine }).result();
  await evaluate({ set, model, init: randomInit(), networks: 2, test: data, engine });
  const net = await engine.bind(model);
  const parameters = new Float32Array(model.parameterCount).fill(0.5);
  await net.forward({ parameters, images: new Float32Array(36 * 50).fill(9) });
  expect(await setDigest(await run)).toBe(alone);
});

test.each([false, true])("a pass whose signal has aborted rejects with its reason, worker: %s", async (worker) => {
  await using engine = await createEngine({ threads: 1, worker });
  const net = await engine.bind(model);
  const parameters = new Float32Array(model.parameterCount);
  const signal = AbortSignal.abort(new Error("gone"));
  const passed = net.forward({ parameters, images: new Float32Array(36), signal } as never);
  await expect(passed).rejects.toThrow("gone");
});

test("a pool that is aborted in a worker tells of no network any more", async () => {
  await using engine = await createEngine({ threads: 1, worker: true });
  const stop = new AbortController();
  let told = 0;
  const onNetwork = async () => {
    if (++told === 2) stop.abort(new Error("enough"));
    await new Promise((resolve) => setTimeout(resolve, 30));
  };
  const trained = trainPool({ data, model, networks: 30, epochs: 1, signal: stop.signal, onNetwork, engine });
  await expect(trained).rejects.toThrow("enough");
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(told).toBe(2);
});

test("a method is what backGradient() gives, whole", () => {
  const wrong = (change: object) => () => distill({ ...recipe(1), method: { ...method, ...change } as never });
  expect(wrong({ memory: undefined })).toThrow(
    new TypeError('"method.memory" expected what backGradient() gives, got undefined'),
  );
  expect(wrong({ imagesPerStep: 3 })).toThrow('"imagesPerStep" expected nothing beside "imagesPerClass", got 3');
});

test("a data set with a function on it runs on workers as it does in place", async () => {
  const odd = { ...data, describe: () => "mine" };
  const digests = [0, 2].map(async (workers) =>
    setDigest(await distill({ ...recipe(1), data: odd, threads: 1, workers }).result()),
  );
  expect(new Set(await Promise.all(digests)).size).toBe(1);
});
