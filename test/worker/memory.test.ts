// What a run with workers will take is what its memories are: the outer loop's, and one of each worker.
import { describe, expect, test } from "vitest";
import { SCRATCH_SIZE } from "../../src/backend/wasm/layout.ts";
import { computing } from "../../src/distill/computing.ts";
import type { DistillConfig } from "../../src/distill/config.ts";
import { methodContext } from "../../src/distill/method.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import { methodOf } from "../../src/distill/methods/methods.ts";
import { OuterLoop } from "../../src/distill/outer-loop.ts";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { allIn } from "../../src/inner/allocators.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { distill } from "../../src/run/in-place/distill.ts";
import { allocateReplies, allocateServed } from "../../src/run/networks/allocate.ts";
import { NetworksOnWorkers } from "../../src/run/networks/networks.ts";
import { checked } from "../../src/run/options/config.ts";
import { estimateMemory } from "../../src/run/options/memory.ts";
import { groupOptions } from "../../src/workers/options.ts";
import { noise } from "../distill/noise.ts";

const data = noise({ count: 90 });
const method = backGradient({ steps: 5, epochs: 2, imagesPerClass: 1 });
const options = { data, model: lenet(), method, networksPerStep: 3, threads: 1 };
const images = data.pixels.length + data.labels.length;
/** Bytes of an order of the images, which each worker has. */
const order = 4 * data.count;
const total = (change: object) => estimateMemory({ ...options, ...change }).total;

/** Bytes of two states of a run that learns so many floats: these, Adam's moments of them, and the mean of the clip. */
const statesOf = (floats: number): number => 2 * 4 * (3 * floats + 3);

const contextOf = (config: DistillConfig, { backend, arena }: Engine) =>
  methodContext({ options: config.method as never, problem: config, backend, memory: allIn(arena) }, computing);

/** Takes what the outer loop of a run on workers takes. */
function takeBesideWorkers(config: DistillConfig, engine: Engine): void {
  const context = contextOf(config, engine);
  const { backend, memory, problem } = context;
  const run = methodOf(config.method).allocate(context);
  const replies = allocateReplies(run, memory);
  const networks = new NetworksOnWorkers(config, run, backend, replies, groupOptions({ workers: 1 }, 1));
  new OuterLoop({ problem, run, networks, backend, memory });
}

/** Takes what one of its workers takes. */
function takeOnWorker(config: DistillConfig, engine: Engine): void {
  allocateServed(methodOf(config.method), contextOf(config, engine));
}

describe("an estimate", () => {
  test.each([1, 2, 3, 8])(
    "for %s workers is the sum of the memories, the data twice and an order of the images for each",
    async (workers) => {
      const config = checked({ ...options, workers });
      await using here = await createEngine({ threads: 1 });
      takeBesideWorkers(config, here);
      await using there = await createEngine({ threads: 1 });
      takeOnWorker(config, there);
      const memories = 4 * (here.backend.capacity + Math.min(3, workers) * there.backend.capacity);
      const { total, ...parts } = estimateMemory({ ...options, workers });
      expect(total).toBe(
        memories + 2 * images + Math.min(3, workers) * order + parts.states + parts.set + parts.messages,
      );
      expect(parts.states).toBe(statesOf(10 + 50 * 784));
      expect(parts.set).toBe(4 * (10 + 50 * (784 + 10)));
      expect(parts.messages).toBe(4 * (1 + Math.min(3, workers)) * (10 + 50 * 784));
      expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBe(total);
    },
  );

  test("counts what learned labels take on both sides", async () => {
    const learned = { ...options, method: backGradient({ steps: 5, epochs: 2, imagesPerClass: 1, labels: "learned" }) };
    const config = checked({ ...learned, workers: 2 });
    await using here = await createEngine({ threads: 1 });
    takeBesideWorkers(config, here);
    await using there = await createEngine({ threads: 1 });
    takeOnWorker(config, there);
    const memories = 4 * (here.backend.capacity + 2 * there.backend.capacity);
    const states = statesOf(10 + 50 * (784 + 10));
    const set = 4 * (10 + 50 * (784 + 10));
    const messages = 3 * set;
    expect(estimateMemory({ ...learned, workers: 2 }).total).toBe(
      memories + 2 * images + 2 * order + states + set + messages,
    );
  });

  test("grows by the scratch of each thread of each worker, where the batch is one chunk", () => {
    const kernels = (threads: number) =>
      estimateMemory({ ...options, outer: { batch: 8 }, workers: 2, threads }).kernels;
    expect(kernels(3) - kernels(1)).toBe(2 * 2 * SCRATCH_SIZE);
  });
});

describe("a limit for all workers together", () => {
  test("is kept to the byte, and the advice works", () => {
    const run = { ...options, workers: 3 };
    expect(() => distill({ ...run, memoryLimit: total({ workers: 3 }) })).not.toThrow();
    const recompute = { ...method, memory: "recompute" as const };
    const limit = Math.round((total({ workers: 3 }) + total({ workers: 3, method: recompute })) / 2);
    const refused = () => distill({ ...run, memoryLimit: limit });
    expect(refused).toThrow(`"memoryLimit" expected >= ${total({ workers: 3 })} bytes for this run, got ${limit}; `);
    let most = 0;
    try {
      refused();
    } catch (error) {
      most = Number(/or a number up to (\d+), in the method/.exec((error as Error).message)?.[1]);
    }
    expect(total({ workers: 3, method: { ...method, memory: most } })).toBeLessThanOrEqual(limit);
    expect(total({ workers: 3, method: { ...method, memory: most + 2 ** 20 } })).toBeGreaterThan(limit);
  });

  test("does not forbid many workers that each can address their own memory", () => {
    const long = backGradient({ steps: 60, epochs: 20, imagesPerClass: 1 });
    const each = total({ method: long });
    expect(each).toBeLessThan(2 ** 32);
    expect(total({ method: long, networksPerStep: 8, workers: 8 })).toBeGreaterThan(2 ** 32);
    expect(() => distill({ ...options, method: long, networksPerStep: 8, workers: 8 })).not.toThrow();
  });
});
