// adamAdjoint against the reference, and the reference against central differences of the step that it goes back through.

import { describe, expect, test } from "vitest";
import { write } from "../../src/backend/backend.ts";
import type { Buffer } from "../../src/backend/buffer.ts";
import type { Ops } from "../../src/backend/ops.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { differenceTolerance, float32Tolerance, largest, paint } from "../helpers.ts";
import { checkOp, unwritten } from "./parity.ts";

// 0, 1, pairs of lanes ± 1, a block of 1024 ± 1, work for threads.
const lengths = [0, 1, 2, 3, 4, 5, 7, 1023, 1024, 1025, 17_003];
const paper = { beta1: 0.9, beta2: 0.999, eps: 1e-8 };
const options = [
  { ...paper, step: 1 },
  { ...paper, step: 6 },
  { ...paper, step: 100_000 },
  { beta1: 0, beta2: 0.9, eps: 1e-2, step: 2 },
];

type Tensor = "q" | "u" | "dm" | "ds" | "p" | "m" | "s" | "g" | "rate";
type Places = Readonly<Record<Tensor, Buffer>>;

const call = (ops: Ops, at: Places, n: number, option: (typeof options)[number]): void =>
  ops.adamAdjoint(at.q, at.u, at.dm, at.ds, at.p, at.m, at.s, at.g, at.rate, n, option);

describe.for(lengths)("%d floats", (n) => {
  test.for(options)("step $step, beta1 $beta1", async (option) => {
    for (const shift of [0, 1, 2, 3]) {
      const operands = {
        dm: { values: paint(n, 1), shift },
        ds: { values: paint(n, 2), shift: (shift + 1) % 4 },
        p: { values: paint(n, 3), shift: (shift + 2) % 4 },
        m: { values: paint(n, 4), shift: (shift + 3) % 4 },
        s: { values: paint(n, 5).map((v) => 0.2 + Math.abs(v)), shift },
        g: { values: paint(n, 6), shift: (shift + 1) % 4 },
        rate: { values: Float32Array.of(0.05), shift: 2 },
        q: { values: unwritten(n), shift: (shift + 2) % 4 },
      };
      const tolerance = float32Tolerance;
      const outputs = { q: { tolerance }, dm: { tolerance }, ds: { tolerance } };
      const label = `n ${n}, shift ${shift}, ${JSON.stringify(option)}, seeds 1 to 6`;
      await checkOp({
        label: `adamAdjoint, ${label}`,
        operands: { ...operands, u: { values: unwritten(n), shift: (shift + 3) % 4 } },
        outputs: { ...outputs, u: { tolerance } },
        call: (ops, at) => call(ops, at, n, option),
      });
      await checkOp({
        label: `adamAdjoint without u, ${label}`,
        operands,
        outputs,
        call: (ops, at) => call(ops, { ...at, u: undefined as unknown as Buffer }, n, option),
      });
    }
  });
});

/** The step of a training that begins: no moments before it, and none of the adjoints behind it. */
function first(n: number, g: Float32Array) {
  const nothing = () => ({ values: new Float32Array(n) });
  return {
    ...{ dm: nothing(), ds: nothing(), m: nothing(), s: nothing() },
    ...{ p: { values: paint(n, 3) }, g: { values: g }, rate: { values: Float32Array.of(0.01) } },
    ...{ q: { values: unwritten(n) }, u: { values: unwritten(n) } },
  };
}

test("q keeps its digits in the first step, where its terms cancel but for eps / d", async () => {
  const n = 1000;
  await checkOp({
    label: "adamAdjoint, first step, seeds 3 6",
    operands: first(n, paint(n, 6, 1e-2)),
    outputs: Object.fromEntries(["q", "dm", "ds", "u"].map((name) => [name, { tolerance: 1e-6 }])),
    call: (ops, at) => call(ops, at, n, options[0]!),
  });
});

test("where there never was a gradient, that of the squares is 0 and nothing is NaN", async () => {
  const n = 9;
  await checkOp({
    label: "adamAdjoint, no gradient, seed 3",
    operands: first(n, new Float32Array(n)),
    outputs: {
      q: { tolerance: float32Tolerance },
      dm: { tolerance: float32Tolerance },
      ds: { tolerance: 0, zero: () => true },
      u: { tolerance: 0, zero: () => true },
    },
    call: (ops, at) => call(ops, at, n, options[0]!),
  });
});

test("the reference's q, dm and ds are the central differences of ⟨p, θ'⟩ + ⟨dm, m'⟩ + ⟨ds, s'⟩", async () => {
  const [n, by, rate] = [40, 1e-6, 0.05];
  const option = { ...paper, step: 4 };
  const given = {
    ...{ p: paint(n, 3), dm: paint(n, 1), ds: paint(n, 2) },
    ...{ m: paint(n, 4), s: paint(n, 5).map((v) => 0.2 + Math.abs(v)), g: paint(n, 6) },
  };
  const backend = createReferenceBackend();
  backend.reserve(backend.base + 20 * n);
  const at = Object.fromEntries(
    ["q", "u", "dm", "ds", "p", "m", "s", "g", "rate", "x"].map((name, i) => [name, backend.base + i * n]),
  ) as Places & { readonly x: Buffer };
  const fill = (): void => {
    for (const [name, values] of Object.entries(given)) write(backend, at[name as Tensor], values);
    write(backend, at.rate, [rate]);
  };

  /** The sum after a step from m, s and g, of which one was moved. */
  const after = async (moved: "m" | "s" | "g", i: number, distance: number): Promise<number> => {
    fill();
    write(
      backend,
      at[moved],
      Float64Array.from(given[moved], (v, j) => (i === j ? v + distance : v)),
    );
    backend.ops.fill(at.x, 0, n);
    backend.ops.adamDirection(at.u, at.m, at.s, at.g, at.x, n, { ...option, weightDecay: 0 });
    const [u, m, s] = [await backend.read(at.u, n), await backend.read(at.m, n), await backend.read(at.s, n)];
    let sum = 0;
    for (let j = 0; j < n; j++) sum += m[j]! * given.dm[j]! + s[j]! * given.ds[j]! - rate * u[j]! * given.p[j]!;
    return sum;
  };

  fill();
  call(backend.ops, at, n, option);
  for (const [name, moved] of [
    ["q", "g"],
    ["dm", "m"],
    ["ds", "s"],
  ] as const) {
    const got = await backend.read(at[name], n);
    const scale = largest(got);
    for (let i = 0; i < n; i++) {
      const slope = ((await after(moved, i, by)) - (await after(moved, i, -by))) / (2 * by);
      expect(Math.abs(got[i]! - slope) / scale, `${name}[${i}], seeds 1 to 6`).toBeLessThan(differenceTolerance);
    }
    fill();
    call(backend.ops, at, n, option);
  }
});
