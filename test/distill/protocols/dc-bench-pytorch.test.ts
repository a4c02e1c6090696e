// The last epoch of DC-BENCH's protocol is what a program in PyTorch makes of it, whose loop has the form of the original one. A
// protocol with a fault gives something else, so the comparison finds it.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { batchInto, type Dataset } from "../../../src/data/dataset.ts";
import type { DistilledSet } from "../../../src/distill/distilled-set.ts";
import type { FitTraining } from "../../../src/distill/training.ts";
import { randomInit } from "../../../src/distill/weight-source.ts";
import { weightsOf } from "../../../src/distill/write-weights.ts";
import { createEngine, type Engine } from "../../../src/engine/engine.ts";
import { dcBenchTraining, hardTargets, trainedBy } from "../../../src/evaluate/protocols/rules.ts";
import { randomKey, randomOrder } from "../../../src/numeric/random.ts";
import { evaluate } from "../../../src/run/in-place/evaluate.ts";
import { judge } from "../../../src/run/in-place/judge.ts";
import { trainOn } from "../../../src/run/in-place/train-on.ts";
import { largest } from "../../helpers.ts";
import { noPyTorch, pytorch } from "../../pytorch.ts";
import { brightHalves, halvesNet } from "../halves.ts";

/** The largest difference of weights: both compute in float64, and differ by the order of sums. */
const tolerance = 1e-9;
const [seed, epochs, count, networks] = [3, 40, 300, 5];
const model = halvesNet();
const init = randomInit("pytorch");
const plain = { optimizer: "sgd", epochs, augment: [] } as const;

const real = brightHalves({ count, seed: 5 });
/** Images with soft labels, in a normalisation of their own. */
const set = softSet({ ...real, mean: [real.mean[0]! + 0.1], std: [0.7 * real.std[0]!] });
const held = noisy(brightHalves({ count: 400, seed: 2 }));
const train = brightHalves({ count: 120, seed: 1 });

function softSet(data: Dataset): DistilledSet {
  const { channels, height, width, classes, mean, std } = data;
  const images = new Float32Array(count * 36);
  batchInto(
    data,
    Uint32Array.from({ length: count }, (_, i) => i),
    images,
  );
  const targets = Float32Array.from({ length: count * classes }, (_, at) => {
    const [i, k] = [Math.floor(at / classes), at % classes];
    // A third of the labels lean to the next class, with no more than a glance at their own.
    if (i % 3 === 0) return [0.4, 0.6, 0][(k - data.labels[i]! + classes) % classes]!;
    return k === data.labels[i] ? 0.8 : 0.1;
  });
  return {
    ...{ steps: 2, epochs: 1, imagesPerStep: count / 2, channels, height, width, classes, images, targets, mean, std },
    ...{ learningRates: new Float32Array([0.1, 0.1]), recipe: { loss: "cross-entropy" } },
  };
}

/** Half of the images are mixed with the next one, so that networks differ about them. */
function noisy(data: Dataset): Dataset {
  const pixels = data.pixels.map((value, at) => {
    const next = data.pixels[(at + 36) % data.pixels.length]!;
    return Math.floor(at / 36) % 2 === 0 ? value : Math.round(0.52 * value + 0.48 * next);
  });
  return { ...data, pixels };
}

const program = `
def tensor(name): return torch.tensor(given[name], dtype=torch.float64)
images, targets = tensor("images").view(-1, 1, 6, 6), tensor("targets").view(-1, 3)
test = (tensor("test") / 255 - given["mean"][0]) / given["std"][0]
labels = torch.tensor(given["labels"])
E = given["epochs"]
found = []
for parameters, orders in zip(given["parameters"], given["orders"]):
    net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3)).double()
    nn.utils.vector_to_parameters(torch.tensor(parameters, dtype=torch.float64), net.parameters())
    new = lambda lr: torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9, weight_decay=0.0005)
    lr = 0.01
    optimizer = new(lr)
    for ep in range(E + 1):
        for batch in torch.tensor(orders[ep]).split(256):
            loss = nn.CrossEntropyLoss()(net(images[batch]), targets[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if ep == E // 2 + 1:
            lr *= 0.1
            optimizer = new(lr)
    with torch.no_grad():
        right = net(test.view(-1, 1, 6, 6)).argmax(1) == labels
    weights = nn.utils.parameters_to_vector(net.parameters()).tolist()
    found.append({"weights": weights, "accuracy": right.double().mean().item()})
print(json.dumps(found))
`;

interface Reference {
  readonly weights: readonly number[];
  readonly accuracy: number;
}

const numbers = Array.from({ length: networks }, (_, k) => k);
const parametersOf = (k: number) => weightsOf(init, model, { seed, purpose: "evaluate", index: k });

describe.skipIf(noPyTorch)(`DC-BENCH, seed ${seed}`, () => {
  let reference: readonly Reference[];
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine({ backend: "reference" });
    const orders = numbers.map((k) =>
      Array.from({ length: epochs + 1 }, (_, e) => randomOrder(count, count, randomKey(seed, "fit/evaluate", k, e))),
    );
    const parameters = numbers.map((k) => Array.from(parametersOf(k)));
    const { images, targets, mean, std } = set;
    const test = { test: Array.from(held.pixels), labels: Array.from(held.labels), mean, std };
    reference = pytorch(program, { images, targets, ...test, epochs, orders, parameters }) as Reference[];
  }, 60_000);
  afterAll(() => engine.dispose());

  /** The weights of network 0 after a training on a set. */
  const trained = async (training: FitTraining, on: DistilledSet = set) =>
    (await trainOn(trainedBy(on, training), { model, parameters: parametersOf(0), seed, engine })).parameters;
  const differenceOf = (weights: ArrayLike<number>) =>
    largest(Array.from(weights, (value, i) => value - reference[0]!.weights[i]!));
  const right = dcBenchTraining(plain);

  test("trains to PyTorch's weights", async () => {
    expect(differenceOf(await trained(right))).toBeLessThan(tolerance);
  });

  test("judges by the accuracy after the last epoch, that of PyTorch's networks", async () => {
    const options = { set, protocol: "dc-bench", model, train, test: held, seed, engine } as const;
    const { trainings } = await judge({ ...options, epochs, networks, augmentations: ["none"] });
    expect(trainings).toHaveLength(1);
    expect(trainings[0]!.test.accuracies).toEqual(reference.map(({ accuracy }) => accuracy));
  });

  test.each<[fault: string, training: Partial<FitTraining>, on?: Partial<DistilledSet>]>([
    ["keeps its velocity where the rate falls", { restart: false }],
    ["makes one pass less", { epochs }],
    ["lets the rate fall one pass early", { decayAt: [epochs / 2 + 1] }],
    ["decays no weights", { weightDecay: 0 }],
    ["takes other batches", { batch: 128 }],
    ["takes soft labels for hard ones", {}, { targets: hardTargets(set) }],
    ["takes labels of the neighbours", {}, { targets: rolled(set.targets) }],
    ["normalises the images twice", {}, { images: set.images.map((value) => (value - set.mean[0]!) / set.std[0]!) }],
  ])("a faulty protocol gives other weights: one that %s", async (_, training, on) => {
    expect(differenceOf(await trained({ ...right, ...training }, { ...set, ...on }))).toBeGreaterThan(1e4 * tolerance);
  });

  const judged = { ...held, mean: set.mean, std: set.std };

  test("on kernels it judges alike", async () => {
    expect(await accuraciesOf(right)).toEqual(reference.map(({ accuracy }) => accuracy));
  });

  test.each<[fault: string, () => Promise<readonly number[]>]>([
    ["takes the best epoch of the test images", bestEpochs],
    ["normalises the test images by their own mean and std", () => accuraciesOf(right, { test: held })],
    ["trains on validation images too", () => accuraciesOf(right, { on: withSome(train) })],
  ])("a faulty protocol gives other accuracies: one that %s", async (_, faulty) => {
    expect(await faulty()).not.toEqual(reference.map(({ accuracy }) => accuracy));
  });

  interface Tested {
    readonly test?: Dataset;
    readonly on?: DistilledSet;
    readonly epochs?: number;
  }

  async function accuraciesOf(training: FitTraining, { test = judged, on = set, epochs }: Tested = {}) {
    const options = { set: trainedBy(on, training), model, init, test, networks, seed, threads: 1 };
    return (await evaluate({ ...options, ...(epochs && { epochs }) })).accuracies;
  }

  async function bestEpochs(): Promise<readonly number[]> {
    const all: (readonly number[])[] = [];
    for (const epochs of [10, 20, 30, 41]) all.push(await accuraciesOf(right, { epochs }));
    return numbers.map((k) => Math.max(...all.map((accuracies) => accuracies[k]!)));
  }
});

/** Targets moved to the next image. */
function rolled(targets: Float32Array): Float32Array {
  return targets.map((_, i) => targets[(i + 3) % targets.length]!);
}

/** The set with some images of the data in the place of its first ones. */
function withSome(data: Dataset): DistilledSet {
  const images = set.images.slice();
  batchInto(
    { ...data, mean: set.mean, std: set.std },
    Array.from({ length: 100 }, (_, i) => i),
    images.subarray(0, 3600),
  );
  const targets = set.targets.slice();
  for (let i = 0; i < 100; i++) for (let k = 0; k < 3; k++) targets[3 * i + k] = data.labels[i] === k ? 1 : 0;
  return { ...set, images, targets };
}
