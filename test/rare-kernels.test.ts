// A page loads the rare kernels (assembly/rare/) when an op asks for one: the engine then takes a backend that has them, and what it
// was asked to do begins again. Here an engine has the kernels of pages, or those of Node, which are one module.

import { describe, expect, test, vi } from "vitest";
import { backGradient } from "../src/distill/methods/back-gradient/options.ts";
import { randomInit } from "../src/distill/weight-source.ts";
import { flatten, linear } from "../src/nn/linear.ts";
import { localResponseNorm } from "../src/nn/local-response-norm.ts";
import { type Model, sequential } from "../src/nn/model.ts";
import { brightHalves, halvesNet } from "./distill/halves.ts";

/** Which kernels there are, how often rare ones were loaded, and whether they cannot be. */
const host = vi.hoisted(() => ({ isPage: true, loads: 0, offline: false }));

vi.mock("../src/backend/wasm/binary.ts", async (original) => {
  const node = await original<typeof import("../src/backend/wasm/binary.ts")>();
  const page = await import("../src/backend/wasm/binary.page.ts");
  const here = () => (host.isPage ? page : node);
  const binary: typeof node = {
    strictBuild: (several) => here().strictBuild(several),
    readBuild: (build) => here().readBuild(build),
    rareOf: (build) => {
      const read = here().rareOf(build);
      return (
        read &&
        (() => {
          host.loads++;
          return host.offline ? Promise.reject(new TypeError("Failed to fetch")) : read();
        })
      );
    },
  };
  return binary;
});

/** The library in a page that has just opened, or in Node: no kernels are compiled yet. */
async function opened(isPage: boolean) {
  vi.resetModules();
  Object.assign(host, { isPage, loads: 0, offline: false });
  return {
    ...(await import("../src/engine/engine.ts")),
    ...(await import("../src/run/in-place/distill.ts")),
    ...(await import("../src/run/in-place/evaluate.ts")),
    ...(await import("../src/run/in-place/train-on.ts")),
    ...(await import("../src/run/in-place/train-pool.ts")),
    ...(await import("../src/run/networks/server.ts")),
  };
}

const data = brightHalves({ count: 60, seed: 1 });
const plain = halvesNet();
/** A network with a layer whose kernels are rare. */
const rare: Model = sequential([1, 6, 6], [localResponseNorm({ size: 1 }), flatten(), linear({ out: 3 })]);
const run = { data, method: backGradient({ steps: 1, epochs: 2, imagesPerClass: 1 }), outer: { steps: 2, batch: 30 } };
const init = randomInit();

describe.each([1, 2])("with %i threads", (threads) => {
  test("ops that all pages have load nothing", async () => {
    const { createEngine, distill, evaluate } = await opened(true);
    await using engine = await createEngine({ threads });
    const { backend } = engine;
    const set = await distill({ ...run, model: plain, engine }).result();
    await evaluate({ set, model: plain, init, test: data, networks: 2, engine });
    expect(host.loads).toBe(0);
    expect(engine.backend).toBe(backend);
  });

  test("rare ops load all kernels once, and give the bytes of kernels in one module", async () => {
    const results = [];
    for (const isPage of [true, false]) {
      const { createEngine, distill, evaluate, trainPool } = await opened(isPage);
      await using engine = await createEngine({ threads });
      const set = await distill({ ...run, model: rare, engine }).result();
      const { accuracies } = await evaluate({ set, model: rare, init, test: data, networks: 2, engine });
      const pool = await trainPool({ data, model: rare, networks: 2, epochs: 2, batch: 20, engine });
      const parameters = new Float32Array(rare.parameterCount).fill(0.1);
      const network = await engine.bind(rare);
      const { logits } = await network.forward({ parameters, images: set.images });
      results.push({ images: set.images, accuracies, pool: pool.weights, logits });
      expect(host.loads).toBe(isPage ? 1 : 0);
      expect(engine.threads).toBe(threads);
    }
    expect(results[0]).toEqual(results[1]);
  });
});

test("a call that computes when another one asks for rare kernels begins again, too, with the same result", async () => {
  const results = [];
  for (const isPage of [true, false]) {
    const { createEngine, distill, evaluate } = await opened(isPage);
    await using engine = await createEngine({ threads: 1 });
    const set = await distill({ ...run, model: plain, engine }).result();
    const evaluation = { set, init, test: data, networks: 20, engine };
    const both = [evaluate({ ...evaluation, model: plain }), evaluate({ ...evaluation, model: rare })];
    results.push((await Promise.all(both)).map(({ accuracies }) => accuracies));
  }
  expect(results[0]).toEqual(results[1]);
});

test("a call fails with the host's words where they cannot be loaded, and the next one loads them", async () => {
  const { createEngine, trainOn, distill } = await opened(true);
  await using engine = await createEngine({ threads: 1 });
  const set = await distill({ ...run, model: plain, engine }).result();
  host.offline = true;
  await expect(trainOn(set, { model: rare, init, engine })).rejects.toThrow("Failed to fetch");
  await trainOn(set, { model: plain, init, engine });
  host.offline = false;
  await trainOn(set, { model: rare, init, engine });
  expect(host.loads).toBe(2);
});

test("a worker that computes networks for others has them from the start", async () => {
  const { NetworkServer } = await opened(true);
  await new NetworkServer().start({ threads: 1, kernels: undefined });
  expect(host.loads).toBe(1);
});
