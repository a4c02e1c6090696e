// Weights that are prepared once for many passes give the bits of passes that prepare their own.
import { expect, test } from "vitest";
import { Arena } from "../../src/backend/arena.ts";
import { write } from "../../src/backend/backend.ts";
import { createWasmBackend } from "../../src/backend/wasm/backend.ts";
import { relu } from "../../src/nn/activation.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { Network } from "../../src/nn/network.ts";
import { PreparedWeights } from "../../src/nn/prepared.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { paint } from "../helpers.ts";

const wide = sequential(
  [8, 8, 8],
  [
    conv2d({ out: 64, kernel: 3, padding: 1 }),
    relu(),
    conv2d({ out: 64, kernel: 3, padding: 1 }),
    flatten(),
    linear({ out: 3 }),
  ],
);
const lanes = 8;

test("forward and backward have the same bits with prepared weights as without, seeds 1 2 3", async () => {
  const backend = await createWasmBackend({ threads: 1 });
  const arena = new Arena(backend);
  const network = new Network(wide, backend, lanes, arena);
  const prepared = network.preparedWeights(arena)!;
  const given = [wide.parameterCount, 512 * lanes, 3 * lanes].map((floats, i) => {
    const at = arena.allocate(floats);
    write(backend, at, paint(floats, i + 1, 0.1));
    return at;
  });
  const [theta, images, targets] = given as [number, number, number];
  const tape = network.tape(arena, images, targets, { images: true, targets: false });
  const dTheta = arena.allocate(wide.parameterCount);
  const pass = async (weights: number | PreparedWeights) => {
    network.forward(weights, tape, lanes);
    network.loss(tape, lanes);
    network.backward(weights, tape, dTheta);
    return [await backend.read(tape.logits, 3 * lanes), await backend.read(dTheta, wide.parameterCount)];
  };
  const own = await pass(theta);
  network.prepare(prepared, theta);
  expect(await pass(prepared)).toEqual(own);
  await backend.dispose();
});

test("a network whose layers take weights as they are prepares none", async () => {
  const backend = await createWasmBackend({ threads: 1 });
  const arena = new Arena(backend);
  expect(new Network(lenet(), backend, lanes, arena).preparedWeights(arena)).toBeUndefined();
  await backend.dispose();
});

test("weights that were never prepared are refused", () => {
  expect(() => new PreparedWeights([]).theta).toThrow("these weights were not prepared");
});
