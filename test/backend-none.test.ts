// No op reads memory below the first buffer, where kernels keep the counters of their threads.
import { expect, test } from "vitest";
import { type Buffer, none, nowhere } from "../src/backend/buffer.ts";
import { createReferenceBackend } from "../src/backend/reference/backend.ts";
import { setDigest } from "../src/distill/digest.ts";
import { backGradient } from "../src/distill/methods/back-gradient/options.ts";
import { createEngine } from "../src/engine/engine.ts";
import { distill } from "../src/run/in-place/distill.ts";
import { backendsUnderTest } from "./backends-under-test.ts";
import { noise, smallConvNet } from "./distill/noise.ts";
import { fillWithNaN } from "./gradients/random-chains.ts";
import { peek } from "./helpers.ts";

const backends = await backendsUnderTest();

test.each(backends)(
  "kernels on $threads threads refuse a buffer below the first one, and one that is left out",
  (backend) => {
    const { base, ops } = backend;
    backend.reserve(base + 1024);
    const leftOut = none as unknown as Buffer;
    for (const bad of [0, 16, base - 1, nowhere, nowhere + 8, leftOut]) {
      expect(() => ops.fill(bad, 1, 4)).toThrow(/buffer at .*; the first one is at/);
      expect(() => ops.axpy(base, base, 1, bad, 4)).toThrow(/buffer at/);
      expect(() => ops.dot(bad, base, base, 4)).toThrow(/buffer at/);
      expect(() => ops.activationBackwardR(base, base, base, bad, base, 4, "tanh")).toThrow(/buffer at/);
    }
    // What may be left out has a type of its own.
    const shape = { inFeatures: 2, outFeatures: 2, lanes: 4 };
    ops.linearForward(base + 64, base, base + 32, none, shape, false);
    // @ts-expect-error weights may not be left out
    expect(() => ops.linearForward(base + 64, base, none, none, shape, false)).toThrow(/buffer at undefined/);
  },
);

test.each([createReferenceBackend(), ...backends])(
  "address 0 and the bytes after it hold no number on $name with $threads threads",
  (backend) => {
    const floats = peek(backend, 0, 4);
    expect(floats.every(Number.isNaN)).toBe(true);
    if (backend.name === "reference") return;
    const bytes = new DataView(floats.buffer);
    for (let at = 0; at <= 12; at++) expect(bytes.getFloat32(at, true)).toBeNaN();
  },
);

test.each([1, 2])(
  "a run in memory that was NaN all over has the bits of one in fresh memory, on %i threads",
  async (threads) => {
    const method = backGradient({
      steps: 3,
      epochs: 2,
      imagesPerClass: 1,
      labels: "learned",
      momentum: 0.5,
      learningRate: 0.05,
    });
    const data = noise({ count: 45, channels: 2, size: 9, classes: 3, seed: 2 });
    const recipe = { data, model: smallConvNet(), method, outer: { steps: 3, batch: 22, clip: 2 }, seed: 7 };
    await using engine = await createEngine({ threads });
    fillWithNaN(engine.backend);
    const digest = await setDigest(await distill({ ...recipe, engine }).result());
    expect(digest).toBe(await setDigest(await distill({ ...recipe, threads: 1 }).result()));
  },
);
