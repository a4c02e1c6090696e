// What a GPU is given: dispatches, uploads and reads in the order of the calls, and few of them.
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { type Backend, write } from "../../src/backend/backend.ts";
import { none } from "../../src/backend/buffer.ts";
import type { Gpu } from "../../src/backend/gpu.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { WebGpuBackend } from "../../src/backend/webgpu/backend.ts";
import { expectClose, float32Tolerance, paint } from "../helpers.ts";
import { testedDevice, testedGpu } from "./device.ts";

const gpu = await testedGpu();
const backend = gpu as WebGpuBackend;
if (typeof gpu === "string") beforeEach(({ skip }) => skip(gpu));
else afterAll(() => gpu.dispose());

const start = 1024;

test("a read sees what was called before it, and nothing that was called after it", async () => {
  const reads: Promise<ArrayLike<number>>[] = [];
  for (let i = 0; i < 5; i++) {
    write(backend, start, [i, i]);
    reads.push(backend.read(start, 2));
    backend.ops.scale(start, 10, start, 2);
    reads.push(backend.read(start, 2));
  }
  const found = (await Promise.all(reads)).map((floats) => Array.from(floats));
  expect(found).toEqual([0, 0, 1, 10, 2, 20, 3, 30, 4, 40].map((value) => [value, value]));
});

test("memory that grows keeps what lies in it, also in the middle of a list of ops", async () => {
  const values = paint(1000, 1);
  write(backend, start, values);
  const before = backend.capacity;
  backend.reserve(2 * before);
  backend.ops.copy(before + 100, start, values.length);
  backend.reserve(3 * before);
  backend.ops.scale(2.5 * before, 2, before + 100, values.length);
  expect(await backend.read(start, values.length)).toEqual(values);
  expect(await backend.read(2.5 * before, values.length)).toEqual(values.map((value) => 2 * value));
});

test("more floats than the GPU holds are refused with what it holds", () => {
  expect(() => backend.reserve(2 ** 40)).toThrow(
    /^this GPU takes a memory of at most \d+ MiB, and 4194304 MiB are wanted: /,
  );
});

describe("side by side", () => {
  const shape = { inFeatures: 600, outFeatures: 7, lanes: 12 };
  const [w, x, y] = [shape.inFeatures * shape.outFeatures, shape.inFeatures * shape.lanes, 7 * 12];
  const size = 64 * Math.ceil((w + x + y + shape.outFeatures) / 64);
  const networks = 5;
  /** One network: a layer, its activation, and a sum of so many floats that it takes scratch. */
  const record =
    (on: Backend, first: number) =>
    (i: number): void => {
      const at = first + i * size;
      on.ops.linearForward(at + w + x, at + w, at, none, shape, false);
      on.ops.activationForward(at + w + x, at + w + x, y, "tanh");
      on.ops.sum(at + w + x + y, at, w + x, false);
    };
  const run = async (on: Backend): Promise<ArrayLike<number>> => {
    const first = 64 * Math.ceil(on.base / 64);
    on.reserve(first + networks * size);
    write(on, first, paint(networks * size, 2));
    on.sideBySide(networks, record(on, first));
    return on.read(first, networks * size);
  };

  test("the networks of an op are one dispatch, with the numbers of one after the other", async () => {
    const expected = await run(createReferenceBackend());
    const { dispatches } = backend.counts;
    const found = await run(backend);
    // linearForward, activationForward and the two parts of sum
    expect(backend.counts.dispatches - dispatches).toBe(4);
    expectClose(found, expected, float32Tolerance, "five networks side by side, seed 2");
  });

  test("networks that differ in more than their operands are computed one after the other", async () => {
    write(backend, start, [1, 2, 3, 4]);
    backend.sideBySide(2, (i) => {
      backend.ops.scale(start + i, 10 + i, start + i, 1);
      if (i === 1) backend.ops.fill(start + 3, 9, 1);
    });
    expect(Array.from(await backend.read(start, 4))).toEqual([10, 22, 3, 9]);
  });

  test("a call that throws leaves nothing behind", async () => {
    write(backend, start, [1]);
    const failing = (): void => {
      backend.ops.scale(start, 5, start, 1);
      throw new Error("not this one");
    };
    expect(() => backend.sideBySide(2, failing)).toThrow("not this one");
    backend.ops.scale(start, 2, start, 1);
    expect(Array.from(await backend.read(start, 1))).toEqual([2]);
  });
});

test("thousands of ops without a read are sent in parts", async () => {
  write(backend, start, [0, 1]);
  const { submissions } = backend.counts;
  for (let i = 0; i < 3000; i++) backend.ops.axpy(start, start, 1, start + 1, 1);
  expect(Array.from(await backend.read(start, 1))).toEqual([3000]);
  expect(backend.counts.submissions - submissions).toBeGreaterThan(2);
});

test("a backend that was disposed refuses what is called on it, and reads that wait are rejected", async () => {
  const other = (await testedGpu()) as WebGpuBackend;
  const waiting = other.read(other.base, 1);
  const outcome = expect(waiting).resolves.toEqual(Float32Array.of(0));
  await outcome;
  await other.dispose();
  expect(() => other.upload(other.base, 1, () => {})).toThrow("this engine was disposed");
  await expect(other.read(other.base, 1)).rejects.toThrow("this engine was disposed");
});

test("a device that is lost rejects with a WorkerError, now and later", async () => {
  const { device, about } = (await testedDevice()) as { device: GPUDevice; about: Gpu };
  const other = new WebGpuBackend(device, about);
  write(other, other.base, [1]);
  device.destroy();
  await expect(other.read(other.base, 1)).rejects.toMatchObject({
    name: "WorkerError",
    message: expect.stringMatching(/^the GPU was lost \(destroyed\)/),
  });
  await expect(other.read(other.base, 1)).rejects.toMatchObject({ name: "WorkerError" });
});
