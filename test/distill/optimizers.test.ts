// The outer optimisers against their formulas, written here once more in float64, and against PyTorch's.
import { describe, expect, test } from "vitest";
import { Arena } from "../../src/backend/arena.ts";
import { type Backend, type Floats, write } from "../../src/backend/backend.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { createWasmBackend } from "../../src/backend/wasm/backend.ts";
import { allocateOptimizer, type OptimizerSettings } from "../../src/distill/optimizers/optimizer.ts";
import { expectClose, float32Tolerance, float64Tolerance, paint } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";

// Two tiles of the kernels, and the beginnings of a vector.
const floats = 2051;
const steps = 6;
const rate = (step: number): number => 0.1 / step;
const start = paint(floats, 1, 0.5);
const gradients = Array.from({ length: steps }, (_, i) => paint(floats, 2 + i));

const settings: readonly OptimizerSettings[] = [
  { optimizer: "adam", beta1: 0.9, beta2: 0.999, eps: 1e-8 },
  { optimizer: "adam", beta1: 0.5, beta2: 0.99, eps: 1e-3 },
  { optimizer: "sgd", momentum: 0 },
  { optimizer: "sgd", momentum: 0.9 },
  { optimizer: "lamb", beta1: 0.9, beta2: 0.999, eps: 1e-6, weightDecay: 0 },
  { optimizer: "lamb", beta1: 0.5, beta2: 0.99, eps: 1e-2, weightDecay: 0.1 },
];
const cases = settings.map((each) => ({ label: JSON.stringify(each), settings: each }));

const backends = [
  { backend: "reference", create: async () => createReferenceBackend(), tolerance: float64Tolerance },
  { backend: "wasm", create: () => createWasmBackend({ threads: 2 }), tolerance: float32Tolerance },
];

/** A value and its optimiser on a backend, by default at the start. */
function place(backend: Backend, of: OptimizerSettings, n = floats) {
  const arena = new Arena(backend);
  const [value, gradient, guard] = [arena.allocate(n), arena.allocate(n), arena.allocate(1)];
  const optimizer = allocateOptimizer(of, n, backend.ops, arena);
  optimizer.start();
  return {
    optimizer,
    set: (x: ArrayLike<number>) => write(backend, value, x),
    update(g: ArrayLike<number>, step: number, passes = 1, learningRate = rate(step)) {
      write(backend, gradient, g);
      write(backend, guard, [passes]);
      optimizer.update(value, gradient, learningRate, step, guard);
    },
    /** The value and the state. */
    async read(): Promise<{ readonly value: Floats } & Readonly<Record<string, Floats>>> {
      const state = optimizer.state.map(
        async (each) => [each.name, await backend.read(each.value, each.floats)] as const,
      );
      return { value: await backend.read(value, n), ...Object.fromEntries(await Promise.all(state)) };
    },
    restore: (tensors: Readonly<Record<string, ArrayLike<number>>>) => {
      write(backend, value, tensors.value!);
      for (const { name, value: to } of optimizer.state) write(backend, to, tensors[name]!);
    },
  };
}

type Tensors = Record<string, number[]>;

const norm = (x: readonly number[]): number => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));

/** optax.scale_by_adam: the direction, and the moments in place. */
function scaleByAdam(
  { beta1, beta2, eps }: { beta1: number; beta2: number; eps: number },
  state: Tensors,
  g: ArrayLike<number>,
  step: number,
): number[] {
  state.m = state.m!.map((m, i) => (1 - beta1) * g[i]! + beta1 * m);
  state.v = state.v!.map((v, i) => (1 - beta2) * g[i]! ** 2 + beta2 * v);
  const corrected = (moments: readonly number[], beta: number) => moments.map((each) => each / (1 - beta ** step));
  const v = corrected(state.v, beta2);
  return corrected(state.m, beta1).map((m, i) => m / (Math.sqrt(v[i]!) + eps));
}

/** What optax subtracts, before the learning rate. */
function direction(of: OptimizerSettings, state: Tensors, g: ArrayLike<number>, step: number): readonly number[] {
  if (of.optimizer === "adam") return scaleByAdam(of, state, g, step);
  if (of.optimizer === "sgd") {
    if (of.momentum === 0) return Array.from(g);
    // optax.trace
    state.momentum = state.momentum!.map((v, i) => g[i]! + of.momentum * v);
    return state.momentum;
  }
  // optax.add_decayed_weights, then optax.scale_by_trust_ratio with min_norm 0, trust_coefficient 1 and eps 0
  const decayed = scaleByAdam(of, state, g, step).map((u, i) => u + of.weightDecay * state.value![i]!);
  const ofValue = norm(state.value!);
  const ofUpdate = norm(decayed);
  const zero = ofValue === 0 || ofUpdate === 0;
  return decayed.map((u) => u * (zero ? 1 : ofValue / ofUpdate));
}

/** The value and the state after all steps. */
function expected(of: OptimizerSettings, names: readonly string[]): Tensors {
  const state: Tensors = { value: Array.from(start) };
  for (const name of names) state[name] = Array.from({ length: floats }, () => 0);
  for (const [i, g] of gradients.entries()) {
    const u = direction(of, state, g, i + 1);
    state.value = state.value!.map((x, at) => x - rate(i + 1) * u[at]!);
  }
  return state;
}

const names = { adam: ["m", "v"], sgd: ["momentum"], lamb: ["m", "v"] };

describe.for(backends)("on $backend", ({ create, tolerance }) => {
  /** Hands `check` a backend that is disposed of in the end. */
  async function withBackend(check: (backend: Backend) => Promise<void>): Promise<void> {
    const backend = await create();
    try {
      await check(backend);
    } finally {
      await backend.dispose();
    }
  }

  test.for(cases)("$label takes optax's steps and has its state", ({ label, settings: of }) =>
    withBackend(async (backend) => {
      const placed = place(backend, of);
      const stateless = of.optimizer === "sgd" && of.momentum === 0;
      const stateNames = stateless ? [] : names[of.optimizer];
      expect(placed.optimizer.state.map(({ name }) => name)).toEqual(stateNames);
      expect(placed.optimizer.state.every((each) => each.floats === floats)).toBe(true);
      placed.set(start);
      for (const [i, g] of gradients.entries()) placed.update(g, i + 1);
      const wanted = expected(of, stateNames);
      for (const [name, values] of Object.entries(await placed.read())) {
        expectClose(values, wanted[name]!, tolerance, `${name}, ${label}, seeds 1 to 7`);
      }
    }),
  );

  test.for(cases)(
    "$label leaves value and state where the guard is 0, even with a gradient of NaN",
    ({ settings: of }) =>
      withBackend(async (backend) => {
        const placed = place(backend, of);
        placed.set(start);
        placed.update(gradients[0]!, 1);
        const before = await placed.read();
        placed.update(new Float32Array(floats).fill(Number.NaN), 2, 0);
        expect(await placed.read()).toEqual(before);
        placed.update(gradients[1]!, 2);
        expect(await placed.read()).not.toEqual(before);
      }),
  );

  test.for(cases)("$label, saved and restored, goes on with the same bits", async ({ settings: of }) => {
    let saved = {};
    let whole = {};
    await withBackend(async (backend) => {
      const placed = place(backend, of);
      placed.set(start);
      for (const [i, g] of gradients.entries()) {
        if (i === 3) saved = await placed.read();
        placed.update(g, i + 1);
      }
      whole = await placed.read();
    });
    await withBackend(async (backend) => {
      const placed = place(backend, of);
      placed.restore(saved);
      for (const [i, g] of gradients.entries()) if (i >= 3) placed.update(g, i + 1);
      expect(await placed.read()).toEqual(whole);
    });
  });

  test.for(cases)("$label starts from zeros, also where it ran before", ({ settings: of }) =>
    withBackend(async (backend) => {
      const placed = place(backend, of);
      placed.set(start);
      placed.update(gradients[0]!, 1);
      const first = await placed.read();
      placed.update(gradients[1]!, 2);
      placed.optimizer.start();
      placed.set(start);
      placed.update(gradients[0]!, 1);
      expect(await placed.read()).toEqual(first);
    }),
  );

  test("a first step of LAMB is a share of the value's length, in the direction of the gradient's signs", () =>
    withBackend(async (backend) => {
      const of = { optimizer: "lamb", beta1: 0.9, beta2: 0.999, eps: 1e-12, weightDecay: 0 } as const;
      const placed = place(backend, of, 2);
      placed.set([3, 4]);
      placed.update([1, -8], 1, 1, 0.1);
      // ‖x‖ = 5, ‖u‖ = √2
      const length = (0.1 * 5) / Math.sqrt(2);
      expectClose((await placed.read()).value, [3 - length, 4 + length], Math.max(tolerance, 1e-11), "LAMB by hand");
    }));

  test("LAMB moves a value of zeros as Adam does, and leaves one without a gradient", () =>
    withBackend(async (backend) => {
      const of = { optimizer: "lamb", beta1: 0.9, beta2: 0.999, eps: 1e-12, weightDecay: 0 } as const;
      const placed = place(backend, of, 2);
      placed.set([0, 0]);
      placed.update([0, 0], 1, 1, 0.1);
      expect(Array.from((await placed.read()).value)).toEqual([0, 0]);
      placed.optimizer.start();
      placed.update([1, -8], 1, 1, 0.1);
      expectClose((await placed.read()).value, [-0.1, 0.1], Math.max(tolerance, 1e-11), "LAMB from zeros");
    }));
});

const program = `
def run(s):
    x = torch.tensor(given["start"], dtype=torch.float64, requires_grad=True)
    if s["optimizer"] == "adam":
        o = torch.optim.Adam([x], betas=(s["beta1"], s["beta2"]), eps=s["eps"])
    else:
        o = torch.optim.SGD([x], lr=1.0, momentum=s["momentum"])
    for g, rate in zip(given["gradients"], given["rates"]):
        o.param_groups[0]["lr"] = rate
        x.grad = torch.tensor(g, dtype=torch.float64)
        o.step()
    return x.tolist()
print(json.dumps([run(s) for s in given["settings"]]))`;

describe.skipIf(noPyTorch)("as in PyTorch", () => {
  test("Adam and SGD leave the values of torch.optim", async () => {
    const known = settings.filter(({ optimizer }) => optimizer !== "lamb");
    const rates = gradients.map((_, i) => rate(i + 1));
    const values = pytorch(program, { start, gradients, rates, settings: known }) as number[][];
    for (const { backend: name, create, tolerance } of backends) {
      const backend = await create();
      for (const [i, of] of known.entries()) {
        const placed = place(backend, of);
        placed.set(start);
        for (const [at, g] of gradients.entries()) placed.update(g, at + 1);
        expectClose(
          (await placed.read()).value,
          values[i]!,
          tolerance,
          `${JSON.stringify(of)} on ${name}, seeds 1 to 7`,
        );
      }
      await backend.dispose();
    }
  });
});
