// The outer loss: the same bits however many chunks of a batch are under way at the same time.

import { afterAll, expect, test } from "vitest";
import { Arena } from "../../src/backend/arena.ts";
import { type Backend, write } from "../../src/backend/backend.ts";
import { createWasmBackend } from "../../src/backend/wasm/backend.ts";
import { batchInto } from "../../src/data/dataset.ts";
import { chunkImages } from "../../src/inner/chunks.ts";
import { RealBatch } from "../../src/inner/real-batch.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { atOnce as allParts } from "../../src/platform/parts.ts";
import { paint } from "../helpers.ts";
import { noise } from "./noise.ts";

const backend = await createWasmBackend({ threads: 1 });
afterAll(() => backend.dispose());

/** The same memory and kernels, said to have so many processors. */
function withProcessors(atOnce: number): Backend {
  return {
    ...{ name: backend.name, threads: atOnce, atOnce, simd: backend.simd, ops: backend.ops, base: backend.base },
    get capacity() {
      return backend.capacity;
    },
    reserve: (floats) => backend.reserve(floats),
    Floats: backend.Floats,
    plan: backend.plan,
    upload: (target, n, fill) => backend.upload(target, n, fill),
    read: (source, n) => backend.read(source, n),
    submit: () => backend.submit(),
    sideBySide: (count, record) => backend.sideBySide(count, record),
    together: (works) => backend.together(works),
    dispose: async () => {},
  };
}

test("loss and gradient of a batch of seven chunks, the last of which is smaller, are those of one chunk at a time", async () => {
  const model = lenet();
  const size = chunkImages(model, backend.plan);
  const count = 6 * size + 5;
  const data = noise({ count, seed: 3 });
  const features = data.channels * data.height * data.width;
  const batch = {
    count,
    hard: true,
    imagesInto: (out: Float32Array | Float64Array, from: number) =>
      batchInto(
        data,
        Array.from({ length: out.length / features }, (_, i) => from + i),
        out,
      ),
    targetsInto: (out: Float32Array | Float64Array, from: number) =>
      out.set(data.labels.subarray(from, from + out.length)),
  };
  const results = [];
  for (const atOnce of [1, 2, 3, 4, 7, 9]) {
    const here = withProcessors(atOnce);
    const arena = new Arena(here);
    const [theta, gradient] = [arena.allocate(model.parameterCount), arena.allocate(model.parameterCount)];
    write(
      here,
      theta,
      paint(model.parameterCount, 4).map((value) => 0.1 * value),
    );
    const loss = arena.allocate(1);
    allParts(new RealBatch(model, here, arena, count).loss(theta, batch, gradient, loss));
    results.push({ loss: (await here.read(loss, 1))[0], gradient: await here.read(gradient, model.parameterCount) });
  }
  for (const { loss, gradient } of results) {
    expect(loss).toBe(results[0]!.loss);
    expect(gradient).toEqual(results[0]!.gradient);
  }
  expect(results[0]!.gradient.some((value) => value !== 0)).toBe(true);
});
