// verify(): a set's recipe, run again, gives the set; what was changed in either is found.
import { beforeAll, describe, expect, test } from "vitest";
// @ts-expect-error an example, in JavaScript
import { gradientMatching as ownMatching } from "../../examples/gradient-matching.mjs";
import {
  backGradient,
  createEngine,
  type DistilledSet,
  type DistillOptions,
  DivergedError,
  distill,
  distilledFromBytes,
  distilledToSafetensors,
  distributionMatching,
  type Engine,
  fixedInit,
  frepo,
  gradientMatching,
  pretrained,
  randomInit,
  setDigest,
  verify,
  windows,
} from "../../src/index.ts";
import { enginesInBothPlaces } from "../both-places.ts";
import { brightHalves, halvesNet } from "./halves.ts";

const data = brightHalves({ count: 60 });
const model = halvesNet();
const method = backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, learningRate: 0.1 });
const options: DistillOptions = { data, model, method, outer: { steps: 4, batch: 50 }, seed: 3, threads: 1 };
const pool = [1, 2].map((seed) => new Float32Array(model.parameterCount).fill(seed / 100));

/** The set of a run as a file gives it back. */
async function saved(changes: Partial<DistillOptions> = {}): Promise<DistilledSet> {
  const set = await distill({ ...options, ...changes }).result();
  return distilledFromBytes(distilledToSafetensors(set), "set.safetensors");
}

/** The set of a run that was stopped after an outer step. */
async function stoppedAfter(last: number, changes: Partial<DistillOptions>): Promise<DistilledSet> {
  const run = distill({ ...options, ...changes });
  for await (const { step } of run) if (step === last) break;
  return run.result();
}

/** Its learned rates soon become too large. */
const wild: Partial<DistillOptions> = {
  method: backGradient({ steps: 5, epochs: 4, imagesPerClass: 1, learningRate: 1 }),
  outer: { batch: 60, learningRate: 30, decayFactor: 1, steps: 40 },
  networksPerStep: 2,
};

const engines = enginesInBothPlaces();
let set: DistilledSet;
beforeAll(async () => {
  set = await saved();
});

describe("the same set comes out", () => {
  test.each<[string, Partial<DistillOptions>]>([
    ["back-gradient, for one known network", { init: fixedInit(7, "normal", { std: 0.1 }) }],
    [
      "back-gradient with learned labels, the loss mse and augmented images",
      {
        method: backGradient({ steps: 2, epochs: 1, imagesPerClass: 1, labels: "learned", momentum: 0.5 }),
        loss: "mse",
        augment: { crop: 1 },
      },
    ],
    ["windows", { method: windows({ imagesPerClass: 2, batchPerClass: 1, window: 2, leastSteps: 1, totalSteps: 4 }) }],
    ["gradient matching", { method: gradientMatching({ imagesPerClass: 1 }) }],
    ["distribution matching", { method: distributionMatching({ imagesPerClass: 2, augment: ["flip", "crop"] }) }],
    ["frepo", { method: frepo({ imagesPerClass: 2 }) }],
    ["the running mean of what is learned", { outer: { steps: 4, batch: 50, average: 0.9 } }],
    ["a run of no steps", { outer: { steps: 0 } }],
  ])("%s", async (_, changes) => {
    const set = await saved(changes);
    const found = await verify({ set, data, threads: 2 });
    expect(found).toMatchObject({ same: true, differs: [], steps: changes.outer?.steps ?? 4 });
    expect(found.sha256).toBe(await setDigest(set));
    expect(found.expected).toBe(found.sha256);
    expect(found.made.images).toEqual(set.images);
  });

  test("in place, in an orchestrator, and on workers", async () => {
    const set = await saved({ networksPerStep: 2 });
    const places = [{ engine: engines.here }, { engine: engines.there }, { workers: 2 }, { worker: true, threads: 1 }];
    for (const where of places)
      expect(await verify({ set, data, ...where })).toMatchObject({ same: true, differs: [] });
  });

  test("for networks that were trained before, which the call is given", async () => {
    const init = pretrained(pool);
    const set = await saved({ init });
    expect(await verify({ set, data, init, engine: engines.here })).toMatchObject({ same: true });
    await expect(verify({ set, data })).rejects.toThrow(
      /^"init" expected the pretrained networks of the set's recipe, 2 in all, with SHA-256 "[0-9a-f…]+", got undefined$/,
    );
    const other = pretrained([...pool].reverse());
    await expect(verify({ set, data, init: other })).rejects.toThrow(
      /^"init\.sha256" expected ".*", as in the set's recipe/,
    );
    await expect(verify({ set, data, init: randomInit() })).rejects.toThrow('"init.kind" expected "pretrained"');
  });

  test("by a method of one's own, in place and in an orchestrator", async () => {
    const set = await saved({ method: ownMatching });
    for (const engine of [engines.here, engines.there]) {
      expect(await verify({ set, data, method: ownMatching, engine })).toMatchObject({ same: true });
    }
    const named = { ...set, recipe: { ...set.recipe, method: { ...(set.recipe.method as object), name: "mine" } } };
    await expect(verify({ set: named, data })).rejects.toThrow(
      '"method" expected the method "mine", which made the set and is not of this library, got undefined',
    );
    await expect(verify({ set: named, data, method: ownMatching })).rejects.toThrow(
      '"method" expected the method of the set\'s recipe',
    );
  });

  test("after a run that was stopped, though the step size depends on how many steps were planned", async () => {
    const set = await stoppedAfter(3, { outer: { steps: 9, batch: 50, cosineTo: 0.1 } });
    expect(set.recipe).toMatchObject({ outerSteps: 3, outer: { steps: 9 } });
    const steps: number[] = [];
    const found = await verify({ set, data, onProgress: ({ step }) => void steps.push(step) });
    expect({ found, steps }).toMatchObject({ found: { same: true, steps: 3 }, steps: [1, 2, 3] });
    expect(await verify({ set, data, engine: engines.there })).toMatchObject({ same: true, steps: 3 });
  });

  test("after a run that went back, and one that diverged", async () => {
    const outer = { ...wild.outer, onDivergence: "halve" as const };
    const back = await saved({ ...wild, outer });
    expect(back.recipe.halvings).not.toHaveLength(0);
    expect(await verify({ set: back, data, threads: 1 })).toMatchObject({ same: true, steps: 40 });
    const error = await distill({ ...options, ...wild })
      .result()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DivergedError);
    const { set: before } = error as DivergedError;
    expect(await verify({ set: before!, data })).toMatchObject({
      same: true,
      steps: (error as DivergedError).step - 1,
    });
    // A recipe that diverges before the step that its set is said to come after.
    const later = { ...before!, recipe: { ...before!.recipe, outerSteps: 40 } };
    await expect(verify({ set: later, data })).rejects.toThrow(DivergedError);
  });
});

describe("what was changed is found", () => {
  const verified = (changes: Partial<DistilledSet>, given = data) =>
    verify({ set: { ...set, ...changes }, data: given, engine: engines.here });

  test("a pixel of the set, in its last bit", async () => {
    const images = set.images.slice();
    new Uint32Array(images.buffer)[17]! ^= 1;
    const found = await verified({ images });
    expect(found).toMatchObject({ same: false, differs: ["images"], sha256: await setDigest(set) });
    expect(found.expected).not.toBe(found.sha256);
  });

  test("the momentum with which networks train on it, which the digest does not know", async () => {
    const found = await verified({ momentum: 0.9 });
    expect(found).toMatchObject({ same: false, differs: ["momentum"] });
    expect(found.expected).toBe(found.sha256);
  });

  test("a seed in the recipe, and a pixel of the data", async () => {
    const differs = expect.arrayContaining(["images", "learningRates"]);
    expect(await verified({ recipe: { ...set.recipe, seed: 4 } })).toMatchObject({ same: false, differs });
    const pixels = data.pixels.slice();
    pixels[0] = 255 - pixels[0]!;
    expect(await verified({}, { ...data, pixels })).toMatchObject({ same: false, differs });
  });
});

describe("what cannot be verified is refused before anything is computed", () => {
  const refusal = (changes: Partial<DistilledSet>, given: object = {}) =>
    verify({ set: { ...set, ...changes }, data, ...given });

  test.each<[string, object, RegExp]>([
    [
      "made on a GPU",
      { gpu: { name: "llvmpipe" } },
      /^"set" expected one whose bits .* as the backend "wasm" .* got one of the GPU "llvmpipe"$/,
    ],
    ["made with relaxed SIMD", { simd: "relaxed" }, /^"set" expected one whose bits .* got one of relaxed SIMD$/],
    ["of another program", { foreign: {} }, /^"set" expected one that distill\(\) made, got one of another program/],
    [
      "without outer steps",
      { outerSteps: undefined },
      /^"set\.recipe\.outerSteps" expected integer >= 0, got undefined$/,
    ],
    ["without data", { data: undefined }, /^"set\.recipe\.data" expected an object/],
    [
      "of other data",
      { data: { count: 61 } },
      /^"data" expected the 61 images that the set was distilled from, got 60$/,
    ],
    ["without a model", { model: undefined }, /^"model" expected \{ inputShape, layers \}/],
    ["without a method", { method: undefined }, /^"set\.recipe\.method" expected an object/],
    ["with a method that lacks options", { method: { name: "back-gradient" } }, /expected .*, got undefined$/],
    ["without initial weights", { init: undefined }, /^"set\.recipe\.init" expected an object/],
    ["with strange initial weights", { init: { kind: "lucky" } }, /^"set\.recipe\.init" expected what randomInit/],
    ["without outer settings", { outer: undefined }, /^"set\.recipe\.outer" expected an object/],
    [
      "without a number of networks",
      { networksPerStep: undefined },
      /^"set\.recipe\.networksPerStep" expected integer >= 1/,
    ],
    ["without a seed", { seed: undefined }, /^"set\.recipe\.seed" expected a seed/],
    ["with halvings that are none", { halvings: 2 }, /^"set\.recipe\.halvings" expected an array/],
  ])("a set %s", async (_, changes, message) => {
    await expect(refusal({ recipe: { ...set.recipe, ...changes } })).rejects.toThrow(message);
  });

  test("data of other sizes or with other statistics", async () => {
    await expect(refusal({}, { data: brightHalves({ count: 60, size: 8 }) })).rejects.toThrow(
      '"data.height" expected 6, as in the set, got 8',
    );
    await expect(refusal({}, { data: { ...data, mean: [0.5] } })).rejects.toThrow(
      /^"data\.mean" expected \[0\.\d+\], as/,
    );
  });

  test("an engine with relaxed SIMD", async () => {
    const relaxed = await createEngine({ simd: "relaxed", threads: 1 }).catch(() => undefined);
    if (!relaxed) return;
    await using engine: Engine = relaxed;
    await expect(refusal({}, { engine })).rejects.toThrow(
      '"engine" expected one whose bits are the same everywhere, got one with relaxed SIMD',
    );
  });
});

test("an abort ends it with the signal's reason, and what a callback throws ends it with that", async () => {
  const reason = new Error("enough");
  for (const engine of [engines.here, engines.there]) {
    const controller = new AbortController();
    const long = {
      ...set,
      recipe: { ...set.recipe, outerSteps: 100_000, outer: { ...(set.recipe.outer as object), steps: 100_000 } },
    };
    const call = verify({
      set: long,
      data,
      engine,
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(call).rejects.toBe(reason);
    const fails = () => {
      throw reason;
    };
    await expect(verify({ set: long, data, engine, onProgress: fails })).rejects.toBe(reason);
    expect(await verify({ set, data, engine })).toMatchObject({ same: true });
  }
});
