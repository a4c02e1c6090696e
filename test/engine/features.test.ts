// Features of a layer and the gradient that goes back from there: against PyTorch, central differences, and the passes of the
// whole network.
import { afterAll, describe, expect, test } from "vitest";
import { createEngine } from "../../src/engine/engine.ts";
import { relu, tanh } from "../../src/nn/activation.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { elements } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { maxPool2d } from "../../src/nn/pool2d.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { floats, inner, moved, reference } from "../gradients/differences.ts";
import { drawChain, fillWithNaN } from "../gradients/random-chains.ts";
import { expectClose, largest, paint } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";

const engines = await Promise.all([1, 2].map((threads) => createEngine({ threads })));
afterAll(async () => {
  for (const engine of engines) await engine.dispose();
});

/** A ReLU before a max pooling, which run in the other order, and one behind it. */
const model = sequential(
  [2, 6, 6],
  [
    conv2d({ out: 3, kernel: 3 }),
    relu(),
    maxPool2d({ kernel: 2 }),
    flatten(),
    linear({ out: 5 }),
    tanh(),
    linear({ out: 3 }),
  ],
);
const layers = model.layers.map(({ kind }, layer) => ({ layer, kind }));
const parameters = floats(model.parameterCount, 1, 0.5);
const images = floats(4 * 72, 2);
const cotangentsOf = (layer: number): Float64Array => floats(4 * elements(model.shapes[layer + 1]!), 10 + layer);

const program = `
tensor = lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True)
theta, x = tensor(given["parameters"]), tensor(given["images"])
shapes = [(3, 2, 3, 3), (3,), (5, 12), (5,), (3, 5), (3,)]
w1, b1, w2, b2, w3, b3 = [t.view(s) for t, s in zip(theta.split([math.prod(s) for s in shapes]), shapes)]
chain = [lambda h: F.conv2d(h, w1, b1), F.relu, lambda h: F.max_pool2d(h, 2), lambda h: h.flatten(1),
         lambda h: F.linear(h, w2, b2), torch.tanh, lambda h: F.linear(h, w3, b3)]
h, out = x.view(-1, 2, 6, 6), []
for layer, cotangents in zip(chain, given["cotangents"]):
    h = layer(h)
    v = torch.tensor(cotangents, dtype=torch.float64).view(h.shape)
    dx, dtheta = torch.autograd.grad(h, [x, theta], v, retain_graph=True, allow_unused=True)
    out.append({"features": h.flatten().tolist(), "images": dx.tolist(), "parameters": dtheta.tolist()})
print(json.dumps(out))
`;

describe.skipIf(noPyTorch)(
  "PyTorch's autograd gives the same of every layer, where ReLU and pooling change places too",
  () => {
    const expected = noPyTorch
      ? []
      : (pytorch(program, {
          parameters,
          images,
          cotangents: layers.map(({ layer }) => cotangentsOf(layer)),
        }) as Record<"features" | "images" | "parameters", number[]>[]);

    test.each(layers)("layer $layer, $kind", async ({ layer }) => {
      const net = await reference.bind(model);
      const { features } = await net.features({ parameters, images, layer });
      const gradients = await net.featureGradients({ parameters, images, layer, cotangents: cotangentsOf(layer) });
      // Two float64 computations of one thing.
      for (const [part, values] of Object.entries({ features, ...gradients })) {
        expectClose(values, expected[layer]![part as "features"], 1e-13, `${part} of layer ${layer}`);
      }
    });
  },
);

describe("random chains: every layer's features are the reference's, their gradients those of differences", () => {
  test.each(Array.from({ length: 15 }, (_, i) => 7000 + i))("of seed %i", async (seed) => {
    const { model, problem, label } = await drawChain(seed);
    const exact = await reference.bind(model);
    const [theta, x] = [Float64Array.from(problem.parameters), Float64Array.from(problem.steps[0]!.images)];
    const count = x.length / elements(model.inputShape);
    const [dTheta, dX] = [floats(theta.length, seed + 1), floats(x.length, seed + 2)];
    for (let layer = 0; layer < model.layers.length; layer++) {
      const input = { parameters: theta, images: x, layer };
      const { features } = await exact.features(input);
      const cotangents = floats(features.length, seed + layer);
      const gradients = await exact.featureGradients({ ...input, cotangents });
      // Central differences of Σ cotangents·features along a direction: truncation and rounding are some 1e-9 each.
      const at = async (h: number): Promise<number> =>
        inner(
          (await exact.features({ parameters: moved(theta, h, dTheta), images: moved(x, h, dX), layer })).features,
          cotangents,
        );
      const difference = ((await at(1e-6)) - (await at(-1e-6))) / 2e-6;
      const product = inner(gradients.parameters, dTheta) + inner(gradients.images, dX);
      const scale = Math.max(1, largest(gradients.parameters) * theta.length, largest(gradients.images) * x.length);
      expectClose([product], [difference], 1e-7, `differences at layer ${layer}, ${label}`, scale);

      let bits: readonly Float64Array[] | undefined;
      for (const engine of engines) {
        const net = await engine.bind(model);
        fillWithNaN(engine.backend);
        const got = [(await net.features(input)).features];
        fillWithNaN(engine.backend);
        const back = await net.featureGradients({ ...input, cotangents });
        got.push(back.images, back.parameters);
        [features, gradients.images, gradients.parameters].forEach((values, part) => {
          const what = `part ${part} of layer ${layer} on ${engine.threads} threads, ${label}`;
          // Float32 through a few layers, norms among them.
          expectClose(got[part]!, values, 1e-4, what, Math.max(largest(values), 1e-3));
        });
        const wide = got.map((values) => Float64Array.from(values));
        if (bits) expect(wide, `layer ${layer}, ${label}: other bits on more threads`).toEqual(bits);
        bits = wide;
      }
      expect(features).toHaveLength(count * elements(model.shapes[layer + 1]!));
    }
  });
});

describe.each([reference, ...engines])("on $backend.name with $threads threads", (engine) => {
  const big = lenet();
  const theta = paint(big.parameterCount, 3, 0.1);
  const pictures = paint(300 * 784, 4);

  test("the last layer's features are the logits, and the default is what the last linear layer reads", async () => {
    const net = await engine.bind(big);
    const input = { parameters: theta, images: pictures };
    const { logits } = await net.forward(input);
    expect((await net.features({ ...input, layer: big.layers.length - 1 })).features).toEqual(logits);
    const { features } = await net.features(input);
    expect(features).toHaveLength(300 * 84);
    const { offset, size } = big.parameters.at(-2)!;
    const bias = big.parameters.at(-1)!.offset;
    const first = Array.from({ length: 10 }, (_, k) => {
      const row = theta.subarray(offset + (k * size) / 10, offset + ((k + 1) * size) / 10);
      return theta[bias + k]! + inner(row, features.subarray(0, 84));
    });
    expectClose(logits.subarray(0, 10), first, 1e-5, "the last layer of its features, seeds 3 and 4");
  });

  test("features do not depend on how many images come with them", async () => {
    const net = await engine.bind(big);
    const all = (await net.features({ parameters: theta, images: pictures, layer: 2 })).features;
    const few = (await net.features({ parameters: theta, images: pictures.subarray(784 * 290), layer: 2 })).features;
    expect(few).toEqual(all.subarray(290 * (all.length / 300)));
  });

  test("from the logits on, it is what the loss's gradient does", async () => {
    const net = await engine.bind(big, { loss: "mse" });
    const few = pictures.subarray(0, 8 * 784);
    const targets = paint(80, 5);
    const { logits, ...expected } = await net.gradients({ parameters: theta, images: few, targets });
    const cotangents = logits.map((z, i) => (z - targets[i]!) / 8);
    const layer = big.layers.length - 1;
    const got = await net.featureGradients({ parameters: theta, images: few, layer, cotangents });
    expectClose(got.parameters, expected.parameters, 1e-6, "∂ℓ/∂θ, seeds 3 to 5");
    expectClose(got.images, expected.images, 1e-6, "∂ℓ/∂images, seeds 3 to 5");
  });

  test("the gradient by the weights above is 0, and nothing is left in the engine's memory", async () => {
    const net = await engine.bind(model);
    const before = engine.arena.used;
    const input = { parameters: Float32Array.from(parameters), images: Float32Array.from(images), layer: 3 };
    const { parameters: gradient } = await net.featureGradients({ ...input, cotangents: paint(4 * 12, 6) });
    const { offset } = model.parameters[2]!;
    expect(gradient.subarray(offset).every((value) => value === 0)).toBe(true);
    expect(gradient.subarray(0, offset).some((value) => value !== 0)).toBe(true);
    expect(engine.arena.used).toBe(before);
  });
});

describe("are refused by name", () => {
  const right = { parameters: Float32Array.from(parameters), images: Float32Array.from(images) };
  const cotangents = new Float32Array(4 * 5);
  test.each<[string, object, string, string]>([
    ["a layer above the last", { layer: 7 }, "RangeError", '"layer" expected integer <= 6, got 7'],
    ["half a layer", { layer: 0.5 }, "RangeError", '"layer" expected integer >= 0, got 0.5'],
    ["the name of a layer", { layer: "fc" }, "TypeError", '"layer" expected integer >= 0, got "fc"'],
    ["other parameters", { parameters: new Float32Array(3) }, "RangeError", '"parameters" expected'],
    ["no images", { images: undefined }, "TypeError", '"images" expected'],
    [
      "cotangents of another layer",
      { layer: 3 },
      "RangeError",
      '"cotangents" expected Float32Array of length 48, got 20',
    ],
    ["an unknown option", { layers: 2 }, "TypeError", '"layers" expected an option, got an unknown name'],
  ])("%s", async (_, wrong, name, message) => {
    const error = expect.objectContaining({ name, message: expect.stringContaining(message) });
    const net = await engines[0]!.bind(model);
    await expect(net.featureGradients({ ...right, cotangents, ...wrong } as never)).rejects.toThrow(error);
    if (!("layer" in wrong && wrong.layer === 3)) {
      await expect(net.features({ ...right, ...wrong } as never)).rejects.toThrow(error);
    }
  });

  test("the default where no layer comes before the last linear one", async () => {
    const net = await engines[0]!.bind(sequential([4, 1, 1], [linear({ out: 2 })]));
    const input = { parameters: new Float32Array(10), images: new Float32Array(4) };
    await expect(net.features(input)).rejects.toThrow('"layer" expected integer from 0 to 0, because');
    expect((await net.features({ ...input, layer: 0 })).features).toHaveLength(2);
  });
});
