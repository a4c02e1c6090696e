// Long inner loops, whose results must have the same bits however much of them is stored for the reverse sweep.
import { expect, test } from "vitest";
import { CountingAllocator, floatsOf } from "../../src/backend/arena.ts";
import { planBackend } from "../../src/backend/plan-backend.ts";
import { wasmPlan } from "../../src/backend/wasm/plan.ts";
import { createEngine } from "../../src/engine/engine.ts";
import type { MetaGradient } from "../../src/engine/passes.ts";
import { Segments, type TrajectoryMemory } from "../../src/inner/segments.ts";
import { dropout } from "../../src/nn/dropout.ts";
import { elements } from "../../src/nn/layer.ts";
import { sequential } from "../../src/nn/model.ts";
import { laneCount, Network } from "../../src/nn/network.ts";
import { paint } from "../helpers.ts";
import { smallConvNet } from "./noise.ts";

export const model = smallConvNet();
const withDropout = sequential(model.inputShape, [
  ...model.layers.slice(0, -1),
  dropout({ p: 0.3 }),
  ...model.layers.slice(-1),
]);
/** With eight lanes a step takes so much more than a state that size 1 takes the least. */
const images = 5;
const features = elements(model.inputShape);

export interface Loop {
  readonly steps: number;
  readonly epochs: number;
}

/** The floats of one θ_t, and of the activations of one step. */
const floats = {
  state: floatsOf((allocator) => allocator.allocate(model.parameterCount)),
  step: floatsOf((allocator) => {
    const backend = planBackend({ name: "wasm", plan: wasmPlan, threads: 1, atOnce: 1 });
    const network = new Network(model, backend, laneCount(model, images, wasmPlan), new CountingAllocator());
    network.tape(allocator, 1, 1, { images: false, targets: true });
  }),
};

/** Counts what segments take, as Unroll does without momentum. */
export const taken = ({ states, size }: Segments): number => states * floats.state + size * floats.step;

/** Returns all settings to test: the words, and bytes for segments of these sizes. */
export function settings(length: number, sizes: readonly number[]): TrajectoryMemory[] {
  return ["store", "recompute", ...sizes.map((size) => 4 * taken(new Segments(length, size)))];
}

export const everySize = (length: number): number[] => Array.from({ length }, (_, i) => i + 1);

const block = (count: number, seed: number) => ({
  images: paint(count * features, seed),
  targets: Uint8Array.from({ length: count }, (_, i) => i % 3),
});

const problem = ({ steps, epochs }: Loop) => ({
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

/** Tests a meta-gradient through a loop, with segments of these sizes. */
export function testSegments(loop: Loop, sizes: readonly number[]): void {
  const length = loop.steps * loop.epochs;

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
    for (const memory of settings(length, sizes)) {
      expectSameBits(await net.metaGradient({ ...input, memory }), expected, `memory ${memory}, seeds 1 to 40`);
      expect(engine.arena.used).toBe(used);
    }
  });

  test("with momentum, weight decay and dropout in the inner steps", async () => {
    await using engine = await createEngine({ threads: 1 });
    const net = await engine.bind(withDropout);
    const input = { ...problem(loop), momentum: 0.9, weightDecay: 0.01, dropoutSeed: 5 };
    const expected = await net.metaGradient(input);
    for (const memory of settings(length, sizes)) {
      // There is a velocity beside each state.
      const bytes = typeof memory === "number" ? memory + 4 * floats.state * (length + 1) : memory;
      expectSameBits(await net.metaGradient({ ...input, memory: bytes }), expected, `memory ${bytes}, seeds 1 to 40`);
    }
  });
}
