// KIP and label solve: the loss of KIP and its gradients against plain loops, whole steps against PyTorch, label solve against least squares
// in float64, and what the methods must be.

import { describe, expect, test } from "vitest";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { batchInto, type Dataset } from "../../src/data/dataset.ts";
import { digits } from "../../src/data/layouts/digits.ts";
import { subset } from "../../src/data/subsets.ts";
import { computing } from "../../src/distill/computing.ts";
import { setDigest } from "../../src/distill/digest.ts";
import { methodContext } from "../../src/distill/method.ts";
import { kipMethod } from "../../src/distill/methods/kip/method.ts";
import { kip, labelSolve } from "../../src/distill/methods/kip/options.ts";
import { outerOptions } from "../../src/distill/outer-options.ts";
import { readTensor, writeTensor } from "../../src/distill/tensor-rows.ts";
import { randomInit } from "../../src/distill/weight-source.ts";
import { createEngine, Engine } from "../../src/engine/engine.ts";
import { allIn } from "../../src/inner/allocators.ts";
import { DataBatch } from "../../src/inner/data-batch.ts";
import { convNet, mlp } from "../../src/nn/zoo.ts";
import { atOnce } from "../../src/platform/parts.ts";
import { baseline } from "../../src/run/in-place/baseline.ts";
import { type DistillOptions, distill } from "../../src/run/in-place/distill.ts";
import { evaluate } from "../../src/run/in-place/evaluate.ts";
import { differenceTolerance, expectClose, float64Tolerance } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";
import { brightHalves } from "./halves.ts";
import { solved } from "./solved.ts";

const data = brightHalves({ count: 30 });
const model = convNet({ input: [1, 6, 6], width: 4, depth: 1, classes: 3 });
const pixels = 36;

/** The kernel between two images, by the recursion as it is published. */
function kernelOf(x: ArrayLike<number>, y: ArrayLike<number>, depth: number, tangent: boolean): number {
  const inner = (u: ArrayLike<number>, v: ArrayLike<number>): number => {
    let sum = 0;
    for (let d = 0; d < u.length; d++) sum += u[d]! * v[d]!;
    return (2 * sum) / u.length + 0.01;
  };
  let [xx, xy, yy] = [inner(x, x), inner(x, y), inner(y, y)];
  let theta = xy;
  for (let layer = 0; layer < depth; layer++) {
    const norms = Math.sqrt(xx * yy);
    const angle = Math.acos(Math.min(1, xy / norms));
    const zero = (Math.PI - angle) / Math.PI;
    const one = (Math.sin(angle) + (Math.PI - angle) * Math.cos(angle)) / Math.PI;
    [xx, xy, yy] = [xx + 0.01, norms * one + 0.01, yy + 0.01];
    theta = xy + zero * theta;
  }
  return tangent ? theta : xy;
}

const rowsOf = (values: Float64Array, length: number): Float64Array[] =>
  Array.from({ length: values.length / length }, (_, i) => values.subarray(i * length, (i + 1) * length));

function imageOf(index: number): Float64Array {
  const out = new Float64Array(pixels);
  batchInto(data, [index], out);
  return out;
}

const centred = (index: number): number[] => [0, 1, 2].map((k) => (data.labels[index] === k ? 2 / 3 : -1 / 3));

interface Case {
  readonly depth: number;
  readonly tangent: boolean;
  readonly ridge: number;
}

/** A = K + λ·tr(K)/n·I of images as rows. */
function matrixOf(x: readonly Float64Array[], { depth, tangent, ridge }: Case): number[][] {
  const gram = x.map((u, i) => x.map((v, j) => kernelOf(u, i === j ? u : v, depth, tangent)));
  const mean = gram.reduce((sum, row, i) => sum + row[i]!, 0) / x.length;
  return gram.map((row, i) => row.map((value, j) => value + (i === j ? ridge * mean : 0)));
}

/** The loss of kernel ridge regression on images [6, 36] with labels [6, 3] about those real images. */
function lossOf(real: readonly number[], images: Float64Array, labels: Float64Array, given: Case): number {
  const x = rowsOf(images, pixels);
  const z = solved(
    matrixOf(x, given),
    rowsOf(labels, 3).map((row) => [...row]),
  );
  let loss = 0;
  for (const b of real) {
    const pixelsOfB = imageOf(b);
    const kernel = x.map((u) => kernelOf(u, pixelsOfB, given.depth, given.tangent));
    for (const [k, wanted] of centred(b).entries()) {
      const predicted = kernel.reduce((sum, value, i) => sum + value * z[i]![k]!, 0);
      loss += (predicted - wanted) ** 2 / (2 * real.length);
    }
  }
  return loss;
}

const all = Array.from({ length: 30 }, (_, i) => i);

test.each([
  { kernel: "ntk", depth: 3 },
  { kernel: "nngp", depth: 1 },
  { kernel: "nngp", depth: 2 },
] as const)(
  "with $kernel and $depth layers the loss is that of the formula, and its gradients are central differences",
  async (choice) => {
    const given = { depth: choice.depth, tangent: choice.kernel === "ntk", ridge: 0.01 };
    const backend = createReferenceBackend();
    const { arena } = new Engine(backend);
    const outer = outerOptions({ steps: 1, batch: 30 }, data.count);
    const rest = { init: randomInit("pytorch"), loss: "mse" as const, networksPerStep: 1, outer, seed: 5 };
    const options = kip({ imagesPerClass: 2, ridge: 0.01, init: "noise", ...choice });
    const context = methodContext(
      { options, problem: { data, model, ...rest }, backend, memory: allIn(arena) },
      computing,
    );
    const run = kipMethod.allocate(context);
    const network = kipMethod.network(context, run);
    const staging = arena.allocate(6 * pixels);
    run.start(staging);
    const labels = Float64Array.from({ length: 18 }, (_, i) => ((i * 7) % 11) / 10 - 0.5);
    writeTensor(backend, run.learned[1]!, labels, staging);
    const images = (await readTensor(backend, run.learned[0]!, staging)) as Float64Array;
    atOnce((network.record(7, 0) ?? []) as Iterable<unknown>);
    const loss = await backend.read(network.share.loss, 1);
    expectClose(loss, [lossOf(all, images, labels, given)], 10 * float64Tolerance, "loss, seed 5");
    const differences = (values: Float64Array, of: (moved: Float64Array) => number): Float64Array =>
      values.map((_, at) => {
        const moved = (by: number) => of(values.map((v, i) => (i === at ? v + by : v)));
        return (moved(1e-5) - moved(-1e-5)) / 2e-5;
      });
    const gradient = (i: number) =>
      readTensor(backend, { ...run.learned[i]!, value: network.share.gradients[i]! }, staging);
    const ofImages = differences(images, (moved) => lossOf(all, moved, labels, given));
    expectClose(await gradient(0), ofImages, differenceTolerance, "gradient of the images, seed 5");
    const ofLabels = differences(labels, (moved) => lossOf(all, images, moved, given));
    expectClose(await gradient(1), ofLabels, differenceTolerance, "gradient of the labels, seed 5");
    expect(Math.max(...ofImages)).toBeGreaterThan(1e-3);
    expect(Math.max(...ofLabels)).toBeGreaterThan(1e-2);
  },
);

/** The same three steps: ridge regression under the kernel, and Adam. */
const program = `
t = lambda v, *shape: torch.tensor(v, dtype=torch.float64).view(*shape)
x, y = t(given["images"], 6, 36).requires_grad_(), t(given["labels"], 6, 3).requires_grad_()
def kernel(u, v):
    # torch.acos has no derivative at 1, where an image meets itself: there the angle is 0 whatever the pixels are.
    same = torch.eye(len(u), dtype=torch.bool) if u is v else torch.zeros(len(u), len(v), dtype=torch.bool)
    xx, yy, xy = [2 * w / 36 + 0.01 for w in ((u * u).sum(1)[:, None], (v * v).sum(1)[None], u @ v.T)]
    theta = xy
    for _ in range(3):
        q = (xx * yy).sqrt()
        cosine = torch.where(same, 1.0, xy / q)
        angle = torch.where(same, 0.0, torch.acos(torch.where(same, 0.0, cosine)))
        xy = q / math.pi * (torch.sin(angle) + (math.pi - angle) * cosine) + 0.01
        theta = theta * (1 - angle / math.pi) + xy
        xx, yy = xx + 0.01, yy + 0.01
    return theta
adam = torch.optim.Adam([x, y], 0.04)
losses = []
for images, classes in given["steps"]:
    real, target = t(images, -1, 36), F.one_hot(torch.tensor(classes), 3) - 1 / 3
    k = kernel(x, x)
    a = k + given["ridge"] * k.trace() / 6 * torch.eye(6, dtype=torch.float64)
    q = kernel(real, x) @ torch.linalg.solve(a, y)
    loss = 0.5 * ((q - target) ** 2).sum(1).mean()
    losses.append(loss.item())
    adam.zero_grad()
    loss.backward()
    adam.step()
print(json.dumps([losses, x.flatten().tolist(), y.flatten().tolist()]))
`;

test.skipIf(noPyTorch)("three outer steps are those of PyTorch's autograd and its Adam", async () => {
  const [seed, steps, ridge] = [12, 3, 0.01];
  const options = {
    ...{ data, model, seed },
    method: kip({ imagesPerClass: 2, ridge, init: "noise" }),
    outer: { steps, batch: 20 },
  };
  const begun = distill({
    ...options,
    outer: { ...options.outer, steps: 0 },
    engine: new Engine(createReferenceBackend()),
  });
  await begun.result();
  const { tensors } = await begun.state();
  const batch = new DataBatch(data, { most: 20, seed });
  const real = Array.from({ length: steps }, (_, step) => {
    batch.select(step);
    const [images, classes] = [new Float64Array(pixels * batch.count), new Float64Array(batch.count)];
    batch.imagesInto(images, 0);
    batch.targetsInto(classes, 0);
    return [images, Array.from(classes)];
  });
  const [losses, images, labels] = pytorch(program, {
    images: tensors.get("learned/images"),
    labels: tensors.get("learned/targets"),
    steps: real,
    ridge,
  }) as [number[], number[], number[]];
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
    await engine.dispose();
  }
});

describe("label solve", () => {
  const ridge = 1e-3;
  const options = { data, model, seed: 3, method: labelSolve({ imagesPerClass: 2, ridge }) };
  const solve = async (more: object) => await distill({ ...options, ...more } as DistillOptions).result();

  test("gives the labels of least squares over all real images, from one step, on kernels and in float64", async () => {
    for (const [engine, tolerance] of [
      [new Engine(createReferenceBackend()), 1e-6],
      [await createEngine({ threads: 1 }), 1e-4],
    ] as const) {
      const { images, targets } = await solve({ engine });
      const x = rowsOf(Float64Array.from(images), pixels);
      const given = { depth: 3, tangent: true, ridge };
      const rows = all.map((b) => x.map((u) => kernelOf(u, imageOf(b), 3, true)));
      const square = (i: number, j: number): number => rows.reduce((sum, row) => sum + row[i]! * row[j]!, 0);
      const mean = x.reduce((sum, _, i) => sum + square(i, i), 0) / x.length;
      const normal = x.map((_, i) => x.map((__, j) => square(i, j) + (i === j ? ridge * ridge * mean : 0)));
      const right = x.map((_, i) =>
        [0, 1, 2].map((k) => rows.reduce((sum, row, b) => sum + row[i]! * centred(b)[k]!, 0)),
      );
      const z = solved(normal, right);
      const matrix = matrixOf(x, given);
      const labels = matrix.flatMap((row) =>
        [0, 1, 2].map((k) => row.reduce((sum, value, i) => sum + value * z[i]![k]!, 0)),
      );
      expectClose(targets, labels, tolerance, `labels on ${engine.backend.name}, seed 3`);
      // No other labels are better.
      const best = lossOf(all, Float64Array.from(images), Float64Array.from(targets), given);
      for (let i = 0; i < 18; i++) {
        const moved = Float64Array.from(targets, (value, at) => (at === i ? value + 0.01 : value));
        expect(lossOf(all, Float64Array.from(images), moved, given)).toBeGreaterThan(best);
      }
      await engine.dispose();
    }
  });

  test("keeps its images, and changes nothing in a second step but roundings", async () => {
    const [none, one, two] = await Promise.all([0, 1, 2].map((steps) => solve({ threads: 1, outer: { steps } })));
    expect(one!.images).toEqual(none!.images);
    expect(one!.targets).not.toEqual(none!.targets);
    expectClose(two!.targets, one!.targets, 1e-6, "labels after two steps, seed 3");
    expect((await solve({ threads: 1 })).targets).toEqual(one!.targets);
  });
});

describe.each([
  ["kip", kip({ imagesPerClass: 2 }), { steps: 6, batch: 20 }],
  ["label solve", labelSolve({ imagesPerClass: 2 }), { steps: 3 }],
] as const)("%s", (_, method, outer) => {
  const options: DistillOptions = { data, model, seed: 3, method, outer };
  const digest = async (more: object) => setDigest(await distill({ ...options, ...more }).result());

  test("gives the same bytes on 1, 2 and 4 threads and on workers", async () => {
    const first = await digest({ threads: 1 });
    for (const threads of [2, 4]) expect(await digest({ threads })).toBe(first);
    expect(await digest({ workers: 2, threads: 1 })).toBe(first);
    expect(await digest({ threads: 1, seed: 4 })).not.toBe(first);
  });

  test("goes on from a state as if it never stopped", async () => {
    const run = distill({ ...options, threads: 1 });
    const states: Awaited<ReturnType<typeof run.state>>[] = [];
    for await (const { step } of run) if (step === 1 || step === 2) states.push(await run.state());
    const whole = await setDigest(await run.result());
    for (const resume of states) expect(await digest({ threads: 1, resume })).toBe(whole);
  });

  test.each([
    [{ networksPerStep: 2 }, RangeError, '"networksPerStep" expected 1 with '],
    [{ loss: "cross-entropy" }, RangeError, '"loss" expected "mse" or nothing with '],
    [{ method: { ...method, ridge: 0 } }, RangeError, '"method.ridge" expected'],
    [{ method: { ...method, kernel: "cnn" } }, RangeError, '"method.kernel" expected'],
    [{ data: subset(data, 0, 2) }, RangeError, "expected images of each of 3 classes, got none of 2"],
  ])("is refused of %o", (change, Class, message) => {
    expect(() => distill({ ...options, ...change } as DistillOptions)).toThrow(Class);
    expect(() => distill({ ...options, ...change } as DistillOptions)).toThrow(message);
  });
});

test("KIP lowers its loss, with labels and without", async () => {
  for (const learnLabels of [true, false]) {
    const losses: number[] = [];
    const run = distill({
      ...{ data, model, seed: 3, threads: 1 as const, outer: { steps: 40, batch: 30 } },
      method: kip({ imagesPerClass: 1, learnLabels }),
    });
    for await (const { loss } of run) losses.push(loss);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
    const { targets } = await run.result();
    const begun = Float32Array.from({ length: 9 }, (_, i) => (i % 4 === 0 ? 2 / 3 : -1 / 3));
    if (learnLabels) expect(targets).not.toEqual(begun);
    else expect(targets).toEqual(begun);
  }
});

test("on digits, sets of KIP and of label solve teach networks better than as many real images by the same protocol", async () => {
  const { train, test: held } = await digits();
  const some: Dataset = subset(train, 0, 2000);
  const net = mlp({ input: [1, 28, 28], hidden: [128], classes: 10 });
  const training = { epochs: 150, learningRate: 1e-3, augment: [] } as const;
  const shared = { model: net, init: randomInit("pytorch"), networks: 4, test: subset(held, 0, 500), seed: 1 };
  const found: Record<string, number> = {};
  for (const method of [kip({ imagesPerClass: 1, training }), labelSolve({ imagesPerClass: 1, training })]) {
    const outer = method.name === "kip" ? { steps: 100, batch: 500 } : {};
    const set = await distill({ ...shared, networks: undefined, data: some, method, outer }).result();
    found[method.name] = (await evaluate({ ...shared, set })).mean;
    found.real = (await baseline({ ...shared, kind: "random-real", train: some, like: set })).mean;
  }
  console.log(`networks on sets and on real images: ${JSON.stringify(found)}`);
  expect(found.kip).toBeGreaterThan(found.real! + 0.1);
  expect(found["label-solve"]).toBeGreaterThan(found.real!);
}, 60_000);
