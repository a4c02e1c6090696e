// Networks with norms on the kernels: what the reference gives, the same bits on any number of threads, and no trace of
// how many images share a pass unless batch norm is in it.
import { afterAll, describe, expect, test } from "vitest";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { relu } from "../../src/nn/activation.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import type { Layer } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { localResponseNorm } from "../../src/nn/local-response-norm.ts";
import { type Model, sequential } from "../../src/nn/model.ts";
import { batchNorm2d, groupNorm, instanceNorm2d } from "../../src/nn/norm.ts";
import { maxPool2d } from "../../src/nn/pool2d.ts";
import { expectClose, paint } from "../helpers.ts";

/** float32 through three norms and two convolutions, four times there and back; of the largest entry. No seed here has an
 * activation so close to a kink of ReLU that float32 and float64 take different sides. */
const tolerance = 5e-6;

const network = (norm: () => Layer): Model =>
  sequential(
    [2, 8, 8],
    [
      norm(),
      conv2d({ out: 8, kernel: 3, padding: 1 }),
      norm(),
      relu(),
      maxPool2d({ kernel: 2 }),
      conv2d({ out: 8, kernel: 3, padding: 1, bias: false }),
      norm(),
      relu(),
      flatten(),
      linear({ out: 4 }),
    ],
  );

const norms = [
  { name: "instance norm", model: network(instanceNorm2d) },
  { name: "instance norm without weights", model: network(() => instanceNorm2d({ affine: false })) },
  { name: "group norm", model: network(() => groupNorm({ groups: 2 })) },
  { name: "batch norm", model: network(batchNorm2d) },
  { name: "local response norm", model: network(() => localResponseNorm({ size: 4, alpha: 2 })) },
];

function problem(model: Model, count: number, seed: number, real = 9) {
  const block = (n: number, at: number) => ({
    images: paint(n * 128, at),
    targets: Uint8Array.from({ length: n }, (_, i) => (i * 7) % 4),
  });
  return {
    parameters: paint(model.parameterCount, seed, 0.4),
    vector: paint(model.parameterCount, seed + 1),
    ...block(count, seed + 2),
    steps: [block(count, seed + 3), block(count, seed + 4)],
    epochs: 2,
    learningRates: [0.1, 0.05, 0.08, 0.02],
    real: block(real, seed + 5),
  };
}

async function results(engine: Engine, model: Model, count: number, seed: number) {
  const net = await engine.bind(model);
  const input = problem(model, count, seed);
  const gradients = await net.gradients(input);
  const product = await net.hessianVectorProduct(input);
  const meta = await net.metaGradient(input);
  const again = await net.metaGradient({ ...input, memory: "recompute" });
  expect(again, "recomputed activations").toEqual(meta);
  return {
    loss: [gradients.loss],
    logits: gradients.logits,
    "∂ℓ/∂θ": gradients.parameters,
    "∂ℓ/∂x": gradients.images,
    H_θθ·v: product.parameters,
    H_xθ·v: product.images,
    H_yθ·v: product.targets,
    "L after training": [meta.loss],
    θ_T: meta.parameters,
    "∂L/∂x": meta.images[1]!,
    "∂L/∂η": meta.learningRates,
  };
}

describe.each(norms)("a network with $name", async ({ model }) => {
  const reference = await createEngine({ backend: "reference" });
  const engines = [await createEngine({ threads: 1 }), await createEngine({ threads: 3 })] as const;
  afterAll(() => Promise.all([reference, ...engines].map((engine) => engine.dispose())));

  test.each([1, 2, 3, 5, 10, 21])("of %d images is the reference's, on 1 and 3 threads alike", async (count) => {
    const seed = 130 + count;
    const expected = await results(reference, model, count, seed);
    const got = await results(engines[0], model, count, seed);
    expect(await results(engines[1], model, count, seed)).toEqual(got);
    for (const part of Object.keys(expected) as (keyof typeof expected)[]) {
      expectClose(got[part], expected[part], tolerance, `${count} images, seed ${seed}: ${part}`);
    }
  });

  test("has a symmetric Hessian", async () => {
    const net = await engines[0].bind(model);
    const { vector: u, ...point } = problem(model, 7, 200);
    const v = paint(model.parameterCount, 300);
    const hu = (await net.hessianVectorProduct({ ...point, vector: u })).parameters;
    const hv = (await net.hessianVectorProduct({ ...point, vector: v })).parameters;
    const inner = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Array.from(a, (value, i) => value * b[i]!).reduce((sum, value) => sum + value, 0);
    const terms = inner(u.map(Math.abs), Array.from(hv, Math.abs));
    expect(Math.abs(inner(u, hv) - inner(v, hu)) / terms, "seeds 200 201 300").toBeLessThan(1e-6);
  });

  // 150 images: more than a chunk. Gradients are worked out in one piece, logits and outer losses chunk by chunk.
  test("gives many images the logits and loss of one piece", async () => {
    const net = await engines[0].bind(model);
    const { parameters, real, steps } = problem(model, 4, 400, 150);
    const whole = await net.gradients({ parameters, ...real });
    const { logits } = await net.forward({ parameters, images: real.images });
    expectClose(logits, whole.logits, 1e-6, "logits, seed 400");
    const { loss, initial } = await net.metaGradient({ parameters, steps, learningRates: [0, 0], real });
    expect(Math.abs(loss - whole.loss) / whole.loss).toBeLessThan(1e-6);
    expectClose(initial, whole.parameters, tolerance, "∂L/∂θ, seed 400");
  });
});

test("an image's logits depend on its batch with batch norm, and with no other", async () => {
  await using engine = await createEngine({ threads: 1 });
  for (const { name, model } of norms) {
    const net = await engine.bind(model);
    const { parameters, images } = problem(model, 6, 500);
    const all = await net.forward({ parameters, images });
    const alone = await net.forward({ parameters, images: images.slice(0, 128) });
    const same = alone.logits.every((value, i) => value === all.logits[i]);
    expect(same, name).toBe(name !== "batch norm");
  }
});
