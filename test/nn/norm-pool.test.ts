// A norm, ReLU and average pooling as one layer give the bits that the three layers give, and stay inside their workspace.
import { expect, test } from "vitest";
import { Arena } from "../../src/backend/arena.ts";
import { type Backend, write } from "../../src/backend/backend.ts";
import type { Planner } from "../../src/backend/plan.ts";
import { createWasmBackend } from "../../src/backend/wasm/backend.ts";
import { relu, tanh } from "../../src/nn/activation.ts";
import { avgPool2d } from "../../src/nn/avg-pool2d.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { dropout } from "../../src/nn/dropout.ts";
import type { Layer } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { type Model, sequential } from "../../src/nn/model.ts";
import { laneCount, Network } from "../../src/nn/network.ts";
import { batchNorm2d, groupNorm, instanceNorm2d } from "../../src/nn/norm.ts";
import { normsWithPools } from "../../src/nn/norm-pool.ts";
import { paint } from "../helpers.ts";

const kinds = { instanceNorm2d: () => instanceNorm2d(), groupNorm: () => groupNorm({ groups: 3 }), batchNorm2d };

/** Two blocks with a norm each, and a dropout behind them, which has a random stream of its own place. */
const blocks = (norm: () => Layer): Model =>
  sequential(
    [2, 8, 12],
    [
      ...[conv2d({ out: 6, kernel: 3, padding: 1 }), norm(), relu(), avgPool2d({ kernel: 2 })],
      ...[conv2d({ out: 6, kernel: 3, padding: 1 }), norm(), relu(), avgPool2d({ kernel: [2, 2] })],
      ...[flatten(), dropout({ p: 0.4 }), linear({ out: 3 })],
    ],
  );

const guard = 4096;

/** What all four passes leave, with a network planned by `plan`. */
async function passes(backend: Backend, plan: Planner, model: Model, images: number): Promise<Float64Array[]> {
  const arena = new Arena(backend);
  const lanes = laneCount(model, images, plan);
  const given = (floats: number, seed: number): number => {
    const at = arena.allocate(floats);
    write(backend, at, paint(floats, seed));
    return at;
  };
  const [x, y] = [given(2 * 8 * 12 * lanes, 1), given(3 * lanes, 2)];
  const count = model.parameterCount;
  const [theta, v, dTheta, product] = [given(count, 3), given(count, 4), arena.allocate(count), arena.allocate(count)];
  const network = new Network(model, { ops: backend.ops, plan }, lanes, arena);
  const behind = given(guard, 5);
  const tape = network.tape(arena, x, y, { images: true, targets: false });
  const tangent = network.tangent(arena, { images: true, targets: false });
  network.forward(theta, tape, images, { seed: [7, 8], stream: 11 });
  network.loss(tape, images);
  network.backward(theta, tape, dTheta);
  network.forwardR(theta, v, tape, tangent, images);
  network.backwardR(theta, v, tape, tangent, product);
  const places = [
    ...[tape.logits, tangent.logits].map((at) => [at, 3 * lanes]),
    ...[tape.dImages!, tangent.dImages!].map((at) => [at, 2 * 8 * 12 * lanes]),
    ...[dTheta, product].map((at) => [at, count]),
    [behind, guard],
  ] as [number, number][];
  return Promise.all(places.map(async ([at, floats]) => Float64Array.from(await backend.read(at, floats))));
}

test.each(
  Object.entries(kinds).flatMap(([kind, norm]) =>
    [1, 2].flatMap((threads) => [10, 40].map((images) => ({ kind, norm, threads, images }))),
  ),
)("$kind of $images images on $threads threads, seeds 1 to 5", async ({ norm, threads, images }) => {
  const backend = await createWasmBackend({ threads });
  const model = blocks(norm);
  const one = await passes(backend, backend.plan, model, images);
  const three = await passes(backend, { ...backend.plan, normPool: false }, model, images);
  expect(one).toEqual(three);
  expect(one.slice(0, -1).every((values) => values.some((value) => value !== 0))).toBe(true);
  await backend.dispose();
});

const inOne: Planner = { normPool: true } as Planner;
const kindsOf = (model: Model): string[] => normsWithPools(model, inOne).layers.map(({ kind }) => kind);
const head = conv2d({ out: 4, kernel: 3, padding: 1 });
const behind = [flatten(), linear({ out: 2 })];

test("layers and parameters keep their places", () => {
  const model = blocks(kinds.instanceNorm2d);
  const merged = normsWithPools(model, inOne);
  const block = ["conv2d", "instanceNorm2d", "passOn", "passOn"];
  expect(merged.layers.map(({ kind }) => kind)).toEqual([...block, ...block, "flatten", "dropout", "linear"]);
  expect(merged.shapes.slice(1, 5)).toEqual([
    [6, 8, 12],
    [6, 4, 6],
    [6, 4, 6],
    [6, 4, 6],
  ]);
  expect(merged.parameters).toBe(model.parameters);
  expect(normsWithPools(model, { normPool: false } as Planner)).toBe(model);
});

test.each<readonly [string, Model]>([
  [
    "no layer with weights before",
    sequential([3, 8, 8], [instanceNorm2d(), relu(), avgPool2d({ kernel: 2 }), ...behind]),
  ],
  ["another activation", sequential([3, 8, 8], [head, instanceNorm2d(), tanh(), avgPool2d({ kernel: 2 }), ...behind])],
  ["other windows", sequential([3, 8, 8], [head, instanceNorm2d(), relu(), avgPool2d({ kernel: 4 }), ...behind])],
  [
    "windows that overlap",
    sequential([3, 8, 8], [head, instanceNorm2d(), relu(), avgPool2d({ kernel: 2, stride: 1 }), ...behind]),
  ],
  ["padding", sequential([3, 8, 8], [head, instanceNorm2d(), relu(), avgPool2d({ kernel: 2, padding: 1 }), ...behind])],
  ["a row left over", sequential([3, 9, 8], [head, instanceNorm2d(), relu(), avgPool2d({ kernel: 2 }), ...behind])],
  ["a column left over", sequential([3, 8, 9], [head, instanceNorm2d(), relu(), avgPool2d({ kernel: 2 }), ...behind])],
])("layers stay as they are: %s", (_, model) => {
  expect(kindsOf(model)).toEqual(model.layers.map(({ kind }) => kind));
});
