// The guard of an outer step and its clip, against the formula in float64.
import { describe, expect, test } from "vitest";
import { type Backend, write } from "../../src/backend/backend.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { expectClose, paint } from "../helpers.ts";
import { noteResidual } from "../residuals.ts";
import { opTolerances } from "../tolerances.ts";
import { checkOp, tested, unwritten } from "./parity.ts";

/** What a gradient is multiplied by, written independently: at most `clip` times the running mean of the norms. */
function clipByMean(clip: number): (norm: number) => number {
  let mean = 0;
  return (norm) => {
    if (mean === 0) mean = norm;
    const limit = clip * mean;
    const factor = norm > limit ? limit / norm : 1;
    mean = 0.9 * mean + 0.1 * norm * factor;
    return factor;
  };
}

/** A GPU, which has no float64, keeps the mean and all else in float32. */
const isExact = ({ name }: Backend): boolean => name !== "webgpu";

const count = 3;

/** Where a guard's operands lie. */
function place(backend: Backend) {
  const { base } = backend;
  const at = { out: base, mean: base + 1, squares: base + 4, loss: base + 4 + count };
  backend.reserve(at.loss + 1);
  write(backend, at.mean, [0, 0, 0]);
  return at;
}

describe.each([createReferenceBackend(), ...tested])("$name with $threads threads", (backend) => {
  const round = backend.name === "reference" ? (value: number) => value : Math.fround;
  const tolerance = isExact(backend) ? 0 : opTolerances.guard;

  /** Hands `check` a guard of this clip: what it says of squared norms and a loss, and its running mean. */
  async function withGuard(
    clip: number,
    check: (
      guard: (squares: ArrayLike<number>, loss?: number) => Promise<number>,
      mean: () => Promise<number>,
    ) => Promise<void>,
  ): Promise<void> {
    const at = place(backend);
    const guard = async (squares: ArrayLike<number>, loss = 1) => {
      write(backend, at.squares, squares);
      write(backend, at.loss, [loss]);
      backend.ops.guard(at.out, at.mean, at.squares, count, at.loss, clip);
      return (await backend.read(at.out, 1))[0]!;
    };
    await check(guard, async () => {
      return Array.from(await backend.read(at.mean, 3)).reduce((sum, part) => sum + part, 0);
    });
  }

  test.for([2, 1.1, 0.3, 1e300])("with a clip of %d, factors of 500 norms are those of float64", (clip) =>
    withGuard(clip, async (guard) => {
      const expected = clipByMean(clip);
      // Norms from 1e-15 to 1e15, mostly near each other.
      const sizes = paint(500, 1, 1).map((u, i) => 10 ** (i % 50 === 49 ? 30 * u : u));
      const clipped = new Set<boolean>();
      for (const [i, size] of sizes.entries()) {
        const squares = paint(count, 2 + i).map((value) => size * value * value);
        const factor = expected(Math.sqrt(squares[0]! + squares[1]! + squares[2]!));
        const label = `norm ${i}, seeds 1 and ${2 + i}`;
        noteResidual("guard", expectClose([await guard(squares)], [round(factor)], tolerance, label));
        clipped.add(factor < 1);
      }
      expect(clipped.size).toBe(clip === 1e300 ? 1 : 2);
    }),
  );

  test("a gradient is shortened to so many times the running mean of the norms, which it then counts in", () =>
    withGuard(2, async (guard, mean) => {
      expect(await guard([1, 0, 0])).toBe(1);
      expect(await guard([0, 4, 0])).toBe(1);
      // m = 0.9·1 + 0.1·2
      expect(await guard([484, 0, 0])).toBeCloseTo(2.2 / 22, 7);
      expect(await mean()).toBeCloseTo(0.9 * 1.1 + 0.1 * 2.2, isExact(backend) ? 14 : 6);
    }));

  test("gradients of zero hold no later one at zero", () =>
    withGuard(2, async (guard) => {
      expect(await guard([0, 0, 0])).toBe(1);
      expect(await guard([0, 0, 9])).toBe(1);
      expect(await guard([144, 0, 0])).toBeCloseTo(0.5, 7);
    }));

  test("without a clip the factor is 1, and the mean is not touched", () =>
    withGuard(0, async (guard, mean) => {
      expect(await guard([1, 0, 0])).toBe(1);
      expect(await guard([1e20, 0, 0])).toBe(1);
      expect(await mean()).toBe(0);
    }));

  test("without a clip there need be no mean; with one there must be", async () => {
    const { out, squares, loss } = place(backend);
    write(backend, squares, [1, 2, 3, 4]);
    backend.ops.guard(out, undefined, squares, count, loss, 0);
    expect((await backend.read(out, 1))[0]).toBe(1);
    expect(() => backend.ops.guard(out, undefined, squares, count, loss, 2)).toThrow("the mean of the norms");
  });

  test.for([0, 2])(
    "with clip %d, a loss or a square that is not finite gives 0 and leaves the mean as it was",
    (clip) =>
      withGuard(clip, async (guard, mean) => {
        await guard([1, 2, 3]);
        const before = await mean();
        for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          expect(await guard([1, 2, 3], bad)).toBe(0);
          for (let i = 0; i < count; i++) {
            const squares = [1, 2, 3];
            squares[i] = bad;
            expect(await guard(squares)).toBe(0);
          }
        }
        expect(await mean()).toBe(before);
        expect(await guard([1, 2, 3])).toBe(1);
      }),
  );

  test("a factor too small for a float is not 0, which would mean that there is no update", () =>
    withGuard(1e-45, async (guard) => {
      await guard([1, 0, 0]);
      const factor = await guard([1e30, 0, 0]);
      expect(factor).toBeGreaterThan(0);
      expect(factor).toBeLessThan(1e-37);
    }));

  test("squares whose sum is too large for a float are clipped as others are", () =>
    withGuard(2, async (guard) => {
      const expected = clipByMean(2);
      const large = [3e38, 3e38, 3e38];
      for (const squares of [[1e38, 1e38, 0], large, [1e36, 0, 0], large].map((each) => Float32Array.from(each))) {
        const factor = expected(Math.sqrt(squares[0]! + squares[1]! + squares[2]!));
        expectClose([await guard(squares)], [round(factor)], tolerance, `squares ${squares}`);
      }
    }));
});

test.for([1, 2, 3, 5])("the guard of %d squares reads and writes only what it says", async (n) => {
  const squares = { values: paint(n, n).map((value) => value * value), shift: 1 };
  const loss = { values: paint(1, 9), shift: 2 };
  await checkOp({
    label: `guard without a clip, ${n} squares`,
    operands: { out: { values: unwritten(1), shift: 3 }, squares, loss },
    outputs: { out: { tolerance: 0 } },
    call: (ops, at) => ops.guard(at.out, undefined, at.squares, n, at.loss, 0),
  });
  await checkOp({
    label: `guard with a clip, ${n} squares`,
    operands: { out: { values: unwritten(1) }, mean: { values: Float32Array.of(0.01, 0, 0), shift: 3 }, squares, loss },
    // The floats of the mean are the backend's own.
    outputs: { out: { tolerance: 1e-7 }, mean: { tolerance: 0, means: () => false } },
    call: (ops, at) => ops.guard(at.out, at.mean, at.squares, n, at.loss, 1.5),
  });
});
