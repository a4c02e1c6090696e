// Ops look at place and length of every operand before a kernel runs: a wrong one is refused, and nothing is written.
import { expect, test } from "vitest";
import { type Backend, write } from "../src/backend/backend.ts";
import { none } from "../src/backend/buffer.ts";
import type { Ops } from "../src/backend/ops.ts";
import { createReferenceBackend } from "../src/backend/reference/backend.ts";
import { backendsUnderTest } from "./backends-under-test.ts";
import { callsOfOps, type Operand, operandsOf, placed } from "./calls-of-ops.ts";
import { drawing, paint, peek } from "./helpers.ts";

const backends = [createReferenceBackend(), ...(await backendsUnderTest())];

function call(backend: Backend, name: keyof Ops, args: readonly unknown[]): void {
  Reflect.apply(backend.ops[name] as (...values: unknown[]) => void, backend.ops, args);
}

/** A place for each operand, each from a boundary of 16 floats on, after one another. */
function sideBySide(backend: Backend, operands: readonly Operand[]): { places: Map<Operand, number>; end: number } {
  let end = 16 * Math.ceil(backend.base / 16) + 16;
  const places = new Map<Operand, number>();
  for (const operand of operands) {
    places.set(operand, end);
    end += 16 * Math.ceil((operand.floats + 2) / 16) + 16;
  }
  return { places, end };
}

test("every op has its call here", () => {
  for (const backend of backends) {
    const names = new Set(callsOfOps(drawing(1), backend.plan).map(([name]) => name));
    expect(names).toEqual(new Set(Object.keys(backend.ops)));
  }
});

test.each(backends)(
  "a wrong buffer in the place of any operand of any op is refused by name, and nothing is written, $name with $threads threads",
  (backend) => {
    backend.reserve(backend.base + 120_000);
    const { base, capacity } = backend;
    for (const [name, args] of callsOfOps(drawing(2), backend.plan)) {
      const operands = operandsOf(args);
      const { places, end } = sideBySide(backend, operands);
      write(backend, base, paint(end - base, 3));
      const before = peek(backend, base, end - base);
      for (const wrong of operands) {
        const beyond = capacity - wrong.floats + 1;
        for (const bad of [
          0,
          base - 1,
          -1,
          -8,
          Number.NaN,
          base + 0.5,
          beyond,
          capacity + 1,
          2 ** 30,
          2 ** 31,
          1 / 0,
        ]) {
          const given = placed(args, (operand) => (operand === wrong ? bad : places.get(operand)));
          expect(() => call(backend, name, given), `${name}, ${bad}`).toThrow(RangeError);
          expect(() => call(backend, name, given)).toThrow(`of ${name} expected ${wrong.floats} floats of the memory`);
        }
      }
      expect(peek(backend, base, end - base), name).toEqual(before);
      // The last place that is right.
      for (const last of operands) {
        const right = placed(args, (operand) => (operand === last ? capacity - last.floats : places.get(operand)));
        expect(() => call(backend, name, right), name).not.toThrow();
      }
    }
  },
);

test.each(backends)("a length that is none is refused, $name with $threads threads", (backend) => {
  const { base, ops } = backend;
  for (const n of [-1, 0.5, Number.NaN, 2 ** 32, Number.POSITIVE_INFINITY]) {
    expect(() => ops.fill(base, 1, n), `${n}`).toThrow(/"out" of fill expected .* floats of the memory/);
    expect(() => ops.dot(base, base, base, n), `${n}`).toThrow(/"x" of dot expected/);
  }
  const shape = { inFeatures: 2, outFeatures: 2, lanes: -4 };
  expect(() => ops.linearForward(base, base, base, undefined, shape, false)).toThrow(
    /"y" of linearForward expected -8/,
  );
});

test.each(backends)(
  "places that are none cannot be uploaded to or read, $name with $threads threads",
  async (backend) => {
    const { base, capacity } = backend;
    const never = () => expect.unreachable();
    for (const [at, n] of [
      [Number.NaN, 4],
      [-4, 2],
      [base + 0.5, 2],
      [capacity - 3, 4],
      [capacity, 1],
      [base, -1],
    ] as const) {
      expect(() => backend.upload(at, n, never), `${at}, ${n}`).toThrow(/"buffer" expected a place of/);
      await expect(backend.read(at, n), `${at}, ${n}`).rejects.toThrow(/"buffer" expected a place of/);
    }
    await expect(backend.read(capacity, 0)).resolves.toHaveLength(0);
  },
);

test.each(backends)(
  "an operand that another one makes necessary cannot be left out, $name with $threads threads",
  ({ base, ops }) => {
    const shape = { channels: 1, groups: 1, area: 1, images: 4, lanes: 4, acrossImages: false };
    const [a, b, c, d, e] = [0, 1, 2, 3, 4].map((k) => base + 64 * k) as [number, number, number, number, number];
    const left = /"rStatistics" of norm\w+R expected 8 floats of the memory, got a buffer at undefined/;
    expect(() => ops.normForwardR(a, none, b, c, d, none, none, none, shape)).toThrow(left);
    const tangent = { rdy: b, rx: b, rStatistics: none, rWeight: none };
    const primal = { dy: b, x: c, statistics: d, sums: d, weight: none };
    expect(() => ops.normBackwardR(a, e, tangent, primal, shape)).toThrow(left);
    // Without rx nothing is read there.
    ops.normForwardR(a, none, none, c, d, none, none, none, shape);
    ops.normBackwardR(a, e, { ...tangent, rx: none }, primal, shape);
    const momentum = /no room was allocated for the momentum of SGD/;
    expect(() => ops.sgd(a, none, b, 4, { learningRate: 0.1, momentum: 0.5 })).toThrow(momentum);
    expect(() => ops.guard(a, none, b, 1, c, 2)).toThrow(/no room was allocated for the mean of the norms/);
  },
);

test("10,000 random calls, a third of them wrong, write to their outputs and nowhere else", () => {
  const floats = 4096;
  for (const backend of backends.slice(1)) {
    const draw = drawing(4);
    backend.reserve(backend.base + floats + 16);
    const { base, capacity } = backend;
    for (let calls = 0; calls < 5000; ) {
      for (const [name, args] of callsOfOps(draw, backend.plan)) {
        const operands = operandsOf(args);
        const { places, end } = sideBySide(backend, operands);
        if (end > base + floats) continue;
        calls += 1;
        write(backend, base, paint(end - base, calls));
        const before = peek(backend, base, end - base);
        const isWrong = draw(0, 2) === 0;
        const wrong = operands[draw(0, operands.length - 1)]!;
        const bad = [base - draw(1, 1 << 16), capacity - wrong.floats + draw(1, 1 << 16), -draw(1, 99)][draw(0, 2)];
        const given = placed(args, (operand) => (isWrong && operand === wrong ? bad : places.get(operand)));
        if (isWrong) expect(() => call(backend, name, given), `${name}, call ${calls}, seed 4`).toThrow(RangeError);
        else call(backend, name, given);
        const after = peek(backend, base, end - base);
        for (const operand of isWrong ? [] : operands.filter(({ isOutput }) => isOutput)) {
          const first = places.get(operand)! - base;
          after.set(before.subarray(first, first + operand.floats), first);
        }
        const changed = after.findIndex((value, i) => !Object.is(value, before[i]));
        expect(changed, `${name}, call ${calls}, seed 4: a float outside the outputs`).toBe(-1);
      }
    }
  }
});
