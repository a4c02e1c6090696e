// Engines: how they start, what they keep, how they end.
import { describe, expect, test } from "vitest";
import { createEngine, type EngineOptions } from "../../src/engine/engine.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { paint } from "../helpers.ts";

const reference = await createEngine({ backend: "reference" });

/** 2 × 3 pixels, 4 classes: 28 parameters. */
const model = sequential([1, 2, 3], [flatten(), linear({ out: 4 })]);
const parameters = paint(28, 1);
const vector = paint(28, 2);
const images = paint(12, 3);
const block = { images, targets: Uint8Array.of(3, 0) };
const real = { images: paint(18, 4), targets: Int32Array.of(0, 1, 2) };
const meta = { parameters, steps: [block, block], epochs: 2, learningRates: [0.1, 0.2, 0.3, 0.4], real };

describe("bind", () => {
  test("refuses a loss it does not have", async () => {
    const call = reference.bind(model, { loss: "hinge" as "mse" });
    await expect(call).rejects.toThrow(new RangeError('"loss" expected "cross-entropy" or "mse", got "hinge"'));
  });
});

describe("createEngine", () => {
  const threadsMessage = (threads: unknown) => `"threads" expected integer from 1 to 64, got ${threads}`;
  test.each<readonly [object, string]>([
    [{ backend: "cuda" }, '"backend" expected one of "wasm", "webgpu", "reference", got "cuda"'],
    ...[0, -1, 1.5, 65, Number.NaN].map((threads) => [{ threads }, threadsMessage(threads)] as const),
  ])("refuses %j", async (options, message) => {
    await expect(createEngine(options as EngineOptions)).rejects.toThrow(new RangeError(message));
  });

  test.each(["many", null])("refuses threads: %j", async (threads) => {
    const message = `"threads" expected integer from 1 to 64 or "auto", got ${JSON.stringify(threads)}`;
    await expect(createEngine({ threads: threads as "auto" })).rejects.toThrow(new TypeError(message));
  });

  test("takes the threads it is told, and tells them", async () => {
    for (const threads of [1, 3]) {
      await using engine = await createEngine({ threads });
      expect(engine.threads).toBe(threads);
      expect(engine.backend.name).toBe("wasm");
    }
    await using auto = await createEngine();
    expect(auto.threads).toBeGreaterThanOrEqual(1);
    expect(auto.threads).toBeLessThanOrEqual(8);
  });
});

describe.each<EngineOptions>([{ backend: "reference" }, { threads: 1 }, { threads: 2 }])(
  "an engine of %j",
  (options) => {
    test("says that it was disposed, and may be disposed twice", async () => {
      const engine = await createEngine(options);
      const net = await engine.bind(model);
      await net.gradients({ parameters, ...block });
      await engine.dispose();
      await engine.dispose();
      await expect(net.forward({ parameters, images })).rejects.toThrow(/dispose/);
      await expect(net.gradients({ parameters, ...block })).rejects.toThrow(/dispose/);
      await expect(net.hessianVectorProduct({ parameters, vector, ...block })).rejects.toThrow(/dispose/);
      await expect(net.metaGradient(meta)).rejects.toThrow(/dispose/);
    });

    test("does not grow with the number of calls", async () => {
      await using engine = await createEngine(options);
      const net = await engine.bind(model);
      const all = async () => {
        await net.forward({ parameters, images });
        await net.gradients({ parameters, ...block });
        await net.hessianVectorProduct({ parameters, vector, ...block });
        await net.metaGradient(meta);
      };
      await all();
      const { capacity } = engine.backend;
      for (let i = 0; i < 20; i++) await all();
      expect(engine.backend.capacity).toBe(capacity);
    });

    test("keeps calls apart that were started together", async () => {
      await using engine = await createEngine(options);
      const net = await engine.bind(model);
      const alone = await net.gradients({ parameters, ...block });
      const other = { parameters: vector, images: paint(18, 9), targets: Uint8Array.of(1, 2, 3) };
      const together = await Promise.all([
        net.gradients({ parameters, ...block }),
        net.gradients(other),
        net.metaGradient(meta),
        net.gradients({ parameters, ...block }),
      ]);
      expect(together[0]).toEqual(alone);
      expect(together[3]).toEqual(alone);
    });
  },
);
