// The gradient of trajectory matching: against central differences on the reference, and on the kernels against the reference.
// Whole outer steps against PyTorch's autograd through the steps of SGD.
import { describe, expect, test } from "vitest";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { type Experts, experts, type Trajectory } from "../../src/distill/experts.ts";
import { batchPlaces, stretchOf } from "../../src/distill/methods/trajectory-matching/method.ts";
import { subBatchOf, trajectoryMatching } from "../../src/distill/methods/trajectory-matching/options.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { strategyNames } from "../../src/inner/augment-strategies.ts";
import { tanh } from "../../src/nn/activation.ts";
import { avgPool2d } from "../../src/nn/avg-pool2d.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { randomKey } from "../../src/numeric/random.ts";
import { distill } from "../../src/run/in-place/distill.ts";
import { backendsUnderTest, onGpu } from "../backends-under-test.ts";
import { floats, inner } from "../gradients/differences.ts";
import { differenceTolerance, expectClose, largest } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";
import { noteResidual } from "../residuals.ts";
import { networkTolerances } from "../tolerances.ts";
import { brightHalves } from "./halves.ts";
import { sharesOf } from "./window-shares.ts";

const data: Dataset = brightHalves({ count: 20 });
const model = sequential(
  [1, 6, 6],
  [conv2d({ out: 3, kernel: 3 }), tanh(), avgPool2d({ kernel: 2 }), flatten(), linear({ out: 3 })],
);
const seed = 5;

/** Weights that go from epoch to epoch by a tenth of their size, in random directions. */
function paths(networks: number, epochs: number): Experts {
  const theta = (at: number, scale: number) => Float32Array.from(floats(model.parameterCount, at), (v) => scale * v);
  const trajectories = Array.from({ length: networks }, (_, k): Trajectory => {
    const all = [theta(100 * k + 1, 0.5)];
    for (let e = 1; e <= epochs; e++) {
      const step = theta(100 * k + 1 + e, 0.05);
      all.push(all[e - 1]!.map((v, i) => v + step[i]!));
    }
    return all;
  });
  return experts(trajectories);
}

const init = paths(3, 5);
const learned = { labels: "learned", init: "noise", learningRate: 0.1, expertEpochs: 2, maxStartEpoch: 4 } as const;

describe.skipIf(onGpu)("the reference's gradient is the central difference", () => {
  test.each([
    ["all images in each step", { ...learned, imagesPerClass: 2, steps: 4 }],
    ["sub-batches of 4 out of 9", { ...learned, imagesPerClass: 3, steps: 5, subBatch: 4 }],
    ["augmented images, all in each step", { ...learned, imagesPerClass: 2, steps: 4, augment: strategyNames }],
    ["augmented sub-batches", { ...learned, imagesPerClass: 3, steps: 5, subBatch: 4, augment: ["crop", "color"] }],
    ["one step", { ...learned, imagesPerClass: 1, steps: 1 }],
  ] as const)("%s", async (_, given) => {
    const method = trajectoryMatching(given);
    const shares = sharesOf(createReferenceBackend(), { data, model, method, seed, init });
    await shares.share();
    expect(shares.names).toEqual(["images", "learningRate", "targets"]);
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

/** Three outer steps as PyTorch's users would write them, with SGD and momentum; α = softplus(r). */
const program = `
t64 = lambda v: torch.tensor(v, dtype=torch.float64)
x, y, r = [t64(given[k]).requires_grad_() for k in ("x", "y", "r")]
def net(w, x):
    A, a, B, b = [p.view(s) for p, s in zip(w.split([27, 3, 36, 3]), [(3, 1, 3, 3), (3,), (3, 12), (3,)])]
    return F.linear(F.avg_pool2d(torch.tanh(F.conv2d(x.view(-1, 1, 6, 6), A, a)), 2).flatten(1), B, b)
o = given["outer"]
images = torch.optim.SGD([x], lr=o["learningRate"], momentum=o["momentum"])
rate = torch.optim.SGD([r], lr=o["rateStep"], momentum=o["momentum"])
labels = torch.optim.SGD([y], lr=o["labelRate"], momentum=o["momentum"])
losses = []
for share in given["steps"]:
    start, goal = t64(share["from"]), t64(share["to"])
    w = start.clone().requires_grad_()
    for places in share["places"]:
        b = torch.tensor(places)
        loss = -(y[b] * F.log_softmax(net(w, x[b]), 1)).sum(1).mean()
        g, = torch.autograd.grad(loss, w, create_graph=True)
        w = w - F.softplus(r) * g
    L = ((w - goal) ** 2).sum() / ((start - goal) ** 2).sum()
    for rule in (images, rate, labels): rule.zero_grad()
    L.backward()
    for rule in (images, rate, labels): rule.step()
    with torch.no_grad(): y.clamp_(min=0)
    losses.append(L.item())
print(json.dumps({"losses": losses, "x": x.flatten().tolist(), "y": y.flatten().tolist(), "rate": F.softplus(r).item()}))
`;

test.skipIf(noPyTorch !== undefined || onGpu)(
  "three outer steps of the reference are those of PyTorch with autograd through the inner steps",
  async () => {
    const outer = { optimizer: "sgd", learningRate: 5, momentum: 0.5, steps: 3 } as const;
    const rates = { rateStep: 0.5, labelRate: 0.2 };
    // Real images are float32 to begin with, as those of a set.
    const given = { ...learned, ...rates, init: "real", imagesPerClass: 3, steps: 6, subBatch: 4 } as const;
    const method = trajectoryMatching(given);
    const engine = await createEngine({ backend: "reference" });
    const options = { data, model, method, init, seed, engine };
    const begun = await distill({ ...options, outer: { ...outer, steps: 0 } }).result();
    const tools = { key: (purpose: string, index = 0, part = 0) => randomKey(seed, purpose, index, part) };
    const counts = { images: 9, batch: subBatchOf(method, 3) };
    const steps = [0, 1, 2].map((index) => {
      const { from, to } = stretchOf(init, method, tools, index);
      const places = Array.from({ length: 6 }, (_, t) => batchPlaces(counts, tools, index, t));
      return { from: [...from], to: [...to], places };
    });
    const inRows = (flat: ArrayLike<number>, length: number) =>
      Array.from({ length: flat.length / length }, (_, i) => Array.from({ length }, (__, j) => flat[i * length + j]!));
    // r with softplus(r) = 0.1.
    const r = Math.log(Math.expm1(method.learningRate));
    const expected = pytorch(program, {
      ...{ x: inRows(begun.images, 36), y: inRows(begun.targets, 3), r, steps },
      outer: { ...outer, ...rates },
    }) as { losses: number[]; x: number[]; y: number[]; rate: number };
    const run = distill({ ...options, outer });
    const losses: number[] = [];
    for await (const { loss } of run) losses.push(loss);
    const { images, targets, training } = await run.result();
    expectClose(losses, expected.losses, 1e-10, `losses, seed ${seed}`);
    // The images and labels of a set are float32.
    expectClose(images, expected.x, 1e-7, `images, seed ${seed}`);
    expectClose(targets, expected.y, 1e-7, `labels, seed ${seed}`);
    expect(Math.abs(training!.learningRate / expected.rate - 1)).toBeLessThan(1e-10);
    expect(Math.abs(training!.learningRate / method.learningRate - 1)).toBeGreaterThan(1e-3);
    expect(largest(images.map((v, i) => v - begun.images[i]!))).toBeGreaterThan(0.01);
  },
  60_000,
);

describe("the engines under test", async () => {
  const backends = await backendsUnderTest();

  test.each([
    ["all images in each step", { ...learned, imagesPerClass: 2, steps: 5 }],
    ["sub-batches", { ...learned, imagesPerClass: 4, steps: 20, subBatch: 5 }],
    ["augmented images, all in each step", { ...learned, imagesPerClass: 2, steps: 5, augment: strategyNames }],
    ["augmented sub-batches", { ...learned, imagesPerClass: 4, steps: 20, subBatch: 5, augment: strategyNames }],
  ] as const)("give the reference's gradient with %s", async (_, given) => {
    const options = { data, model, method: trajectoryMatching(given), seed, init };
    const expected = await sharesOf(createReferenceBackend(), options).share();
    for (const backend of backends) {
      const shares = sharesOf(backend, options);
      const { loss, gradients } = await shares.share();
      expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-5);
      for (const [i, name] of shares.names.entries()) {
        const label = `∂L/∂${name}, ${backend.threads} threads, seed ${seed}`;
        const residual = expectClose(gradients[i]!, expected.gradients[i]!, networkTolerances.metaGradient, label);
        noteResidual("metaGradient", residual);
      }
    }
  });

  test("give the same bits, whatever is held of the steps", async () => {
    const given = { ...learned, imagesPerClass: 4, steps: 7, subBatch: 5 };
    for (const each of [given, { ...given, augment: strategyNames }]) {
      const bits = async (memory: "store" | "recompute") =>
        sharesOf(backends[0]!, { data, model, method: trajectoryMatching({ ...each, memory }), seed, init }).share();
      expect(await bits("recompute")).toEqual(await bits("store"));
    }
  });
});

test.skipIf(onGpu)("the loss of a network that stays where it began is 1", async () => {
  const method = trajectoryMatching({ ...learned, imagesPerClass: 1, learningRate: 1e-12 });
  const { loss } = await sharesOf(createReferenceBackend(), { data, model, method, seed, init }).share();
  expect(Math.abs(loss - 1)).toBeLessThan(1e-9);
});

describe.skipIf(onGpu)("drawn are", () => {
  const tools = { key: (purpose: string, index = 0, part = 0) => randomKey(seed, purpose, index, part) };

  test("experts and starts, evenly, and no start from which too few epochs are left", () => {
    const method = trajectoryMatching({ ...learned, imagesPerClass: 1 });
    const times = new Map<string, number>();
    for (let index = 0; index < 1200; index++) {
      const { from, to } = stretchOf(init, method, tools, index);
      const k = init.trajectories.findIndex((trajectory) => trajectory.includes(from));
      const t = init.trajectories[k]!.indexOf(from);
      expect(init.trajectories[k]![t + 2]).toBe(to);
      times.set(`${k}/${t}`, (times.get(`${k}/${t}`) ?? 0) + 1);
    }
    expect(times.size).toBe(12);
    for (const count of times.values()) expect(Math.abs(count - 100)).toBeLessThan(40);
  });

  test("sub-batches of one order after the other, in each of which an image comes once", () => {
    const counts = { images: 11, batch: 4 };
    for (const index of [0, 7]) {
      for (let order = 0; order < 3; order++) {
        const both = [0, 1].flatMap((i) => batchPlaces(counts, tools, index, 2 * order + i));
        expect(new Set(both).size).toBe(8);
        expect(Math.max(...both)).toBeLessThan(11);
      }
    }
    const orders = Array.from({ length: 50 }, (_, t) => batchPlaces(counts, tools, 3, t).join());
    expect(new Set(orders).size).toBeGreaterThan(45);
  });
});
