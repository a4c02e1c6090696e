// simd: "relaxed": on request only, said wherever it matters, and as right as the strict kernels.
import { setFlagsFromString } from "node:v8";
import { beforeAll, describe, expect, test } from "vitest";
import { relaxed } from "../../src/backend/wasm/relaxed.gen.ts";
import { isReproducible, setDigest } from "../../src/distill/digest.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import { randomInit } from "../../src/distill/weight-source.ts";
import { createEngine, type EngineOptions } from "../../src/engine/engine.ts";
import { UnsupportedError } from "../../src/errors.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { distill } from "../../src/run/in-place/distill.ts";
import { evaluate } from "../../src/run/in-place/evaluate.ts";
import { noise, smallConvNet } from "../distill/noise.ts";
import { expectClose, float32Tolerance, paint } from "../helpers.ts";

const hostHasIt = () => WebAssembly.validate(Uint8Array.from(Buffer.from(relaxed, "base64")));
const atFirst = hostHasIt();

describe("an engine", () => {
  test("is strict unless asked, on one thread and on several; the reference has no SIMD", async () => {
    for (const options of [{}, { threads: 1 }, { threads: 2 }, { simd: "strict" as const }]) {
      await using engine = await createEngine(options);
      expect(engine.simd).toBe("strict");
    }
    await using reference = await createEngine({ backend: "reference" });
    expect(reference.simd).toBe("none");
  });

  test("of another kind is refused", async () => {
    const options = { simd: "fast" } as unknown as EngineOptions;
    await expect(createEngine(options)).rejects.toThrow(
      new RangeError('"simd" expected "strict" or "relaxed", got "fast"'),
    );
  });

  test.skipIf(atFirst)("says what to do where the host has no relaxed SIMD", async () => {
    const error = await createEngine({ simd: "relaxed" }).catch((reason: Error) => reason);
    expect(error).toBeInstanceOf(UnsupportedError);
    expect((error as Error).message).toBe(
      'this host has no relaxed WebAssembly SIMD: leave simd: "relaxed" out, use Node 22 or newer or a newer browser, ' +
        "or start Node 20 with --experimental-wasm-relaxed-simd",
    );
  });
});

test("a set that says relaxed never passes for one with a hash", async () => {
  const data = noise({ count: 6, channels: 2, size: 9, classes: 3 });
  const method = backGradient({ steps: 1, epochs: 1, imagesPerClass: 1 });
  const set = await distill({ model: smallConvNet(), data, method, outer: { steps: 1 }, threads: 1 }).result();
  expect(set.recipe).not.toHaveProperty("simd");
  const relaxedSet = { ...set, recipe: { ...set.recipe, simd: "relaxed" } };
  expect(isReproducible(relaxedSet)).toBe(false);
  expect(await setDigest(relaxedSet)).toBe(`relaxed:${await setDigest(set)}`);
});

describe("relaxed kernels", () => {
  // Node 20 has them behind a flag, which may be set at any time.
  beforeAll(() => {
    if (!atFirst) setFlagsFromString("--experimental-wasm-relaxed-simd");
  });

  test("run on this host", () => {
    expect(hostHasIt()).toBe(true);
  });

  test.each([1, 3])("are as close to the reference as strict ones, %i threads", async (threads) => {
    const model = lenet();
    const input = {
      parameters: paint(model.parameterCount, 1, 0.1),
      vector: paint(model.parameterCount, 2, 0.1),
      images: paint(10 * 784, 3),
      targets: Uint8Array.from({ length: 10 }, (_, i) => i),
    };
    await using reference = await createEngine({ backend: "reference" });
    const expected = await (await reference.bind(model)).hessianVectorProduct(input);
    await using engine = await createEngine({ simd: "relaxed", threads });
    expect([engine.simd, engine.threads]).toEqual(["relaxed", threads]);
    const result = await (await engine.bind(model)).hessianVectorProduct(input);
    for (const part of ["parameters", "images", "targets"] as const) {
      expectClose(result[part], expected[part], float32Tolerance, `${part}, seeds 1 to 3`);
    }
  });

  test("leave their mark on a set and its evaluation, and the same bits on any number of threads", async () => {
    const data = noise({ count: 60, channels: 2, size: 9, classes: 3 });
    const model = smallConvNet();
    const init = randomInit();
    const options = { data, model, init, method: backGradient({ steps: 2, epochs: 2, imagesPerClass: 1 }), seed: 1 };
    const digests = new Set<string>();
    for (const threads of [1, 2, 3]) {
      await using engine = await createEngine({ simd: "relaxed", threads });
      const set = await distill({ ...options, outer: { steps: 5, batch: 30 }, engine }).result();
      expect(set.recipe).toMatchObject({ simd: "relaxed" });
      expect(isReproducible(set)).toBe(false);
      digests.add(await setDigest(set));
      const evaluation = await evaluate({ set, model, init, networks: 1, test: data, engine });
      expect(evaluation.simd).toBe("relaxed");
      const strict = await evaluate({ set, model, init, networks: 1, test: data, threads: 1 });
      expect(strict).not.toHaveProperty("simd");
    }
    expect([...digests]).toEqual([expect.stringMatching(/^relaxed:[0-9a-f]{64}$/)]);
  });
});
