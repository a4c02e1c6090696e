// The gradient of windows: against central differences on the reference, against PyTorch's autograd through Adam and SGD, and on
// the kernels against the reference.
import { describe, expect, test } from "vitest";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { batchInto, type Dataset } from "../../src/data/dataset.ts";
import { placesOf, skippedSteps } from "../../src/distill/methods/windows/method.ts";
import { batchPerClass, windows } from "../../src/distill/methods/windows/options.ts";
import { drawImages, strategyNames } from "../../src/inner/augment-strategies.ts";
import { tanh } from "../../src/nn/activation.ts";
import { avgPool2d } from "../../src/nn/avg-pool2d.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { backendsUnderTest, onGpu } from "../backends-under-test.ts";
import { floats, inner } from "../gradients/differences.ts";
import { differenceTolerance, expectClose, largest } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";
import { noteResidual } from "../residuals.ts";
import { networkTolerances } from "../tolerances.ts";
import { brightHalves } from "./halves.ts";
import { type ShareOptions, windowShares } from "./window-shares.ts";

const data: Dataset = brightHalves({ count: 20 });
const mlp = sequential([1, 6, 6], [flatten(), linear({ out: 16 }), tanh(), linear({ out: 3 })]);
const conv = sequential(
  [1, 6, 6],
  [conv2d({ out: 3, kernel: 3 }), tanh(), avgPool2d({ kernel: 2 }), flatten(), linear({ out: 3 })],
);
const learned = { labels: "learned", rate: "learned", init: "noise" } as const;
const adam = { ...learned, window: 5, learningRate: 0.01 };
const sgd = { ...learned, window: 5, optimizer: "sgd", learningRate: 0.1 } as const;
const seed = 5;

describe.skipIf(onGpu)("without steps before the window, the reference's gradient is the central difference", () => {
  // Adam's first step goes by g / (|g| + eps), which bends at 0 within eps: differences need an eps that they can see.
  test.each([
    ["Adam, all images in each step", { ...adam, eps: 0.1, learningRate: 0.5, imagesPerClass: 2 }],
    [
      "Adam, one of three images of a class",
      { ...adam, eps: 0.1, learningRate: 0.5, imagesPerClass: 3, batchPerClass: 1 },
    ],
    ["SGD", { ...sgd, momentum: 0, weightDecay: 0, imagesPerClass: 2 }],
    [
      "SGD with momentum and weight decay",
      { ...sgd, momentum: 0.9, weightDecay: 0.05, imagesPerClass: 3, batchPerClass: 2 },
    ],
    [
      "Adam, two of three images of a class, augmented",
      { ...adam, eps: 0.1, learningRate: 0.5, imagesPerClass: 3, batchPerClass: 2, augment: strategyNames },
    ],
    [
      "SGD, all images in each step, flipped or turned",
      { ...sgd, momentum: 0.9, weightDecay: 0.05, imagesPerClass: 2, augment: ["flip", "rotate"] },
    ],
  ] as const)("%s", async (_, given) => {
    const method = { ...given, leastSteps: 0, totalSteps: given.window };
    const shares = windowShares(createReferenceBackend(), { data, model: conv, method, seed });
    await shares.share();
    const gradients = await Promise.all(shares.names.map((__, i) => shares.raw(i)));
    const step = 1e-5;
    for (const [i, name] of shares.names.entries()) {
      for (const part of [1, 2, 3]) {
        const direction = floats(shares.floats(i), 10 * i + part);
        const lossAt = async (by: number): Promise<number> => {
          await shares.move(i, by, direction);
          const { loss } = await shares.share();
          await shares.move(i, -by, direction);
          return loss;
        };
        const slope = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
        const expected = inner(gradients[i]!, direction);
        expect(Math.abs(expected), `${name} is not flat`).toBeGreaterThan(1e-6);
        const error = Math.abs(expected - slope) / Math.max(Math.abs(expected), 1e-3);
        expect(error, `${name}, direction ${part}, seed ${seed}`).toBeLessThan(10 * differenceTolerance);
      }
    }
  });
});

/** Trains as PyTorch's users would write it, and lets autograd go through the window. θ is flat, in the order of the layers. */
const program = `
t64 = lambda v: torch.tensor(v, dtype=torch.float64)
w, x, y, X, Y = [t64(given[k]) for k in ("theta", "x", "y", "X", "Y")]
x = x.requires_grad_(); y = y.requires_grad_()
def net(w, x):
    i = 0
    def take(*shape):
        nonlocal i
        n = math.prod(shape); i += n
        return w[i - n:i].view(shape)
    if given["conv"]:
        A, a, B, b = take(3, 1, 3, 3), take(3), take(3, 12), take(3)
        return F.linear(F.avg_pool2d(torch.tanh(F.conv2d(x.view(-1, 1, 6, 6), A, a)), 2).flatten(1), B, b)
    A, a, B, b = take(16, 36), take(16), take(3, 16), take(3)
    return F.linear(torch.tanh(F.linear(x, A, a)), B, b)
o = given["rule"]; sgd = o["optimizer"] == "sgd"
eta = t64(o["learningRate"]).requires_grad_()
m = torch.zeros_like(w); s = torch.zeros_like(w)
def step(w, m, s, t, graph):
    if not graph: w = w.detach().requires_grad_()
    b = torch.tensor(given["places"][t])
    mirrored = torch.tensor(given["mirrored"][t])[:, None]
    images = torch.where(mirrored, x[b].view(-1, 6, 6).flip(2).flatten(1), x[b])
    loss = -(y[b] * F.log_softmax(net(w, images), 1)).sum(1).mean()
    g, = torch.autograd.grad(loss, w, create_graph=graph)
    if sgd:
        m = o["momentum"] * m + g + o["weightDecay"] * w
        return w - eta * m, m, s
    b1, b2 = o["beta1"], o["beta2"]
    m = b1 * m + (1 - b1) * g; s = b2 * s + (1 - b2) * g * g
    return w - eta * (m / (1 - b1 ** (t + 1))) / ((s / (1 - b2 ** (t + 1))).sqrt() + o["eps"]), m, s
N, W = given["skipped"], given["window"]
for t in range(N): w, m, s = [v.detach() for v in step(w, m, s, t, False)]
w = w.detach().requires_grad_()
for t in range(N, N + W): w, m, s = step(w, m, s, t, True)
L = F.cross_entropy(net(w, X), Y.long())
dx, dr, dy = torch.autograd.grad(L, (x, eta, y))
print(json.dumps({"loss": L.item(), "images": dx.flatten().tolist(), "learningRate": [dr.item()], "targets": dy.flatten().tolist()}))
`;

/** Losses and gradients through an Adam are good to some 1e-12: the smallest |g| decide. */
const autogradTolerance = 1e-9;

describe.skipIf(noPyTorch !== undefined || onGpu)(
  "the reference's gradient is that of PyTorch's autograd, with N steps before the window",
  () => {
    test.each([
      [
        "an MLP by Adam, as in the golden program: 5 of 8 steps",
        { ...adam, imagesPerClass: 2, leastSteps: 3, totalSteps: 8 },
        false,
      ],
      [
        "a convolution by Adam, sub-batches",
        { ...adam, imagesPerClass: 4, batchPerClass: 2, leastSteps: 2, totalSteps: 15 },
        true,
      ],
      [
        "the same with β 0 and 0.9",
        { ...adam, beta1: 0, beta2: 0.9, imagesPerClass: 4, batchPerClass: 1, leastSteps: 6, totalSteps: 12 },
        true,
      ],
      ["a convolution by SGD", { ...sgd, imagesPerClass: 4, batchPerClass: 2, leastSteps: 2, totalSteps: 15 }, true],
      [
        "a convolution by Adam, images mirrored by chance",
        { ...adam, imagesPerClass: 3, batchPerClass: 2, leastSteps: 3, totalSteps: 12, augment: ["flip"] },
        true,
      ],
    ] as const)(
      "%s",
      async (_, given, isConv) => {
        const model = isConv ? conv : mlp;
        const shares = windowShares(createReferenceBackend(), { data, model, method: given, seed });
        const { options, tools } = shares.context;
        const values = Object.fromEntries((await shares.values()).map((value, i) => [shares.names[i]!, value]));
        const skipped = skippedSteps(options, tools, 3);
        const counts = { classes: 3, perClass: options.imagesPerClass, batch: batchPerClass(options) };
        const ofSteps = <T>(of: (t: number) => T) => Array.from({ length: skipped + options.window }, (__, t) => of(t));
        const places = ofSteps((t) => placesOf(counts, tools, 3, t));
        const mirrored = ofSteps((t) =>
          drawImages(["flip"], [1, 6, 6], tools.key("augment", 3, t), { count: 3 * counts.batch }).map(
            ({ parameters }) => options.augment !== undefined && parameters[0] === -1,
          ),
        );
        const real = new Float64Array(data.count * 36);
        batchInto(
          data,
          Array.from({ length: data.count }, (__, i) => i),
          real,
        );
        const inRows = (flat: ArrayLike<number>, length: number) =>
          Array.from({ length: flat.length / length }, (__, i) =>
            Array.from({ length }, (___, j) => flat[i * length + j]!),
          );
        const expected = pytorch(program, {
          ...{
            conv: isConv,
            theta: await shares.initial(),
            x: inRows(values.images!, 36),
            y: inRows(values.targets!, 3),
          },
          ...{ X: inRows(real, 36), Y: [...data.labels], places, mirrored, skipped, window: options.window },
          rule: { ...options, learningRate: values.learningRate![0] },
        }) as Record<string, number[]> & { readonly loss: number };
        const { loss, gradients } = await shares.share();
        expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-12);
        for (const [i, name] of shares.names.entries()) {
          expect(largest(expected[name]!)).toBeGreaterThan(1e-5);
          expectClose(gradients[i]!, expected[name]!, autogradTolerance, `∂L/∂${name}, N ${skipped}, seed ${seed}`);
        }
      },
      30_000,
    );
  },
);

describe("the engines under test", async () => {
  const backends = await backendsUnderTest();
  const tolerance = networkTolerances.windows;

  test.each([
    ["Adam", { ...adam, imagesPerClass: 4, batchPerClass: 2, leastSteps: 5, totalSteps: 20 }],
    ["Adam from the first step on", { ...adam, imagesPerClass: 2, leastSteps: 0, totalSteps: 5 }],
    ["SGD", { ...sgd, imagesPerClass: 4, batchPerClass: 2, leastSteps: 5, totalSteps: 20 }],
    [
      "Adam, augmented",
      { ...adam, imagesPerClass: 4, batchPerClass: 2, leastSteps: 5, totalSteps: 20, augment: strategyNames },
    ],
    ["SGD, all images in each step, augmented", { ...sgd, imagesPerClass: 2, totalSteps: 20, augment: strategyNames }],
  ] as const)("give the reference's gradient, by %s", async (_, method) => {
    const options: ShareOptions = { data, model: conv, method, seed };
    const expected = await windowShares(createReferenceBackend(), options).share();
    for (const backend of backends) {
      const shares = windowShares(backend, options);
      const { loss, gradients } = await shares.share();
      expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-5);
      for (const [i, name] of shares.names.entries()) {
        const label = `∂L/∂${name}, ${backend.threads} threads, seed ${seed}`;
        noteResidual("windows", expectClose(gradients[i]!, expected.gradients[i]!, tolerance, label));
      }
    }
  });

  test("give the same bits, whatever is held of the window", async () => {
    const base = { ...adam, imagesPerClass: 4, batchPerClass: 2, window: 7, leastSteps: 5, totalSteps: 20 };
    const bySgd = { ...base, optimizer: "sgd", momentum: 0.5 } as const;
    for (const method of [base, bySgd, { ...base, augment: strategyNames }]) {
      const bits = async (memory: "store" | "recompute") =>
        windowShares(backends[0]!, { data, model: conv, method: { ...method, memory }, seed }).share();
      expect(await bits("recompute")).toEqual(await bits("store"));
    }
  });
});

test.skipIf(onGpu)("N and the images of a step depend on seed, step, network and inner step, and are balanced", () => {
  const method = windows({ imagesPerClass: 5, batchPerClass: 3, leastSteps: 4, totalSteps: 30 });
  const { tools } = windowShares(createReferenceBackend(), { data, model: mlp, method, seed }).context;
  const skips = Array.from({ length: 200 }, (_, step) => skippedSteps(method, tools, step));
  expect(new Set(skips)).toEqual(new Set([4, 5, 6, 7, 8, 9, 10]));
  const counts = { classes: 3, perClass: 5, batch: 3 };
  const seen = new Set<string>();
  const times = new Array<number>(15).fill(0);
  for (let index = 0; index < 20; index++) {
    for (let t = 0; t < 20; t++) {
      const places = placesOf(counts, tools, index, t);
      expect(placesOf(counts, tools, index, t)).toEqual(places);
      expect(new Set(places).size).toBe(9);
      expect(places.map((place) => Math.floor(place / 5))).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2]);
      seen.add(places.join());
      for (const place of places) times[place]!++;
    }
  }
  expect(seen.size).toBeGreaterThan(390);
  // 400 steps take each image with chance 3/5.
  for (const count of times) expect(Math.abs(count - 240)).toBeLessThan(50);
});
