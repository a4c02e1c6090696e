// FRePo: its formula against plain loops, whole steps against PyTorch, its pool of networks, and what a method must be.

import { describe, expect, test } from "vitest";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { batchInto, type Dataset } from "../../src/data/dataset.ts";
import { digits } from "../../src/data/layouts/digits.ts";
import { subset } from "../../src/data/subsets.ts";
import { computing } from "../../src/distill/computing.ts";
import { setDigest } from "../../src/distill/digest.ts";
import { methodContext } from "../../src/distill/method.ts";
import { frepoMethod } from "../../src/distill/methods/frepo/method.ts";
import { frepo } from "../../src/distill/methods/frepo/options.ts";
import { PoolSchedule } from "../../src/distill/methods/frepo/pool-schedule.ts";
import { outerOptions } from "../../src/distill/outer-options.ts";
import { readTensor, writeTensor } from "../../src/distill/tensor-rows.ts";
import { fixedInit, randomInit } from "../../src/distill/weight-source.ts";
import { createEngine, Engine } from "../../src/engine/engine.ts";
import { allIn } from "../../src/inner/allocators.ts";
import { DataBatch } from "../../src/inner/data-batch.ts";
import { tanh } from "../../src/nn/activation.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { convNet } from "../../src/nn/zoo.ts";
import { randomKey } from "../../src/numeric/random.ts";
import { atOnce } from "../../src/platform/parts.ts";
import { parseRecipe } from "../../src/recipes/parse.ts";
import { baseline } from "../../src/run/in-place/baseline.ts";
import { type DistillOptions, distill } from "../../src/run/in-place/distill.ts";
import { evaluate } from "../../src/run/in-place/evaluate.ts";
import { differenceTolerance, expectClose, float64Tolerance } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";
import { brightHalves } from "./halves.ts";
import { solved } from "./solved.ts";

const data = brightHalves({ count: 30 });
const model = sequential([1, 6, 6], [conv2d({ out: 2, kernel: 3 }), tanh(), flatten(), linear({ out: 3 })]);
const method = frepo({ imagesPerClass: 2, ridge: 0.01 });

/** 2 channels of tanh of a 3 × 3 convolution: φ(x) [32] in plain loops. */
function features(theta: ArrayLike<number>, x: ArrayLike<number>): number[] {
  const out: number[] = [];
  for (let c = 0; c < 2; c++) {
    for (let r = 0; r < 16; r++) {
      let sum = theta[18 + c]!;
      for (let t = 0; t < 9; t++) {
        const at = (Math.floor(r / 4) + Math.floor(t / 3)) * 6 + (r % 4) + (t % 3);
        sum += theta[c * 9 + t]! * x[at]!;
      }
      out.push(Math.tanh(sum));
    }
  }
  return out;
}

const inner = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0);

/** The loss of kernel ridge regression on 30 real images, and the margin of the labels: images [6, 36], labels [6, 3]. */
function lossOf(theta: ArrayLike<number>, images: Float64Array, labels: Float64Array): number {
  const f = Array.from({ length: 6 }, (_, i) => features(theta, images.subarray(36 * i, 36 * i + 36)));
  const y = Array.from({ length: 6 }, (_, i) => [...labels.subarray(3 * i, 3 * i + 3)]);
  const gram = f.map((a) => f.map((b) => inner(a, b)));
  const trace = gram.reduce((sum, row, i) => sum + row[i]!, 0);
  const z = solved(
    gram.map((row, i) => row.map((value, j) => value + (i === j ? (0.01 * trace) / 6 : 0))),
    y,
  );
  let loss = 0;
  for (let b = 0; b < 30; b++) {
    const pixels = new Float64Array(36);
    batchInto(data, [b], pixels);
    const kernel = f.map((row) => inner(row, features(theta, pixels)));
    for (let k = 0; k < 3; k++) {
      const predicted = kernel.reduce((sum, value, i) => sum + value * z[i]![k]!, 0);
      loss += (predicted - (data.labels[b] === k ? 2 / 3 : -1 / 3)) ** 2 / 60;
    }
  }
  for (const label of y) {
    const [top, second] = [...label].sort((a, b) => b - a) as [number, number];
    loss -= Math.min(top - second, 1 / 3) / 6;
  }
  return loss;
}

test("the loss is that of the formula, and the gradients of images and labels its central differences", async () => {
  const backend = createReferenceBackend();
  const { arena } = new Engine(backend);
  const outer = outerOptions({ steps: 1, batch: 30 }, data.count);
  const rest = { init: randomInit("pytorch"), loss: "mse" as const, networksPerStep: 1, outer, seed: 5 };
  const problem = { data, model, ...rest };
  const context = methodContext({ options: method, problem, backend, memory: allIn(arena) }, computing);
  const run = frepoMethod.allocate(context);
  const network = frepoMethod.network(context, run);
  const staging = arena.allocate(6 * 36);
  run.start(staging);
  // Labels whose margin is below the cap, above it, and below it for others than the class.
  const labels = Float64Array.of(
    0.4,
    0.3,
    -0.5,
    0.9,
    0,
    0.1,
    0.2,
    0.1,
    0.15,
    -0.3,
    0.5,
    0.4,
    0,
    0.1,
    0.8,
    0.25,
    0.3,
    0.1,
  );
  writeTensor(backend, run.learned[1]!, labels, staging);
  const images = (await readTensor(backend, run.learned[0]!, staging)) as Float64Array;
  const { place } = poolOf({ perStep: 1, seed: 5 }).at(7)[0]!;
  const all = await backend.read(run.carried[0]!.value, run.carried[0]!.floats);
  const theta = all.subarray(place * model.parameterCount, (place + 1) * model.parameterCount);
  atOnce((network.record(7, 0) ?? []) as Iterable<unknown>);
  const loss = await backend.read(network.share.loss, 1);
  expectClose(loss, [lossOf(theta, images, labels)], 10 * float64Tolerance, "loss, seed 5");
  const differences = (values: Float64Array, of: (moved: Float64Array) => number): Float64Array =>
    values.map((_, at) => {
      const moved = (by: number) => of(values.map((v, i) => (i === at ? v + by : v)));
      return (moved(1e-5) - moved(-1e-5)) / 2e-5;
    });
  const gradient = (i: number) =>
    readTensor(backend, { ...run.learned[i]!, value: network.share.gradients[i]! }, staging);
  const ofImages = differences(images, (moved) => lossOf(theta, moved, labels));
  expectClose(await gradient(0), ofImages, differenceTolerance, "gradient of the images, seed 5");
  const ofLabels = differences(labels, (moved) => lossOf(theta, images, moved));
  expectClose(await gradient(1), ofLabels, differenceTolerance, "gradient of the labels, seed 5");
  expect(Math.max(...ofImages)).toBeGreaterThan(1e-3);
  expect(Math.max(...ofLabels)).toBeGreaterThan(1e-2);
});

function poolOf({ poolSize = 10, maxAge = 100, perStep = 1, seed = 1 }): PoolSchedule {
  return new PoolSchedule({ poolSize, maxAge, perStep, key: (step) => randomKey(seed, "pool", step) });
}

/** The same three steps: ridge regression, LAMB, and a step of Adam for the network of each. */
const program = `
t = lambda v, *shape: torch.tensor(v, dtype=torch.float64).view(*shape)
x, y = t(given["images"], 6, 1, 6, 6).requires_grad_(), t(given["labels"], 6, 3).requires_grad_()
pool = [t(v, -1).requires_grad_() for v in given["pool"]]
adam = [torch.optim.Adam([p], 0.01) for p in pool]
def feature(p, x): return torch.tanh(F.conv2d(x, p[:18].view(2, 1, 3, 3), p[18:20])).flatten(1)
def network(p, x): return F.linear(feature(p, x), p[20:116].view(3, 32), p[116:])
m = [torch.zeros_like(v) for v in (x, y)]
s = [torch.zeros_like(v) for v in (x, y)]
losses = []
for step, (place, images, classes) in enumerate(given["steps"]):
    p, real = pool[place].detach(), t(images, -1, 1, 6, 6)
    target = F.one_hot(torch.tensor(classes), 3) - 1 / 3
    f = feature(p, x)
    k = f @ f.T
    a = k + given["ridge"] * k.trace() / 6 * torch.eye(6, dtype=torch.float64)
    q = feature(p, real) @ f.T @ torch.linalg.solve(a, y)
    top = y.topk(2, 1).values
    loss = 0.5 * ((q - target) ** 2).sum(1).mean() - torch.clamp(top[:, 0] - top[:, 1], max=1 / 3).mean()
    losses.append(loss.item())
    rate = 0.003 * (0.1 + 0.9 * (1 + math.cos(math.pi * step / 3)) / 2)
    with torch.no_grad():
        for i, (v, g) in enumerate(zip((x, y), torch.autograd.grad(loss, (x, y)))):
            m[i] = 0.9 * m[i] + 0.1 * g
            s[i] = 0.999 * s[i] + 0.001 * g * g
            u = m[i] / (1 - 0.9 ** (step + 1)) / ((s[i] / (1 - 0.999 ** (step + 1))).sqrt() + 1e-6)
            v -= rate * v.norm() / u.norm() * u
    adam[place].zero_grad()
    (0.5 * ((network(pool[place], x.detach()) - y.detach()) ** 2).sum(1).mean()).backward()
    adam[place].step()
print(json.dumps([losses, x.flatten().tolist(), y.flatten().tolist(), [p.tolist() for p in pool]]))
`;

test.skipIf(noPyTorch)(
  "three outer steps are those of PyTorch's autograd, with its Adam for the networks of the pool",
  async () => {
    const [seed, steps, poolSize] = [12, 3, 2];
    const options = {
      ...{ data, model, seed, networksPerStep: 1, init: randomInit("pytorch") },
      method: frepo({ imagesPerClass: 2, ridge: 0.01, poolSize, networkRate: 0.01 }),
      outer: { steps, batch: 20, learningRate: 0.003 },
    };
    const begun = distill({
      ...options,
      outer: { ...options.outer, steps: 0 },
      engine: new Engine(createReferenceBackend()),
    });
    await begun.result();
    const { tensors } = await begun.state();
    const batch = new DataBatch(data, { most: 20, seed });
    const schedule = poolOf({ poolSize, seed });
    const real = Array.from({ length: steps }, (_, step) => {
      batch.select(step);
      const [images, classes] = [new Float64Array(36 * batch.count), new Float64Array(batch.count)];
      batch.imagesInto(images, 0);
      batch.targetsInto(classes, 0);
      return [schedule.at(step)[0]!.place, images, Array.from(classes)];
    });
    const theta = tensors.get("carried/pool/parameters")!;
    const [losses, images, labels, pool] = pytorch(program, {
      images: tensors.get("learned/images"),
      labels: tensors.get("learned/targets"),
      pool: [0, 1].map((place) => theta.slice(place * model.parameterCount, (place + 1) * model.parameterCount)),
      steps: real,
      ridge: 0.01,
    }) as [number[], number[], number[], number[][]];
    expect(new Set(real.map(([place]) => place)).size).toBe(2);
    const engines = [
      [new Engine(createReferenceBackend()), 1e-7],
      [await createEngine({ threads: 1 }), 2e-5],
    ] as const;
    for (const [engine, tolerance] of engines) {
      const run = distill({ ...options, engine });
      const found: number[] = [];
      for await (const { loss } of run) found.push(loss);
      const state = await run.state();
      const on = `on ${engine.backend.name}, seed ${seed}`;
      expectClose(found, losses, tolerance, `losses ${on}`);
      expectClose(state.tensors.get("learned/images")!, images, tolerance, `images ${on}`);
      expectClose(state.tensors.get("learned/targets")!, labels, tolerance, `labels ${on}`);
      expectClose(state.tensors.get("carried/pool/parameters")!, pool.flat(), tolerance, `pool ${on}`);
      await engine.dispose();
    }
  },
);

describe("the pool", () => {
  test("has networks of all ages from the start, and lets each begin anew when it is old", () => {
    const schedule = poolOf({ poolSize: 4, maxAge: 8 });
    const renewed: number[] = [];
    const taken = new Map<number, number>();
    for (let step = 0; step < 400; step++) {
      const [use] = schedule.at(step);
      expect(use!.taken).toBe(taken.get(use!.place) ?? 0);
      taken.set(use!.place, use!.isOld ? 0 : use!.taken + 1);
      if (use!.isOld) renewed.push(use!.taken);
    }
    // The first time those that counted as older begin anew after fewer steps; all later ones have lived their years.
    expect([...renewed.slice(0, 4)].sort((a, b) => a - b)).toEqual([3, 5, 7, 9]);
    expect(new Set(renewed.slice(4))).toEqual(new Set([9]));
  });

  test("gives a step the same networks whatever was asked before", () => {
    const forwards = poolOf({ perStep: 3 });
    const steps = Array.from({ length: 50 }, (_, step) => forwards.at(step));
    const backwards = poolOf({ perStep: 3 });
    for (let step = 49; step >= 0; step--) expect(backwards.at(step)).toEqual(steps[step]);
    for (const uses of steps) expect(new Set(uses.map(({ place }) => place)).size).toBe(3);
  });
});

describe("distilling", () => {
  const net = convNet({ input: [1, 6, 6], width: 4, depth: 1, classes: 3 });
  const options: DistillOptions = {
    ...{ data, model: net, networksPerStep: 2, seed: 3 },
    method: frepo({ imagesPerClass: 2, poolSize: 3, maxAge: 2 }),
    outer: { steps: 8, batch: 20 },
  };
  const digest = async (more: object) => setDigest(await distill({ ...options, ...more }).result());

  test("gives the same bytes on 1, 2 and 4 threads and on workers", async () => {
    const first = await digest({ threads: 1 });
    for (const threads of [2, 4]) expect(await digest({ threads })).toBe(first);
    expect(await digest({ workers: 2, threads: 1 })).toBe(first);
    expect(await digest({ threads: 1, seed: 4 })).not.toBe(first);
  });

  test("goes on from a state as if it never stopped, with networks that have begun anew", async () => {
    const run = distill({ ...options, threads: 1 });
    const states: Awaited<ReturnType<typeof run.state>>[] = [];
    for await (const { step } of run) if (step === 2 || step === 6) states.push(await run.state());
    expect([...states[0]!.tensors.keys()].filter((name) => name.startsWith("carried/"))).toEqual([
      "carried/pool/parameters",
      "carried/pool/m",
      "carried/pool/v",
    ]);
    const whole = await setDigest(await run.result());
    for (const resume of states) expect(await digest({ threads: 1, resume })).toBe(whole);
  });

  test("by half a cosine goes on only in a run of as many steps, because their number decides each", async () => {
    const run = distill({ ...options, threads: 1 });
    let resume: Awaited<ReturnType<typeof run.state>> | undefined;
    const rates: number[] = [];
    for await (const { step, learningRate } of run) {
      rates.push(learningRate);
      if (step === 4) resume = await run.state();
    }
    const cosine = (t: number) => 0.001 * (0.1 + 0.9 * ((1 + Math.cos(Math.PI * t)) / 2));
    expectClose(
      rates,
      rates.map((_, step) => cosine(step / 8)),
      1e-6,
      "step sizes",
    );
    const longer = distill({ ...options, outer: { ...options.outer, steps: 9 }, threads: 1, resume });
    await expect(longer.result()).rejects.toThrow("outer.steps 8 instead of 9");
  });

  test("learns labels only if wanted, and then lowers the loss of both", async () => {
    const ends = await Promise.all(
      [true, false].map(async (learnLabels) => {
        const losses: number[] = [];
        const run = distill({
          ...{ ...options, networksPerStep: 1, init: fixedInit(1), threads: 1 as const },
          method: frepo({ imagesPerClass: 1, learnLabels, poolSize: 1, maxAge: 0 }),
          outer: { steps: 80, batch: 30, learningRate: 0.02 },
        });
        for await (const { loss } of run) losses.push(loss);
        expect(losses.at(-1)! + (learnLabels ? 1 / 3 : 0)).toBeLessThan(losses[0]! + (learnLabels ? 1 / 3 : 0));
        return (await run.result()).targets;
      }),
    );
    expect(ends[1]).toEqual(
      Float32Array.from({ length: 9 }, (_, i) => Math.sqrt(10 / 3) * (i % 4 === 0 ? 2 / 3 : -1 / 3)),
    );
    expect(ends[0]).not.toEqual(ends[1]);
  });

  test.each([
    [
      { model: sequential([1, 6, 6], [conv2d({ out: 3, kernel: 6 }), flatten()]) },
      RangeError,
      '"model" expected a layer before its last linear',
    ],
    [{ networksPerStep: 4 }, RangeError, '"networksPerStep" expected at most the 3 networks of the pool'],
    [{ loss: "cross-entropy" }, RangeError, '"loss" expected "mse" or nothing with frepo, got "cross-entropy"'],
    [{ method: { ...method, ridge: 0 } }, RangeError, '"method.ridge" expected'],
    [{ data: subset(data, 0, 2) }, RangeError, "expected images of each of 3 classes, got none of 2"],
  ])("is refused of %o", (change, Class, message) => {
    expect(() => distill({ ...options, ...change } as DistillOptions)).toThrow(Class);
    expect(() => distill({ ...options, ...change } as DistillOptions)).toThrow(message);
  });

  test("says how networks train on the set: as FRePo's code does, unless it is given otherwise", async () => {
    const trainingFor = async (given: Parameters<typeof frepo>[0]) =>
      (await distill({ ...options, method: frepo(given), outer: { steps: 0 }, threads: 1 }).result()).training;
    const usual = {
      ...{
        kind: "fit",
        optimizer: "adam",
        learningRate: 3e-4,
        momentum: 0,
        weightDecay: 0,
        batch: 500,
        decayFactor: 0.1,
      },
      ...{ schedule: "cosine", warmupSteps: 500, finalShare: 0.01 },
      augment: ["color", "crop", "cutout", "scale", "rotate"],
    };
    expect(await trainingFor({ imagesPerClass: 1 })).toEqual({ ...usual, epochs: 1000 });
    expect(await trainingFor({ imagesPerClass: 10 })).toEqual({ ...usual, epochs: 2000 });
    expect(await trainingFor({ imagesPerClass: 11 })).toEqual({ ...usual, epochs: 5000 });
    const short = { epochs: 100, augment: [] };
    expect(await trainingFor({ imagesPerClass: 1, training: short })).toEqual({ ...usual, ...short, warmupSteps: 50 });
    const { warmupSteps: _, finalShare: __, schedule: ___, ...plain } = usual;
    const steps = { epochs: 100, decayAt: [60] };
    expect(await trainingFor({ imagesPerClass: 1, training: steps })).toEqual({ ...plain, ...steps });
  });

  test("of a recipe has the loss of the method, and no other", () => {
    const recipe = { name: "mine", data: { name: "digits" }, model: { name: "convNet" }, method: { name: "frepo" } };
    expect(parseRecipe(recipe)).toMatchObject({ loss: "mse", outer: { optimizer: "lamb", cosineTo: 0.1, batch: 512 } });
    expect(() => parseRecipe({ ...recipe, loss: "cross-entropy" })).toThrow(
      'loss expected "mse" or nothing with frepo',
    );
  });
});

test("on digits, a set teaches better than as many real images by the same protocol", async () => {
  const { train, test: held } = await digits();
  const some: Dataset = subset(train, 0, 2000);
  const net = convNet({ input: [1, 28, 28], width: 8, depth: 2, norm: "none", classes: 10 });
  const training = {
    optimizer: "sgd",
    epochs: 100,
    learningRate: 0.05,
    momentum: 0.9,
    decayAt: [50],
    augment: [],
  } as const;
  const shared = { model: net, init: randomInit("pytorch"), networks: 4, test: subset(held, 0, 300), seed: 1 };
  const outer = { steps: 100, batch: 128, learningRate: 0.01 };
  const run = distill({
    ...shared,
    networks: undefined,
    data: some,
    method: frepo({ imagesPerClass: 2, training }),
    outer,
  });
  const set = await run.result();
  const ours = await evaluate({ ...shared, set });
  const real = await baseline({ ...shared, kind: "random-real", train: some, like: set });
  console.log(`networks on the set ${ours.mean.toFixed(3)}, on real images ${real.mean.toFixed(3)}`);
  expect(ours.mean).toBeGreaterThan(real.mean + 0.05);
}, 60_000);
