// Hessians are symmetric: u·Hv = v·Hu, on random networks of every layer there is. No step, no kinks, and nothing that
// forward and backward could get wrong alike.
import { describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { leakyRelu, relu, sigmoid, softplus, tanh } from "../../src/nn/activation.ts";
import { adaptiveAvgPool2d, avgPool2d } from "../../src/nn/avg-pool2d.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { dropout } from "../../src/nn/dropout.ts";
import { elements, type ImageShape, type Layer } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { type Model, sequential } from "../../src/nn/model.ts";
import { maxPool2d } from "../../src/nn/pool2d.ts";
import { onGpu } from "../backends-under-test.ts";
import { largest, paint } from "../helpers.ts";
import { noteResidual } from "../residuals.ts";
import { networkTolerances } from "../tolerances.ts";
import { engines, floats, inner, reference, softTargets } from "./differences.ts";

/** The error as a share of u·Hv: float64 rounds at 1e-16, and little cancels in a sum of some hundred terms. */
const referenceTolerance = 1e-10;
/** The error as a share of Σ|u·Hv|, the size of the terms: float32 rounds at 6e-8, and a network is some ten sums deep. */
const engineTolerance = networkTolerances.symmetry;

const networks = Array.from({ length: 32 }, (_, i) => 1100 + i);

const activations = [relu, leakyRelu, tanh, sigmoid, softplus];

/** A network drawn from `seed`: up to three convolutions with activations and pooling, up to three linear layers. */
function randomModel(seed: number): Model {
  let drawn = 0;
  const pick = (from: number, to: number): number => {
    const u = (paint(1, seed * 100 + drawn++)[0]! + 1) / 2;
    return from + Math.floor(u * (to - from + 1));
  };
  const input: ImageShape = [pick(1, 3), pick(4, 9), pick(4, 9)];
  const layers: Layer[] = [];
  let shape = input;
  const add = (layer: Layer): void => {
    layers.push(layer);
    shape = layer.outputShape(shape);
  };
  for (let i = pick(0, 3); i > 0; i--) {
    const kernel = pick(1, Math.min(3, shape[1], shape[2]));
    add(conv2d({ out: pick(1, 6), kernel, stride: pick(1, 2), padding: pick(0, 2), bias: pick(0, 3) > 0 }));
    if (pick(0, 3) > 0) add(activations[pick(0, 4)]!());
    if (pick(0, 3) === 0) add(dropout({ p: 0.2 }));
    if (pick(0, 1) && Math.min(shape[1], shape[2]) >= 2) {
      const options = { kernel: 2, stride: pick(1, 2), padding: pick(0, 1) };
      add([maxPool2d(options), avgPool2d(options), adaptiveAvgPool2d({ out: pick(1, 4) })][pick(0, 2)]!);
    }
  }
  add(flatten());
  for (let i = pick(0, 2); i > 0; i--) {
    add(linear({ out: pick(2, 12), bias: pick(0, 3) > 0 }));
    add(activations[pick(0, 4)]!());
  }
  add(linear({ out: pick(2, 10) }));
  return sequential(input, layers);
}

/** u·Hv, v·Hu, and the size of the terms of these sums. */
async function bilinearForms(engine: Engine, seed: number): Promise<[number, number, number]> {
  const model = randomModel(seed);
  const net = await engine.bind(model);
  const count = 1 + (seed % 9);
  const at = {
    parameters: floats(model.parameterCount, seed, 0.5),
    images: floats(count * elements(model.inputShape), seed + 1),
    targets: softTargets(count, model.classes, seed + 2),
    dropoutSeed: seed,
  };
  const [u, v] = [floats(model.parameterCount, seed + 3), floats(model.parameterCount, seed + 4)];
  const hv = (await net.hessianVectorProduct({ ...at, vector: v })).parameters;
  const hu = (await net.hessianVectorProduct({ ...at, vector: u })).parameters;
  expect(largest(hv), `seed ${seed}`).toBeGreaterThan(1e-4);
  const terms = inner(u.map(Math.abs), Float64Array.from(hv, Math.abs));
  return [inner(u, hv), inner(v, hu), terms];
}

describe("u·Hv = v·Hu", () => {
  test.skipIf(onGpu).each(networks)("on the reference to 1e-10, network %s", async (seed) => {
    const [uHv, vHu] = await bilinearForms(reference, seed);
    expect(Math.abs(uHv - vHu) / Math.abs(uHv), `seed ${seed}`).toBeLessThan(referenceTolerance);
  });

  test.each(networks)(`on the engines under test to ${engineTolerance} of the terms, network %s`, async (seed) => {
    const [expected] = await bilinearForms(reference, seed);
    for (const engine of engines) {
      const [uHv, vHu, terms] = await bilinearForms(engine, seed);
      for (const other of [vHu, expected]) {
        const residual = Math.abs(uHv - other) / terms;
        noteResidual("symmetry", residual);
        expect(residual, `seed ${seed}`).toBeLessThan(engineTolerance);
      }
    }
  });
});
