// Nothing looks at a backend's memory before what was asked of it is done: on a backend whose ops wait until a read is
// awaited, every call gives the bits that it gives where they run at once.
import { expect, test } from "vitest";
import { write } from "../src/backend/backend.ts";
import { createReferenceBackend } from "../src/backend/reference/backend.ts";
import { createWasmBackend } from "../src/backend/wasm/backend.ts";
import { backGradient } from "../src/distill/methods/back-gradient/options.ts";
import { randomInit } from "../src/distill/weight-source.ts";
import { type BackendEntry, backends, defaultBackend } from "../src/engine/backends.ts";
import { createEngine, Engine } from "../src/engine/engine.ts";
import type { EngineOptions } from "../src/engine/options.ts";
import { setDigest } from "../src/formats/digest.ts";
import { distill } from "../src/run/in-place/distill.ts";
import { evaluate } from "../src/run/in-place/evaluate.ts";
import { trainOn } from "../src/run/in-place/train-on.ts";
import { trainPool } from "../src/run/in-place/train-pool.ts";
import { DelayedBackend } from "./delayed-backend.ts";
import { brightHalves, halvesNet } from "./distill/halves.ts";
import { noise, smallConvNet } from "./distill/noise.ts";
import { pinnedRuns } from "./distill/pinned-runs.ts";
import { peek } from "./helpers.ts";

const kinds = [
  { kind: "wasm", create: () => createWasmBackend({ threads: 1 }) },
  { kind: "reference", create: async () => createReferenceBackend() },
];

/** Two engines on backends of a kind: one whose ops run at once, one whose ops wait. */
async function both(create: (typeof kinds)[number]["create"]): Promise<{ prompt: Engine; delayed: Engine }> {
  return { prompt: new Engine(await create()), delayed: new Engine(new DelayedBackend(await create())) };
}

/** An engine of a test's own kind, by its name: a row in the table is all that it takes. */
const row: BackendEntry = {
  plan: backends[defaultBackend].plan,
  create: async (options) => new DelayedBackend(await backends[defaultBackend].create({ ...options, threads: 1 })),
};
Object.assign(backends, { delayed: row });

test.each(kinds)("on $kind, what does not wait sees NaN or what was there before", async ({ create }) => {
  const inner = await create();
  const backend = new DelayedBackend(inner);
  const at = backend.base;
  backend.reserve(at + 64);
  write(backend, at, [1, 2, 3, 4]);
  backend.ops.scale(at + 8, 2, at, 4);
  backend.sideBySide(1, () => backend.ops.fill(at + 16, 5, 2));
  // Who looked now would look too early.
  expect([...peek(inner, at, 4)].every(Number.isNaN)).toBe(true);
  const first = backend.read(at + 8, 4);
  backend.ops.fill(at + 8, 7, 4);
  expect([...peek(inner, at + 8, 4)].every(Number.isNaN)).toBe(true);
  expect(backend.waiting).toBe(5);
  expect([...(await first)]).toEqual([2, 4, 6, 8]);
  expect([...(await backend.read(at + 8, 4))]).toEqual([7, 7, 7, 7]);
  expect([...(await backend.read(at + 16, 2))]).toEqual([5, 5]);
  await backend.dispose();
});

test("a row of the registry is an engine's backend", async () => {
  await using engine = await createEngine({ backend: "delayed" as EngineOptions["backend"] });
  expect(engine.backend).toBeInstanceOf(DelayedBackend);
  expect(Object.keys(backends)).toEqual(expect.arrayContaining(["wasm", "reference", "delayed"]));
  await expect(createEngine({ backend: "other" as EngineOptions["backend"] })).rejects.toThrow(
    `"backend" expected one of ${Object.keys(backends)
      .map((name) => `"${name}"`)
      .join(", ")}, got "other"`,
  );
});

const data = noise({ count: 45, channels: 2, size: 9, classes: 3, seed: 2 });
const model = smallConvNet();
const features = 2 * 9 * 9;

test.each(kinds)("the passes of a bound network on $kind", async ({ create }) => {
  const { prompt, delayed } = await both(create);
  const parameters = Float32Array.from({ length: model.parameterCount }, (_, i) => 0.2 * Math.sin(i + 1));
  const block = (seed: number, count: number) => ({
    images: Float32Array.from({ length: count * features }, (_, i) => Math.sin(seed + i * i)),
    targets: Uint8Array.from({ length: count }, (_, i) => i % 3),
  });
  const given = { parameters, ...block(1, 5) };
  const results = await Promise.all(
    [prompt, delayed].map(async (engine) => {
      const network = await engine.bind(model);
      return [
        await network.forward({ parameters, images: given.images }),
        await network.gradients(given),
        await network.hessianVectorProduct({ ...given, vector: parameters }),
        await network.hessianVectorProducts({ ...given, vectors: [parameters, parameters.toReversed()] }),
        await network.features({ parameters, images: given.images, layer: 0 }),
        await network.featureGradients({
          ...{ parameters, images: given.images, layer: model.layers.length - 1 },
          cotangents: Float32Array.from({ length: 5 * 3 }, (_, i) => Math.cos(i)),
        }),
        ...(await Promise.all(
          [0, 0.9].map((momentum) =>
            network.metaGradient({
              ...{ parameters, momentum, epochs: 2, memory: "recompute" as const, weightDecay: momentum / 100 },
              steps: [block(2, 3), block(3, 3)],
              learningRates: [0.1, 0.05, 0.02, 0.01],
              real: block(4, 40),
            }),
          ),
        )),
      ];
    }),
  );
  expect(results[1]).toEqual(results[0]);
  expect(results[0]!.length).toBe(8);
  // No scope was still open.
  expect(delayed.arena.used).toBe(0);
});

test.each(kinds)("trainOn and evaluate on $kind", async ({ create }) => {
  const { prompt, delayed } = await both(create);
  const method = backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, learningRate: 0.1 });
  const set = await distill({ data, model, method, outer: { steps: 1, batch: 40 }, seed: 3, engine: prompt }).result();
  const images = Float32Array.from({ length: 30 * features }, (_, i) => Math.cos(i));
  const results = [];
  for (const engine of [prompt, delayed]) {
    const network = await trainOn(set, { model, engine, order: "shuffled", seed: 4 });
    const predictions = await Promise.all([network.predict(images), network.predict(images.subarray(features))]);
    const init = randomInit("xavier-normal");
    const evaluation = await evaluate({ set, model, init, test: data, networks: 2, perClass: true, seed: 5, engine });
    results.push([network.parameters, predictions, evaluation]);
  }
  expect(results[1]).toEqual(results[0]);
});

test.each(kinds)("trainPool on $kind, up to the step that diverges", async ({ create }) => {
  const { prompt, delayed } = await both(create);
  const halves = brightHalves({ count: 50 });
  const options = { data: halves, test: halves, model: halvesNet(), networks: 2, epochs: 2, batch: 20, seed: 5 };
  const pools = [await trainPool({ ...options, engine: prompt }), await trainPool({ ...options, engine: delayed })];
  expect(pools[1]).toEqual(pools[0]);
  const failures = [];
  for (const engine of [prompt, delayed]) {
    const failing = trainPool({ ...options, learningRate: 1e300, engine });
    failures.push(await failing.then(String, (error) => ({ message: error.message, step: error.step })));
  }
  expect(failures[1]).toEqual(failures[0]);
  expect(failures[0]).toHaveProperty("step");
});

const quick = pinnedRuns.filter(({ name }) => !/AlexCifarNet/.test(name));

test.each(quick)("$name: the pinned digest, where ops wait", async ({ name: _, sha256, ...recipe }) => {
  const engine = new Engine(new DelayedBackend(await createWasmBackend({ threads: 1 })));
  expect(await setDigest(await distill({ ...recipe, engine }).result())).toBe(sha256);
  await engine.dispose();
});
