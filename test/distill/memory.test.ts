// The plan of a run is what the run takes.
import { describe, expect, test, vi } from "vitest";
import type { Buffer } from "../../src/backend/buffer.ts";
import { SCRATCH_SIZE } from "../../src/backend/wasm/layout.ts";
import { experts } from "../../src/distill/experts.ts";
import { formation, memories } from "../../src/distill/image-options.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import { distributionMatching } from "../../src/distill/methods/distribution-matching/options.ts";
import { frepo } from "../../src/distill/methods/frepo/options.ts";
import { gradientMatching } from "../../src/distill/methods/gradient-matching/options.ts";
import { kip, labelSolve } from "../../src/distill/methods/kip/options.ts";
import { codeOf } from "../../src/distill/methods/methods.ts";
import { trajectoryMatching } from "../../src/distill/methods/trajectory-matching/options.ts";
import { windows } from "../../src/distill/methods/windows/options.ts";
import { weightBytes } from "../../src/distill/weight-source.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { convNet, lenet } from "../../src/nn/zoo.ts";
import { type DistillOptions, distill } from "../../src/run/in-place/distill.ts";
import { estimateMemory } from "../../src/run/options/memory.ts";
import { planInPlace } from "../../src/run/options/memory-plan.ts";
import { noise, smallConvNet } from "./noise.ts";

const small = { data: noise({ count: 70, channels: 2, size: 9, classes: 3 }), model: smallConvNet() };
/** Wide enough for transformed convolutions. */
const wide = {
  data: noise({ count: 70, channels: 4, size: 8, classes: 3 }),
  model: convNet({ input: [4, 8, 8], classes: 3, width: 16, depth: 2 }),
};
const large = { data: noise({ count: 90 }), model: lenet() };
const loop = { steps: 5, epochs: 2, imagesPerClass: 1 };
const window = { imagesPerClass: 3, window: 9, leastSteps: 2, totalSteps: 20 };

/** What no step writes. */
const untouched = Math.fround(1.2345e-30);

const runs: readonly (Omit<DistillOptions, "engine"> & { readonly name: string })[] = [
  { name: "a small network, everything stored", ...small, method: backGradient(loop) },
  { name: "a small network, recomputed", ...small, method: backGradient({ ...loop, memory: "recompute" }) },
  { name: "a small network within 80 kB", ...small, method: backGradient({ ...loop, memory: 80_000 }) },
  { name: "an outer batch of one image", ...small, method: backGradient(loop), outer: { batch: 1 } },
  { name: "three networks a step", ...small, method: backGradient(loop), networksPerStep: 3 },
  { name: "mean squared error", ...small, method: backGradient(loop), loss: "mse" },
  { name: "momentum, stored", ...small, method: backGradient({ ...loop, momentum: 0.9, weightDecay: 0.01 }) },
  { name: "momentum, recomputed", ...small, method: backGradient({ ...loop, momentum: 0.9, memory: "recompute" }) },
  { name: "learned labels", ...small, method: backGradient({ ...loop, labels: "learned" }) },
  {
    name: "shuffled blocks, recomputed",
    ...small,
    method: backGradient({ ...loop, shuffle: true, memory: "recompute" }),
  },
  {
    name: "gradient matching of augmented images, two networks a step",
    ...small,
    method: gradientMatching({ imagesPerClass: 3, realPerClass: 20, augment: ["crop", "color"] }),
    networksPerStep: 2,
  },
  { name: "FRePo, two networks a step", ...small, method: frepo({ imagesPerClass: 3 }), networksPerStep: 2 },
  { name: "KIP", ...small, method: kip({ imagesPerClass: 3 }) },
  {
    name: "KIP without learned labels, a batch of 7",
    ...small,
    method: kip({ imagesPerClass: 1, learnLabels: false }),
    outer: { batch: 7 },
  },
  { name: "label solve", ...small, method: labelSolve({ imagesPerClass: 3 }) },
  { name: "a window, stored", ...small, method: windows(window) },
  { name: "a window, recomputed", ...small, method: windows({ ...window, memory: "recompute" }) },
  {
    name: "a window of SGD with labels and a rate that are learned, sub-batches",
    ...small,
    method: windows({ ...window, optimizer: "sgd", batchPerClass: 1, labels: "learned", rate: "learned" }),
  },
  {
    name: "a window of augmented sub-batches, recomputed",
    ...small,
    method: windows({ ...window, batchPerClass: 2, augment: ["crop", "color"], memory: "recompute" }),
  },
  {
    name: "a window of augmented images, all in each step, two networks a step",
    ...small,
    method: windows({ ...window, augment: ["flip", "cutout"] }),
    networksPerStep: 2,
  },
  {
    name: "trajectory matching with labels that are learned, augmented sub-batches, two networks a step",
    ...small,
    init: experts(
      [1, 2].map((k) => [0, 1, 2].map((e) => new Float32Array(small.model.parameterCount).fill((k + e) / 100))),
    ),
    method: trajectoryMatching({
      ...{
        imagesPerClass: 3,
        steps: 4,
        subBatch: 4,
        learningRate: 1e-4,
        expertEpochs: 1,
        maxStartEpoch: 2,
        labels: "learned",
        augment: ["flip", "rotate", "color"],
      },
    }),
    networksPerStep: 2,
  },
  {
    name: "distribution matching of augmented images",
    ...small,
    method: distributionMatching({ imagesPerClass: 3, realPerClass: 20, augment: ["crop", "color"] }),
  },
  {
    name: "gradient matching with new networks for each step",
    ...wide,
    method: gradientMatching({ imagesPerClass: 1 }),
  },
  {
    name: "gradient matching of a wide network",
    ...wide,
    method: gradientMatching({ imagesPerClass: 2, networkSteps: 1 }),
  },
  { name: "distribution matching by a wide network", ...wide, method: distributionMatching({ imagesPerClass: 2 }) },
  { name: "FRePo with a wide network", ...wide, method: frepo({ imagesPerClass: 2, poolSize: 2 }) },
  {
    name: "a wide network's window, means of what is learned",
    ...wide,
    method: windows(window),
    outer: { average: 0.9, optimizer: "lamb" },
  },
  {
    name: "tiles",
    ...small,
    method: windows({ ...window, batchPerClass: 2 }),
    images: formation({ factor: 2 }),
  },
  { name: "bases", ...small, method: kip({ imagesPerClass: 3 }), images: memories({ bases: 4 }) },
  { name: "LeNet, everything stored", ...large, method: backGradient({ ...loop, imagesPerClass: 2 }) },
  { name: "LeNet, recomputed", ...large, method: backGradient({ ...loop, memory: "recompute" }) },
];

describe.each(runs)("$name:", ({ name: _, ...options }) => {
  const { data, outer } = options;

  test.each([1, 3])(
    "the arena holds what the plan counts, and the WebAssembly memory no more, %i threads",
    async (threads) => {
      await using engine = await createEngine({ threads });
      const before = engine.arena.used;
      const taken: number[] = [];
      for await (const _ of distill({ ...options, outer: { ...outer, steps: 3 }, engine })) {
        taken.push(engine.arena.used - before);
      }
      const plan = planInPlace({ ...options, code: codeOf(options.method, options.images) }, threads);
      const planned = Object.values(plan).reduce((sum, { floats }) => sum + floats, 0);
      expect(taken).toEqual([planned, planned, planned]);
      const { total, ...parts } = estimateMemory({ ...options, threads });
      const weights = options.init ? weightBytes(options.init) : 0;
      const host = data.pixels.length + data.labels.length + 4 * data.count + weights + parts.states + parts.set;
      expect(4 * engine.backend.capacity).toBe(total - host);
      expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBe(total);
    },
  );

  test("what the arena gives is written to, but for a hundredth", async () => {
    await using engine = await createEngine({ threads: 1 });
    const { arena, backend } = engine;
    const taken: { at: Buffer; floats: number; by: string }[] = [];
    const allocate = arena.allocate.bind(arena);
    vi.spyOn(arena, "allocate").mockImplementation((floats) => {
      const at = allocate(floats);
      backend.ops.fill(at, untouched, floats);
      taken.push({ at, floats, by: new Error().stack!.split("\n").slice(3, 7).join("\n") });
      return at;
    });
    await distill({ ...options, outer: { ...outer, steps: 3 }, engine }).result();
    const read = await Promise.all(taken.map(({ at, floats }) => backend.read(at, floats)));
    const idle = taken.filter((_, i) => read[i]!.every((value: number) => value === untouched));
    const sum = (buffers: typeof taken): number => buffers.reduce((all, { floats }) => all + floats, 0);
    const most = idle.toSorted((a, b) => b.floats - a.floats)[0];
    expect(sum(idle) / sum(taken), `the largest: ${most?.floats} floats, taken\n${most?.by}`).toBeLessThan(0.01);
  });
});

describe("an estimate", () => {
  const method = backGradient(loop);

  test("needs no data, only its shape", () => {
    const { count, channels, height, width, classes } = large.data;
    const shape = { count, channels, height, width, classes };
    expect(estimateMemory({ ...large, data: shape, method })).toEqual(estimateMemory({ ...large, method }));
  });

  test("grows by the scratch of each thread", () => {
    const kernels = (threads: number) => estimateMemory({ ...small, method, threads }).kernels;
    expect(kernels(3) - kernels(1)).toBe(2 * SCRATCH_SIZE);
  });

  test("keeps θ_t and activations within `memory`", () => {
    for (let memory = 47_000; memory < 250_000; memory += 5555) {
      const method = backGradient({ ...loop, memory });
      const { parameters, activations } = estimateMemory({ ...small, method });
      expect(parameters + activations).toBeLessThanOrEqual(memory);
      const momentum = estimateMemory({ ...small, method: { ...method, momentum: 0.9, memory: memory + 30_000 } });
      expect(momentum.parameters + momentum.activations).toBeLessThanOrEqual(memory + 30_000);
      const adam = estimateMemory({ ...small, method: windows({ ...window, memory: memory + 70_000 }) });
      expect(adam.parameters + adam.activations).toBeLessThanOrEqual(memory + 70_000);
    }
  });

  test("refuses what distill refuses", () => {
    expect(() => estimateMemory({ ...large, model: lenet({ size: 32 }), method })).toThrow(
      /expects images \[1,32,32\]/,
    );
    expect(() => estimateMemory({ ...large, method, outer: { batch: 0 } })).toThrow('"outer.batch" expected');
    expect(() => estimateMemory({ ...small, method: { ...method, memory: 5000 } })).toThrow(
      /"memory" expected at least \d+ bytes for 10 inner steps, got 5000/,
    );
  });
});

describe("a run above its memory limit is refused, with advice that works:", () => {
  const options = { ...large, method: backGradient(loop), threads: 1, outer: { batch: 80 } };
  const total = (change: Partial<DistillOptions>) => estimateMemory({ ...options, ...change }).total;
  const recompute = { method: { ...options.method, memory: "recompute" as const } };

  /** What distill says of the limit. */
  function refusal(memoryLimit: number, change: Partial<DistillOptions> = {}): string {
    try {
      distill({ ...options, ...change, memoryLimit });
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      return (error as Error).message;
    }
    throw new Error(`a limit of ${memoryLimit} bytes was not refused`);
  }

  test("the limit itself fits, a byte less does not", () => {
    expect(() => distill({ ...options, memoryLimit: total({}) })).not.toThrow();
    expect(refusal(total({}) - 1)).toMatch(
      new RegExp(`^"memoryLimit" expected >= ${total({})} bytes for this run, got ${total({}) - 1}; it fits with`),
    );
  });

  test("less memory for the trajectory", () => {
    const limit = Math.round((total({}) + total(recompute)) / 2);
    const message = refusal(limit);
    const memory = Number(/memory: "recompute", or a number up to (\d+), in the method/.exec(message)?.[1]);
    expect(total({ method: { ...options.method, memory } })).toBeLessThanOrEqual(limit);
    expect(total({ method: { ...options.method, memory: memory + 2 ** 20 } })).toBeGreaterThan(limit);
    expect(() => distill({ ...options, ...recompute, memoryLimit: limit })).not.toThrow();
  });

  test("a smaller batch", () => {
    const limit = total({ outer: { batch: 4 } });
    expect(refusal(limit)).toMatch(/, or with outer: \{ batch: 4 \}$/);
    expect(() => distill({ ...options, outer: { batch: 4 }, memoryLimit: limit })).not.toThrow();
  });

  test("both, where neither is enough", () => {
    const limit = total({ ...recompute, outer: { batch: 4 } });
    expect(refusal(limit)).toMatch(/; it fits with memory: "recompute" in the method and outer: \{ batch: 4 \}$/);
    expect(() => distill({ ...options, ...recompute, outer: { batch: 4 }, memoryLimit: limit })).not.toThrow();
  });

  test("a smaller run, where nothing else is enough", () => {
    const least = total({ ...recompute, outer: { batch: 4 } });
    expect(refusal(least - 1)).toContain(`outer: { batch: 4 } it takes ${least}; fewer steps, epochs, imagesPerClass`);
  });

  test("more than WebAssembly can address, without any limit set", () => {
    const method = backGradient({ steps: 500, epochs: 10, imagesPerClass: 2 });
    expect(refusal(2 ** 40, { method })).toMatch(
      /^the run takes \d+ bytes, WebAssembly can address 4294967296; it fits with memory: "recompute"/,
    );
  });

  test.each([0, -1, Number.NaN])("a limit of %d is none", (memoryLimit) => {
    expect(refusal(memoryLimit)).toBe(`"memoryLimit" expected a number of bytes > 0, got ${memoryLimit}`);
  });
});
