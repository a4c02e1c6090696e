// Runs with floats of NaN on both sides of every buffer: nobody writes there, and nothing that is read there reaches a result.
import { expect, test, vi } from "vitest";
import type { Backend } from "../src/backend/backend.ts";
import type { Buffer } from "../src/backend/buffer.ts";
import { setDigest } from "../src/distill/digest.ts";
import { backGradient } from "../src/distill/methods/back-gradient/options.ts";
import { distributionMatching } from "../src/distill/methods/distribution-matching/options.ts";
import { windows } from "../src/distill/methods/windows/options.ts";
import { createEngine } from "../src/engine/engine.ts";
import { alexCifarNet, convNet, lenet } from "../src/nn/zoo.ts";
import { type DistillOptions, distill } from "../src/run/in-place/distill.ts";
import { noise, smallConvNet } from "./distill/noise.ts";
import { peek } from "./helpers.ts";

/** Whether arenas lay guards, how many of them were looked at, and where one was written. */
const seen = vi.hoisted(() => ({ laysGuards: false, checked: 0, written: [] as number[] }));

vi.mock("../src/backend/arena.ts", async (original) => {
  const arena = await original<typeof import("../src/backend/arena.ts")>();
  const length = 64;
  class GuardedArena extends arena.Arena {
    readonly #backend: Backend;
    #guards: Buffer[] = [];

    constructor(backend: Backend) {
      super(backend);
      this.#backend = backend;
    }

    override allocate(floats: number): Buffer {
      if (!seen.laysGuards) return super.allocate(floats);
      this.#guard();
      const buffer = super.allocate(floats);
      this.#guard();
      return buffer;
    }

    override release(mark: Parameters<InstanceType<typeof arena.Arena>["release"]>[0]): void {
      for (const at of this.#guards) {
        seen.checked += 1;
        if (!peek(this.#backend, at, length).every(Number.isNaN)) seen.written.push(at);
      }
      super.release(mark);
      const top = this.#backend.base + this.used;
      this.#guards = this.#guards.filter((at) => at < top);
    }

    #guard(): void {
      const at = super.allocate(length);
      this.#backend.upload(at, length, (host) => host.fill(Number.NaN));
      this.#guards.push(at);
    }
  }
  return { ...arena, Arena: GuardedArena };
});

const learn = { steps: 2, epochs: 2, imagesPerClass: 1, learningRate: 0.05 };
const pictures = (size: number, channels = 1) => noise({ count: 24, channels, size, classes: 3, seed: 5 });
const inputOf = (size: number, channels = 1) => [channels, size, size] as const;

const window = { imagesPerClass: 3, window: 4, leastSteps: 1, totalSteps: 7 };

const runs: readonly (readonly [string, Omit<DistillOptions, "outer">])[] = [
  ["LeNet", { model: lenet(), data: noise({ count: 24, seed: 5 }), method: backGradient(learn) }],
  [
    "strided convolutions",
    { model: smallConvNet(), data: pictures(9, 2), method: backGradient({ ...learn, momentum: 0.5 }) },
  ],
  [
    "ConvNet, transformed, with norms and averages",
    { model: convNet({ input: inputOf(16), classes: 3, width: 32 }), data: pictures(16), method: backGradient(learn) },
  ],
  [
    "AlexCifarNet, with response norms",
    {
      model: alexCifarNet({ classes: 3 }),
      data: pictures(32, 3),
      method: backGradient({ ...learn, steps: 1, epochs: 1 }),
    },
  ],
  [
    "distribution matching",
    {
      model: convNet({ input: inputOf(16), classes: 3, width: 16 }),
      data: pictures(16),
      method: distributionMatching({ imagesPerClass: 2 }),
    },
  ],
  [
    "windows of Adam, recomputed",
    {
      model: smallConvNet(),
      data: pictures(9, 2),
      method: windows({ ...window, labels: "learned", rate: "learned", batchPerClass: 2, memory: "recompute" }),
    },
  ],
  ["windows of SGD", { model: smallConvNet(), data: pictures(9, 2), method: windows({ ...window, optimizer: "sgd" }) }],
];

test.each(runs)("%s: the guards stay, and the bits are those of a run without them", async (_, options) => {
  const digests = new Set<string>();
  for (const [threads, laysGuards] of [
    [1, false],
    [1, true],
    [2, true],
  ] as const) {
    seen.laysGuards = laysGuards;
    seen.checked = 0;
    await using engine = await createEngine({ threads });
    const run = distill({ ...options, outer: { steps: 2, batch: 14 }, seed: 3, engine });
    digests.add(await setDigest(await run.result()));
    if (laysGuards) expect(seen.checked).toBeGreaterThan(50);
  }
  expect(seen.written).toEqual([]);
  expect(digests.size).toBe(1);
});
