// Reads that fail while work in parts is still recorded, as those of a GPU that is lost do: whoever awaits the work hears of it,
// and nobody else. Node would end a program for a failure that nobody has asked for yet.

import { expect, onTestFinished, test, vi } from "vitest";
import { Arena } from "../../src/backend/arena.ts";
import type { Backend } from "../../src/backend/backend.ts";
import { createWasmBackend } from "../../src/backend/wasm/backend.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import { randomInit } from "../../src/distill/weight-source.ts";
import { Engine } from "../../src/engine/engine.ts";
import { chunkImages } from "../../src/inner/chunks.ts";
import { RealBatch } from "../../src/inner/real-batch.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { nextTask } from "../../src/platform/platform.ts";
import { distill } from "../../src/run/in-place/distill.ts";
import { evaluate } from "../../src/run/in-place/evaluate.ts";
import { brightHalves, halvesNet } from "./halves.ts";

const lost = new Error("the GPU was lost");

/** Kernels whose every read fails, said to compute networks together as a GPU does. */
async function losing(): Promise<Backend> {
  const backend = await createWasmBackend({ threads: 1 });
  onTestFinished(() => backend.dispose());
  return new Proxy(backend, {
    get(target, name) {
      if (name === "read") return () => Promise.reject(lost);
      if (name === "plan") return { ...target.plan, networksTogether: true };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Failures that nobody has asked for, in this test. */
function unheard(): unknown[] {
  const found: unknown[] = [];
  const listener = (reason: unknown): number => found.push(reason);
  process.on("unhandledRejection", listener);
  onTestFinished(() => void process.off("unhandledRejection", listener));
  return found;
}

test("the logits of a batch, whose first chunk cannot be read, fail once all is recorded, and not before", async () => {
  const failures = unheard();
  const backend = await losing();
  const model = lenet();
  const count = 3 * chunkImages(model, backend.plan);
  const arena = new Arena(backend);
  const theta = arena.allocate(model.parameterCount);
  const parts = new RealBatch(model, backend, arena, count).logitsParts([theta], new Float32Array(count * 784), count);
  let part = parts.next();
  for (; !part.done; part = parts.next()) await nextTask();
  await expect(part.value).rejects.toBe(lost);
  expect(failures).toEqual([]);
});

test("an evaluation of networks beside each other, none of which can be read, fails once", async () => {
  const failures = unheard();
  const model = halvesNet();
  const data = brightHalves({ count: 40, seed: 2 });
  const method = backGradient({ steps: 1, epochs: 1, imagesPerClass: 1 });
  const set = await distill({ data, model, method, outer: { steps: 1, batch: 20 }, threads: 1 }).result();
  // Every part seems to take so long that others run after it.
  let now = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => (now += 100));
  onTestFinished(() => clock.mockRestore());
  const engine = new Engine(await losing());
  const evaluation = evaluate({ engine, set, model, init: randomInit(), test: data, networks: 3 });
  await expect(evaluation).rejects.toBe(lost);
  expect(failures).toEqual([]);
});
