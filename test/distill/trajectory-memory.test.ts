// Long inner loops have the same bits however much of them is held for the reverse sweep.
import { describe, expect, test } from "vitest";
import { CountingAllocator, floatsOf } from "../../src/backend/arena.ts";
import { planBackend } from "../../src/backend/plan-backend.ts";
import { wasmPlan } from "../../src/backend/wasm/plan.ts";
import { backGradient } from "../../src/distill/method.ts";
import { createEngine } from "../../src/engine/engine.ts";
import type { MetaGradient } from "../../src/engine/passes.ts";
import { setDigest } from "../../src/formats/digest.ts";
import { Segments, segmentSize, type TrajectoryMemory } from "../../src/inner/segments.ts";
import { dropout } from "../../src/nn/dropout.ts";
import { elements } from "../../src/nn/layer.ts";
import { sequential } from "../../src/nn/model.ts";
import { lanes, Network } from "../../src/nn/network.ts";
import { distill } from "../../src/run/in-place/distill.ts";
import { paint } from "../helpers.ts";
import { noise, smallConvNet } from "./noise.ts";

const model = smallConvNet();
const withDropout = sequential(model.inputShape, [
  ...model.layers.slice(0, -1),
  dropout({ p: 0.3 }),
  ...model.layers.slice(-1),
]);
/** Eight lanes: a step takes so much more than a state that size 1 takes the least. */
const images = 5;
const features = elements(model.inputShape);

/** T = 10, 30 and 31, a prime: no segment but the whole or a single step divides it. */
const loops = [
  { steps: 5, epochs: 2 },
  { steps: 10, epochs: 3 },
  { steps: 31, epochs: 1 },
];

/** Floats of one θ_t, and of the activations of one step. */
const floats = {
  state: floatsOf((allocator) => allocator.allocate(model.parameterCount)),
  step: floatsOf((allocator) => {
    const backend = planBackend({ name: "wasm", plan: wasmPlan, threads: 1, atOnce: 1 });
    const network = new Network(model, backend, lanes(model, images, wasmPlan), new CountingAllocator());
    network.tape(allocator, 1, 1, { images: false, targets: true });
  }),
};

/** What segments take, as Unroll counts it without momentum. */
const taken = ({ states, size }: Segments): number => states * floats.state + size * floats.step;

/** All that can be asked for: the words, and bytes for every size of segment from one step to T. */
function settings(length: number): TrajectoryMemory[] {
  const bytes = Array.from({ length }, (_, i) => 4 * taken(new Segments(length, i + 1)));
  return ["store", "recompute", ...bytes];
}

const block = (count: number, seed: number) => ({
  images: paint(count * features, seed),
  targets: Uint8Array.from({ length: count }, (_, i) => i % 3),
});

const problem = ({ steps, epochs }: (typeof loops)[number]) => ({
  parameters: paint(model.parameterCount, 1, 0.3),
  steps: Array.from({ length: steps }, (_, s) => block(images, 10 + s)),
  epochs,
  learningRates: paint(steps * epochs, 2, 0.04).map((value) => 0.05 + value),
  real: block(20, 3),
});

function expectSameBits(actual: MetaGradient, expected: MetaGradient, label: string): void {
  for (const part of Object.keys(expected) as (keyof MetaGradient)[]) {
    expect(actual[part], `${part}, ${label}`).toEqual(expected[part]);
  }
}

describe.each(loops)("a meta-gradient through $steps × $epochs steps is the same", (loop) => {
  const length = loop.steps * loop.epochs;

  test("in segments of every size, from one step to all", () => {
    const sizes = settings(length).map((memory) => segmentSize(memory, length, taken));
    expect(new Set(sizes).size).toBe(length);
  });

  test.each([
    { backend: "wasm", threads: 1 },
    { backend: "wasm", threads: 2 },
    { backend: "reference", threads: 1 },
  ] as const)("on $backend with $threads threads", async (options) => {
    await using engine = await createEngine(options);
    const net = await engine.bind(model);
    const input = problem(loop);
    const expected = await net.metaGradient(input);
    const { used } = engine.arena;
    for (const memory of settings(length)) {
      expectSameBits(await net.metaGradient({ ...input, memory }), expected, `memory ${memory}, seeds 1 to 40`);
      expect(engine.arena.used).toBe(used);
    }
  });

  test("with momentum, weight decay and dropout in the inner steps", async () => {
    await using engine = await createEngine({ threads: 1 });
    const net = await engine.bind(withDropout);
    const input = { ...problem(loop), momentum: 0.9, weightDecay: 0.01, dropoutSeed: 5 };
    const expected = await net.metaGradient(input);
    for (const memory of settings(length)) {
      // A velocity beside each state.
      const bytes = typeof memory === "number" ? memory + 4 * floats.state * (length + 1) : memory;
      expectSameBits(await net.metaGradient({ ...input, memory: bytes }), expected, `memory ${bytes}, seeds 1 to 40`);
    }
  });

  test("as a set distilled with it", async () => {
    await using engine = await createEngine({ threads: 1 });
    const data = noise({ count: 60, channels: 2, size: 9, classes: 3 });
    const digests = new Set<string>();
    for (const memory of ["store", "recompute", 200_000] as const) {
      const method = backGradient({ ...loop, imagesPerClass: 1, memory });
      const run = distill({ data, model, method, outer: { steps: 3, batch: 25 }, networksPerStep: 2, seed: 1, engine });
      digests.add(await setDigest(await run.result()));
    }
    expect(digests.size, "seed 1").toBe(1);
  });
});
