// Networks trained on real images: by the steps that PyTorch's Adam takes, each a function of seed and number.
import { afterAll, describe, expect, test } from "vitest";
import { batchInto } from "../../src/data/dataset.ts";
import { DivergedError } from "../../src/distill/diverged-error.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import { pretrained, randomInit } from "../../src/distill/weight-source.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { tanh } from "../../src/nn/activation.ts";
import { dropout } from "../../src/nn/dropout.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { randomPermutation } from "../../src/numeric/draws.ts";
import { randomKey } from "../../src/numeric/random.ts";
import { distill } from "../../src/run/in-place/distill.ts";
import { evaluate } from "../../src/run/in-place/evaluate.ts";
import { trainPool } from "../../src/run/in-place/train-pool.ts";
import type { PoolProgress, TrainPoolOptions } from "../../src/run/options/train-pool.ts";
import { expectClose } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";
import { brightHalves, halvesNet } from "./halves.ts";

const reference = await createEngine({ backend: "reference" });
const engine = await createEngine({ threads: 1 });
afterAll(() => engine.dispose());

const data = brightHalves({ count: 50 });
const held = brightHalves({ count: 40, seed: 2 });
const model = halvesNet();
// Batches of 20, 20 and 10 images.
const options: TrainPoolOptions = { data, model, networks: 3, epochs: 2, batch: 20, seed: 5, engine };

/** The images of each batch, in the order in which network `k` sees them. */
function orderOf(k: number, epochs: number): number[][] {
  return Array.from({ length: epochs }, (_, epoch) => {
    const all = Array.from(randomPermutation(randomKey(5, `pool/train/order/${k}`, epoch), 50));
    return [all.slice(0, 20), all.slice(20, 40), all.slice(40)];
  }).flat();
}

test.skipIf(noPyTorch)("a network takes the steps of torch.optim.Adam and StepLR, in float64 and float32", async () => {
  const training = { ...options, networks: 1, epochs: 4, decayEvery: 2, learningRate: 0.01 };
  const untrained = await trainPool({ ...training, learningRate: 1e-30, engine: reference });
  const batches = orderOf(0, 4).map((indices) => {
    const images = new Float64Array(indices.length * 36);
    batchInto(data, indices, images);
    return { images, labels: indices.map((i) => data.labels[i]) };
  });
  const program = `
net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3)).double()
nn.utils.vector_to_parameters(torch.tensor(given["theta"], dtype=torch.float64), net.parameters())
adam = torch.optim.Adam(net.parameters(), lr=0.01, betas=(0.5, 0.999))
schedule = torch.optim.lr_scheduler.StepLR(adam, 2, 0.5)
for i, batch in enumerate(given["batches"]):
    adam.zero_grad()
    images = torch.tensor(batch["images"], dtype=torch.float64).reshape(-1, 1, 6, 6)
    F.cross_entropy(net(images), torch.tensor(batch["labels"])).backward()
    adam.step()
    if i % 3 == 2: schedule.step()
print(json.dumps(nn.utils.parameters_to_vector(net.parameters()).tolist()))
`;
  const expected = pytorch(program, { theta: untrained.weights[0], batches }) as number[];
  const exact = await trainPool({ ...training, engine: reference });
  expectClose(exact.weights[0]!, expected, 1e-12, "float64, seed 5");
  const fast = await trainPool(training);
  // Adam divides by the gradient's size: where that is near 0, float32 moves by other steps.
  expectClose(fast.weights[0]!, expected, 2e-3, "float32, seed 5");
  expect(largestDifference(untrained.weights[0]!, expected)).toBeGreaterThan(0.05);
});

test.skipIf(noPyTorch)("a network takes the steps of torch.optim.SGD, and its epochs are kept", async () => {
  const sgd = { optimizer: "sgd", momentum: 0.9, learningRate: 0.1, decayEvery: 2, keepEpochs: true } as const;
  const training = { ...options, ...sgd, networks: 1, epochs: 3, engine: reference };
  const { weights, trajectories } = await trainPool(training);
  const [trajectory] = trajectories!;
  expect(trajectory).toHaveLength(4);
  expect(trajectory![3]).toBe(weights[0]);
  const batches = orderOf(0, 3).map((indices) => {
    const images = new Float64Array(indices.length * 36);
    batchInto(data, indices, images);
    return { images, labels: indices.map((i) => data.labels[i]) };
  });
  const program = `
net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3)).double()
nn.utils.vector_to_parameters(torch.tensor(given["theta"], dtype=torch.float64), net.parameters())
sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
schedule = torch.optim.lr_scheduler.StepLR(sgd, 2, 0.5)
epochs = []
for i, batch in enumerate(given["batches"]):
    sgd.zero_grad()
    images = torch.tensor(batch["images"], dtype=torch.float64).reshape(-1, 1, 6, 6)
    F.cross_entropy(net(images), torch.tensor(batch["labels"])).backward()
    sgd.step()
    if i % 3 == 2:
        schedule.step()
        epochs.append(nn.utils.parameters_to_vector(net.parameters()).tolist())
print(json.dumps(epochs))
`;
  const expected = pytorch(program, { theta: trajectory![0], batches }) as number[][];
  for (const [e, theta] of expected.entries()) expectClose(trajectory![e + 1]!, theta, 1e-12, `epoch ${e + 1}, seed 5`);
  expect(largestDifference(trajectory![0]!, expected[2]!)).toBeGreaterThan(0.05);
});

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a, (value, i) => Math.abs(value - b[i]!)).reduce((most, value) => Math.max(most, value), 0);
}

describe("network k", () => {
  test("does not depend on how many there are, nor on which are trained", async () => {
    const { weights } = await trainPool(options);
    expect((await trainPool({ ...options, networks: 9, only: [2, 0] })).weights).toEqual([weights[2], weights[0]]);
    expect(new Set(weights.map((theta) => theta.join())).size).toBe(3);
  });

  test("is the same bit for bit on threads and workers, with its accuracy", async () => {
    const inPlace = await trainPool({ ...options, test: held });
    const { engine: _, ...own } = { ...options, test: held };
    expect(await trainPool({ ...own, threads: 3 })).toEqual(inPlace);
    for (const workers of [1, 2, 3]) expect(await trainPool({ ...own, workers }), `${workers}`).toEqual(inPlace);
    expect(inPlace.evaluation!.accuracies).toHaveLength(3);
  });

  test("has the same weights of each epoch on threads and workers, and keeping them changes none", async () => {
    const { engine: _, ...own } = { ...options, optimizer: "sgd", keepEpochs: true } as const;
    const inPlace = await trainPool({ ...own, threads: 1 });
    expect(inPlace.trajectories!.map((trajectory) => trajectory.length)).toEqual([3, 3, 3]);
    expect(await trainPool({ ...own, threads: 2 })).toEqual(inPlace);
    expect(await trainPool({ ...own, workers: 2 })).toEqual(inPlace);
    const without = await trainPool({ ...own, threads: 1, keepEpochs: false });
    expect(without).toEqual({ weights: inPlace.weights });
  });

  test("of a test pool is another than that of a train pool, and of another seed", async () => {
    const all = [options, { ...options, pool: "test" }, { ...options, seed: 6 }] as TrainPoolOptions[];
    const pools = await Promise.all(all.map((one) => trainPool({ ...one, learningRate: 1e-30 })));
    const keys = pools.flatMap(({ weights }) => weights.map((theta) => theta.join()));
    expect(new Set(keys).size).toBe(9);
  });

  test("drops in training, by masks of its own, what a dropout layer is to drop", async () => {
    const layers = (p: number) => [flatten(), linear({ out: 8 }), tanh(), dropout({ p }), linear({ out: 3 })];
    const dropping = (p: number) => trainPool({ ...options, model: sequential([1, 6, 6], layers(p)) });
    expect((await dropping(0.5)).weights).toEqual((await dropping(0.5)).weights);
    expect((await dropping(0.5)).weights).not.toEqual((await dropping(0)).weights);
  });
});

test("training learns: from chance to more than nine in ten, and a pool serves as initial weights", async () => {
  const training = { ...options, test: held, learningRate: 0.01 };
  const pool = await trainPool({ ...training, epochs: 30 });
  expect(pool.evaluation!.mean).toBeGreaterThan(0.9);
  const before = await trainPool({ ...training, learningRate: 1e-30 });
  expect(before.evaluation!.mean).toBeLessThan(0.6);
  const set = await distill({
    data,
    model,
    method: backGradient({ steps: 1, epochs: 1, imagesPerClass: 1, learningRate: 0.001 }),
    init: pretrained(pool),
    outer: { steps: 1 },
    engine,
  }).result();
  // Steps so small leave trained networks what they are.
  const { mean } = await evaluate({ set, model, init: pretrained(pool), networks: 3, test: held, engine });
  expect(mean).toBeGreaterThan(0.9);
});

test("progress counts the passes of all networks, and networks are handed over when they are done", async () => {
  const { engine: _, ...own } = options;
  for (const workers of [0, 2]) {
    const passes: PoolProgress[] = [];
    const done: number[] = [];
    const { weights } = await trainPool({
      ...own,
      threads: 1,
      workers,
      onProgress: (progress) => passes.push(progress),
      onNetwork: ({ network }) => {
        done.push(network);
      },
    });
    expect(weights).toHaveLength(3);
    expect(passes.map(({ done, total }) => `${done}/${total}`)).toEqual(["1/6", "2/6", "3/6", "4/6", "5/6", "6/6"]);
    expect(done.sort()).toEqual([0, 1, 2]);
    expect(passes.every(({ loss }) => loss > 0 && loss < 3)).toBe(true);
  }
});

test.each([0, 2])(
  "aborting ends it with the signal's reason, on %i workers, and gives memory back",
  async (workers) => {
    const controller = new AbortController();
    const used = engine.arena.used;
    const stopped = trainPool({
      ...options,
      epochs: 500,
      workers,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("enough")),
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(engine.arena.used).toBe(used);
  },
);

describe("refused by name:", () => {
  test.each([
    [{ networks: 0 }, '"networks" expected'],
    [{ epochs: 0 }, '"epochs" expected'],
    [{ batch: 0 }, '"batch" expected'],
    [{ only: [3] }, '"only" expected numbers < 3, got 3'],
    [{ beta1: 1 }, '"beta1" expected a number >= 0 and < 1, got 1'],
    [{ momentum: 0.9 }, '"momentum" expected nothing unless "optimizer" is "sgd", got 0.9'],
    [{ optimizer: "lamb" as never }, '"optimizer" expected "adam" or "sgd", got "lamb"'],
    [{ keepEpochs: 1 as never }, '"keepEpochs" expected true or false, got 1'],
    [{ learningRate: 0 }, '"learningRate" expected a number > 0, got 0'],
    [{ pool: "other" as never }, '"pool" expected "train" or "test", got "other"'],
    [{ init: pretrained([new Float32Array(model.parameterCount)]) }, '"init" expected randomInit()'],
    [{ data: brightHalves({ count: 9, size: 8 }) }, "the model expects images [1,6,6]"],
  ])("%o", async (wrong, message) => {
    await expect(trainPool({ ...options, ...wrong })).rejects.toThrow(message);
  });

  test("a loss that is not finite, naming network and step", async () => {
    const wild = trainPool({ ...options, init: randomInit("normal", { std: 1e30 }) });
    await expect(wild).rejects.toThrow(DivergedError);
    await expect(wild).rejects.toThrow(/^network 0, step 1: the loss is/);
  });
});
