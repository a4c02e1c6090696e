// A memory that is larger than what a shader binds at once: seen through windows, all ops and a run give what they give over all of it.
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { write } from "../../src/backend/backend.ts";
import type { Ops } from "../../src/backend/ops.ts";
import { WebGpuBackend } from "../../src/backend/webgpu/backend.ts";
import { findAdapter } from "../../src/backend/webgpu/device.ts";
import { inWindows, largestWindows } from "../../src/backend/webgpu/windows.ts";
import { Engine } from "../../src/engine/engine.ts";
import { backGradient, distill } from "../../src/index.ts";
import { callsOfOps, type Operand, operandsOf, placed } from "../calls-of-ops.ts";
import { noise, smallConvNet } from "../distill/noise.ts";
import { drawing, expectClose, paint } from "../helpers.ts";
import { type ComparedOp, isFactor, opTolerances } from "../tolerances.ts";
import { testedDevice, testedWebGpu } from "./device.ts";

const windows = { count: 3, floats: 131_072 };
const all = windows.count * windows.floats;

const opened = [await testedDevice(), await testedDevice()];
const backends: WebGpuBackend[] = [];
for (const [i, each] of opened.entries()) {
  if (typeof each === "string") beforeEach(({ skip }) => skip(each));
  else backends.push(new WebGpuBackend(each.device, each.about, ...(i === 0 ? [] : [windows])));
}
afterAll(async () => {
  for (const backend of backends) await backend.dispose();
});

/** Puts operands over the ends of windows, as many as there are, beginning with one of them, and the others after each other. */
function across(operands: readonly Operand[], first: number): Map<Operand, number> {
  const places = new Map<Operand, number>();
  let next = 64;
  operands.forEach((operand, i) => {
    const end = (i + operands.length - first) % operands.length;
    const half = Math.floor(operand.floats / 2);
    if (end < windows.count - 1) places.set(operand, (end + 1) * windows.floats - half);
    else {
      places.set(operand, next);
      next += operand.floats + 1;
    }
  });
  return places;
}

const seed = 1;
test(`every op whose operands lie in two windows each gives what it gives in one, seed ${seed}`, async () => {
  const [whole, split] = backends as [WebGpuBackend, WebGpuBackend];
  for (const backend of backends) backend.reserve(all);
  for (const [name, args] of callsOfOps(drawing(seed), whole.plan)) {
    const operands = operandsOf(args);
    for (let first = 0; first < operands.length; first += windows.count - 1) {
      const places = across(operands, first);
      const results = backends.map((backend) => {
        write(backend, 0, paint(all, seed).map(Math.abs));
        const given = placed(args, (operand) => places.get(operand));
        Reflect.apply(backend.ops[name as keyof Ops] as (...values: unknown[]) => void, backend.ops, given);
        return backend.read(0, all);
      });
      const [expected, found] = await Promise.all(results);
      // A compiler may add and multiply in another order where memory is read by a function; what is moved has the same bits.
      const isExact = isFactor(name) || opTolerances[name as ComparedOp] === 0;
      if (isExact) expect(found, `${name}, seed ${seed}`).toEqual(expected);
      else if (!isDeepStrictEqual(found, expected)) expectClose(found!, expected!, 1e-7, `${name}, seed ${seed}`);
    }
  }
  expect(split.capacity).toBe(all);
});

test("a run whose memory takes several windows ends with the bits of one window", async () => {
  const sets = backends.map((backend) =>
    distill({
      data: noise({ count: 45, channels: 2, size: 9, classes: 3, seed: 2 }),
      model: smallConvNet(),
      method: backGradient({ steps: 3, epochs: 2, imagesPerClass: 2, learningRate: 0.05 }),
      outer: { steps: 5, batch: 45 },
      networksPerStep: 3,
      seed: 7,
      engine: new Engine(backend),
    }).result(),
  );
  const [expected, found] = await Promise.all(sets);
  expect(found!.images).toEqual(expected!.images);
  expect(found!.learningRates).toEqual(expected!.learningRates);
  expect(backends[1]!.capacity).toBeGreaterThan(2 * windows.floats);
});

test("a device is asked for all that its adapter binds, so a memory has as many windows as there are bindings but two", async () => {
  const { limits } = await findAdapter((await testedWebGpu()) as GPU);
  const { device } = opened[0] as Exclude<(typeof opened)[0], string>;
  const { count, floats } = largestWindows(device);
  expect(count).toBe(limits.maxStorageBuffersPerShaderStage - 2);
  expect(4 * floats).toBeGreaterThan(limits.maxStorageBufferBindingSize - limits.minStorageBufferOffsetAlignment);
  expect(backends[0]!.most).toBe(Math.min(limits.maxBufferSize / 4, count * floats));
});

test("more floats than the windows hold are refused", () => {
  expect(() => backends[1]!.reserve(all + 1)).toThrow(
    /^this GPU takes a memory of at most 2 MiB, and 2 MiB are wanted/,
  );
});

describe("the text of a shader", () => {
  test.each([
    ["let a = m[x + i] * sum[i];", "let a = m_get(u32(x + i)) * sum[i];"],
    ["m[y + id] = m[m[x]] + 1.0;", "m_put(u32(y + id), m_get(u32(m_get(u32(x)))) + 1.0);"],
    [
      "if (b) { m[y] += m[x] * 2.0; } else { m[y] = m_[0]; }",
      "if (b) { m_put(u32(y), m_get(u32(y)) + (m_get(u32(x)) * 2.0)); } else { m_put(u32(y), m_[0]); }",
    ],
    ["m[x + id] -= a / (b + c);", "m_put(u32(x + id), m_get(u32(x + id)) - (a / (b + c)));"],
    ["if (m[x] == 0.0 || m[y] >= 1.0) { return; }", "if (m_get(u32(x)) == 0.0 || m_get(u32(y)) >= 1.0) { return; }"],
  ])("%s", (text, expected) => {
    expect(inWindows(text)).toBe(expected);
  });
});
