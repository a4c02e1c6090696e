// Training by a protocol: what torch.optim.SGD and Adam do on mini-batches of the set's images, whoever trains.
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { createWasmBackend } from "../../src/backend/wasm/backend.ts";
import type { DistilledSet } from "../../src/distill/distilled-set.ts";
import { distributionMatching } from "../../src/distill/methods/options.ts";
import { checkFit, type FitOptions, type FitTraining, fitRate, fitTraining } from "../../src/distill/training.ts";
import { randomInit } from "../../src/distill/weight-source.ts";
import { createEngine, Engine } from "../../src/engine/engine.ts";
import { baselineKinds } from "../../src/evaluate/baselines/kinds.ts";
import { strategyNames } from "../../src/inner/augment-strategies.ts";
import { dropout } from "../../src/nn/dropout.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { randomKey, randomOrder } from "../../src/numeric/random.ts";
import { baseline } from "../../src/run/in-place/baseline.ts";
import { evaluate } from "../../src/run/in-place/evaluate.ts";
import { trainOn } from "../../src/run/in-place/train-on.ts";
import { makeSet } from "../formats/sets.ts";
import { expectClose, float64Tolerance, paint } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";
import { brightHalves, halvesNet } from "./halves.ts";

const training: FitTraining = {
  ...fitTraining({ epochs: 5, batch: 4, learningRate: 0.2, momentum: 0.9, weightDecay: 0.01 }),
  decayAt: [2, 4],
};

/** Ten images of 4 × 5 pixels in three classes, with soft targets, which no mini-batch divides. */
const set: DistilledSet = {
  ...makeSet({ steps: 1, epochs: 0, imagesPerStep: 10, training }),
  targets: paint(30, 5),
  learningRates: new Float32Array(0),
};
const linearNet = sequential([1, 4, 5], [flatten(), linear({ out: 3 })]);

/** The images of every mini-batch of every epoch, as the training draws them for its network 0. */
function batches({ epochs, batch }: FitTraining, seed: number): number[][][] {
  return Array.from({ length: epochs }, (_, epoch) => {
    const order = randomOrder(10, 10, randomKey(seed, "fit/evaluate", 0, epoch));
    return Array.from({ length: Math.ceil(10 / batch) }, (_, i) => order.slice(i * batch, (i + 1) * batch));
  });
}

/** θ = [w [3, 20], b [3]] after the protocol, by plain float64 loops. */
function trainedByLoops(parameters: Float64Array, given: FitTraining, seed: number): Float64Array {
  const theta = parameters.slice();
  const velocity = new Float64Array(theta.length);
  batches(given, seed).forEach((epoch, e) => {
    const rate = given.learningRate * given.decayFactor ** given.decayAt!.filter((at) => at <= e).length;
    for (const images of epoch) {
      const gradient = theta.map((value) => given.weightDecay * value);
      for (const image of images) {
        const x = set.images.subarray(image * 20, image * 20 + 20);
        const y = set.targets.subarray(image * 3, image * 3 + 3);
        const z = [0, 1, 2].map((k) => x.reduce((sum, v, i) => sum + theta[k * 20 + i]! * v, theta[60 + k]!));
        const total = z.reduce((sum, v) => sum + Math.exp(v), 0);
        const mass = y.reduce((sum, v) => sum + v, 0);
        z.forEach((v, k) => {
          const d = ((mass * Math.exp(v)) / total - y[k]!) / images.length;
          for (let i = 0; i < 20; i++) gradient[k * 20 + i]! += d * x[i]!;
          gradient[60 + k]! += d;
        });
      }
      for (let i = 0; i < theta.length; i++) {
        velocity[i] = given.momentum * velocity[i]! + gradient[i]!;
        theta[i]! -= rate * velocity[i]!;
      }
    }
  });
  return theta;
}

describe("trainOn by a protocol", () => {
  test.each([
    ["mini-batches that do not divide the images", training],
    ["all images at once where a batch has room for them", { ...training, batch: 256 }],
    ["no momentum, no decay of weights or rate", { ...training, momentum: 0, weightDecay: 0, decayAt: [] }],
  ])("is SGD in float64 loops: %s", async (_, protocol) => {
    await using engine = await createEngine({ backend: "reference" });
    const parameters = Float64Array.from(paint(63, 1, 0.5));
    const options = { model: linearNet, parameters, seed: 7, engine };
    const network = await trainOn({ ...set, training: protocol }, options);
    expectClose(network.parameters, trainedByLoops(parameters, protocol, 7), float64Tolerance, "θ, seed 7");
  });

  test.skipIf(noPyTorch)("is torch.optim.SGD in the order that the seed draws", async () => {
    const model = halvesNet({ size: 6 });
    const images = paint(10 * 36, 3);
    const halves = { ...set, height: 6, width: 6, images };
    await using engine = await createEngine({ backend: "reference" });
    const parameters = Float64Array.from(paint(model.parameterCount, 2, 0.5));
    const network = await trainOn(halves, { model, parameters, seed: 7, engine });
    const program = `
images = torch.tensor(given["images"], dtype=torch.float64).view(10, 1, 6, 6)
targets = torch.tensor(given["targets"], dtype=torch.float64).view(10, 3)
net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3)).double()
nn.utils.vector_to_parameters(torch.tensor(given["parameters"], dtype=torch.float64), net.parameters())
sgd = torch.optim.SGD(net.parameters(), lr=0.2, momentum=0.9, weight_decay=0.01)
decay = torch.optim.lr_scheduler.MultiStepLR(sgd, [2, 4], 0.1)
for epoch in given["batches"]:
    for batch in epoch:
        sgd.zero_grad()
        (-targets[batch] * net(images[batch]).log_softmax(1)).sum(1).mean().backward()
        sgd.step()
    decay.step()
print(json.dumps(nn.utils.parameters_to_vector(net.parameters()).tolist()))
`;
    const input = { images, targets: set.targets, parameters, batches: batches(training, 7) };
    expectClose(
      network.parameters,
      Float64Array.from(pytorch(program, input) as number[]),
      float64Tolerance,
      "θ, seed 7",
    );
  });

  test.skipIf(noPyTorch).each([
    ["sgd", { momentum: 0.9 }, "torch.optim.SGD(p, lr=lr, momentum=0.9, weight_decay=0.01)"],
    ["adam", {}, "torch.optim.Adam(p, lr=lr, weight_decay=0.01)"],
  ] as const)("with restart it makes a new optimiser at each fall: %s", async (optimizer, options, made) => {
    const given = { optimizer, ...options, epochs: 5, batch: 4, learningRate: 0.2, weightDecay: 0.01 };
    const protocol = fitTraining({ ...given, decayAt: [2, 4], restart: true });
    await using engine = await createEngine({ backend: "reference" });
    const parameters = Float64Array.from(paint(63, 1, 0.5));
    const call = { model: linearNet, parameters, seed: 7, engine };
    const network = await trainOn({ ...set, training: protocol }, call);
    const program = `
images = torch.tensor(given["images"], dtype=torch.float64).view(10, 20)
targets = torch.tensor(given["targets"], dtype=torch.float64).view(10, 3)
net = nn.Linear(20, 3).double()
nn.utils.vector_to_parameters(torch.tensor(given["parameters"], dtype=torch.float64), net.parameters())
p, lr = list(net.parameters()), 0.2
optimizer = ${made}
for ep, epoch in enumerate(given["batches"]):
    if ep in (2, 4):
        lr *= 0.1
        optimizer = ${made}
    for batch in epoch:
        optimizer.zero_grad()
        (-targets[batch] * net(images[batch]).log_softmax(1)).sum(1).mean().backward()
        optimizer.step()
print(json.dumps(nn.utils.parameters_to_vector(net.parameters()).tolist()))
`;
    const input = { images: set.images, targets: set.targets, parameters, batches: batches(protocol, 7) };
    const expected = Float64Array.from(pytorch(program, input) as number[]);
    expectClose(network.parameters, expected, float64Tolerance, "θ, seed 7");
    const kept = await trainOn({ ...set, training: { ...protocol, restart: false } }, call);
    expect(kept.parameters).not.toEqual(network.parameters);
  });

  test.skipIf(noPyTorch)("is torch.optim.Adam, with a warm-up and a cosine of its learning rate", async () => {
    const protocol: FitTraining = {
      ...fitTraining({
        optimizer: "adam",
        epochs: 5,
        batch: 4,
        learningRate: 0.02,
        weightDecay: 0.01,
        schedule: "cosine",
      }),
      ...{ warmupSteps: 4, finalShare: 0.1 },
    };
    await using engine = await createEngine({ backend: "reference" });
    const parameters = Float64Array.from(paint(63, 2, 0.5));
    const options = { model: linearNet, parameters, seed: 7, engine };
    const network = await trainOn({ ...set, training: protocol }, options);
    const program = `
images = torch.tensor(given["images"], dtype=torch.float64).view(10, 20)
targets = torch.tensor(given["targets"], dtype=torch.float64).view(10, 3)
net = nn.Linear(20, 3).double()
nn.utils.vector_to_parameters(torch.tensor(given["parameters"], dtype=torch.float64), net.parameters())
adam = torch.optim.Adam(net.parameters(), lr=0.02, weight_decay=0.01)
batches = [batch for epoch in given["batches"] for batch in epoch]
def share(step):
    if step < 4: return step / 4
    return 0.1 + 0.9 * (1 + math.cos(math.pi * (step - 4) / (len(batches) - 4))) / 2
schedule = torch.optim.lr_scheduler.LambdaLR(adam, share)
for batch in batches:
    adam.zero_grad()
    (-targets[batch] * net(images[batch]).log_softmax(1)).sum(1).mean().backward()
    adam.step()
    schedule.step()
print(json.dumps(nn.utils.parameters_to_vector(net.parameters()).tolist()))
`;
    const input = { images: set.images, targets: set.targets, parameters, batches: batches(protocol, 7) };
    const expected = Float64Array.from(pytorch(program, input) as number[]);
    expectClose(network.parameters, expected, float64Tolerance, "θ, seed 7");
  });

  test("takes other epochs where they are given, none for 0, and always shuffles", async () => {
    await using engine = await createEngine({ backend: "reference" });
    const parameters = Float64Array.from(paint(63, 1, 0.5));
    const options = { model: linearNet, parameters, seed: 7, engine };
    const train = async (more: object) => (await trainOn(set, { ...options, ...more })).parameters;
    expectClose(
      await train({ epochs: 3 }),
      trainedByLoops(parameters, { ...training, epochs: 3 }, 7),
      float64Tolerance,
      "3 epochs, seed 7",
    );
    expect(await train({ epochs: 0 })).toEqual(parameters);
    expect(await train({ order: "shuffled" })).toEqual(await train({}));
    expect(await train({ seed: 8 })).not.toEqual(await train({}));
    const message =
      '"order" expected nothing or "shuffled" for a set that networks train on by a protocol, got "learned"';
    await expect(train({ order: "learned" })).rejects.toThrow(new RangeError(message));
    const test = { set, model: linearNet, init: randomInit(), networks: 1, test: brightHalves({ count: 6 }) };
    await expect(evaluate({ ...test, order: "learned" })).rejects.toThrow(new RangeError(message));
    expect(engine.arena.used).toBe(0);
  });
});

const rateAt = (epoch: number): number =>
  fitRate({ ...training, learningRate: 1 }, { epoch, step: 3 * epoch, steps: 15 });

test("the rate falls at its epochs, by default at half of them", () => {
  expect([0, 1, 2, 3, 4].map((epoch) => rateAt(epoch))).toEqual([...[1, 1, 0.1, 0.1, 0.1 * 0.1]]);
  expect(fitTraining({ epochs: 300 }).decayAt).toEqual([150]);
  expect(fitTraining({ epochs: 7, decayAt: [] }).decayAt).toEqual([]);
});

describe("a protocol", () => {
  test("without the newer options has the fields and the order of older files", () => {
    const text =
      '{"kind":"fit","optimizer":"sgd","epochs":300,"batch":256,"learningRate":0.01,"momentum":0.9,"weightDecay":0.0005,' +
      '"decayFactor":0.1,"decayAt":[150]}';
    expect(JSON.stringify(fitTraining({}))).toBe(text);
    expect(JSON.stringify(fitTraining({ momentum: 0.9 }))).toBe(text);
  });

  test("rises from 0 and falls along a cosine, whatever the epochs", () => {
    const cosine = fitTraining({ learningRate: 2, schedule: "cosine" });
    const at = (step: number, more: object = {}) => fitRate({ ...cosine, ...more }, { epoch: 9, step, steps: 8 });
    expect([0, 2, 4].map((step) => at(step))).toEqual([2, 1 + Math.SQRT1_2, 1].map((rate) => expect.closeTo(rate, 12)));
    expect(at(0)).toBe(2);
    const risen = { warmupSteps: 4, finalShare: 0.5 };
    expect([0, 1, 2, 4].map((step) => at(step, risen))).toEqual([0, 0.5, 1, 2]);
    expect(at(6, risen)).toBeCloseTo(1.5, 12);
    // A training that ends within its warm-up never gets further.
    expect(at(7, { warmupSteps: 16 })).toBe(7 / 8);
    expect(cosine.decayAt).toBe(undefined);
  });

  test.each([
    [{ optimizer: "adam", momentum: 0.5 }, '.momentum" expected nothing unless "optimizer" is "sgd", got 0.5'],
    [{ warmupSteps: 5 }, '.warmupSteps" expected nothing unless "schedule" is "cosine", got 5'],
    [{ schedule: "steps", finalShare: 0 }, '.finalShare" expected nothing unless "schedule" is "cosine", got 0'],
    [{ schedule: "cosine", restart: true }, '.restart" expected nothing unless "schedule" is "steps", got true'],
    [
      { schedule: "cosine", decayAt: [1] },
      '.decayAt" expected nothing unless "schedule" is "steps", got Array of length 1',
    ],
    [
      { augment: ["turn"] },
      '.augment[0]" expected one of "color", "crop", "cutout", "flip", "scale", "rotate", got "turn"',
    ],
  ] as const)("refuses what does not go together: %j", (given, message) => {
    const options = { imagesPerClass: 1, training: given as unknown as FitOptions };
    expect(() => distributionMatching(options)).toThrow(new RangeError(`"training${message}`));
    expect(() => checkFit("training", { ...fitTraining({}), ...given })).toThrow(RangeError);
  });

  test("may be given again as it was filled in", () => {
    const all: FitOptions = {
      optimizer: "adam",
      schedule: "cosine",
      warmupSteps: 5,
      finalShare: 0.01,
      augment: ["crop"],
    };
    const filled = fitTraining(all);
    expect(filled).toMatchObject({ ...all, momentum: 0 });
    expect(distributionMatching({ imagesPerClass: 1, training: filled }).training).toEqual(filled);
    expect(() => checkFit("training", filled)).not.toThrow();
  });
});

/** Real images of bright halves in the place of distilled ones. */
const halves = brightHalves({ count: 24, seed: 4 });
const halvesSet: DistilledSet = {
  ...{ steps: 1, epochs: 0, imagesPerStep: 24, classes: 3, channels: 1, height: 6, width: 6 },
  images: Float32Array.from(halves.pixels, (v) => (v / 255 - halves.mean[0]!) / halves.std[0]!),
  targets: Float32Array.from({ length: 72 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0)),
  learningRates: new Float32Array(0),
  training: { ...training, epochs: 8, batch: 10, learningRate: 0.1 },
  ...{ mean: halves.mean, std: halves.std, recipe: {} },
};
const held = brightHalves({ count: 60, seed: 2 });

describe("evaluate by a protocol", () => {
  const layers = [flatten(), dropout({ p: 0.2 }), linear({ out: 3 })];
  const options = { set: halvesSet, model: sequential([1, 6, 6], layers), init: randomInit(), networks: 3, test: held };

  test("gives the same accuracies on 1 and 2 threads, on workers, and on one engine", async () => {
    const first = await evaluate({ ...options, threads: 1 });
    expect(first.mean).toBeGreaterThan(0.8);
    expect(await evaluate({ ...options, threads: 2 })).toEqual(first);
    expect(await evaluate({ ...options, workers: 2 })).toEqual(first);
    await using engine = new Engine(await createWasmBackend({ threads: 1 }));
    expect(await evaluate({ ...options, engine })).toEqual(first);
    expect(engine.arena.used).toBe(0);
  });

  const augment = strategyNames;
  const adam = fitTraining({ optimizer: "adam", epochs: 30, batch: 10, learningRate: 0.02, weightDecay: 0, augment });
  const augmentedSet: DistilledSet = { ...halvesSet, training: adam };

  test("augments by addressed draws: one hash on 1, 2 and 4 threads, the same networks on workers", async () => {
    const augmented = { ...options, set: augmentedSet, perClass: true };
    const first = await evaluate({ ...augmented, threads: 1 });
    expect(first.mean).toBeGreaterThan(0.6);
    expect(await evaluate({ ...augmented, threads: 2 })).toEqual(first);
    expect(await evaluate({ ...augmented, threads: 4 })).toEqual(first);
    expect(await evaluate({ ...augmented, workers: 2 })).toEqual(first);
    expect(
      (await evaluate({ ...options, perClass: true, set: { ...halvesSet, training: { ...adam, augment: [] } } }))
        .confusions,
    ).not.toEqual(first.confusions);
  });

  test("augments on any number of threads as the reference does: one hash", async () => {
    const many = brightHalves({ count: 400, seed: 4 });
    const images = Float32Array.from(many.pixels, (v) => (v / 255 - many.mean[0]!) / many.std[0]!);
    const targets = Float32Array.from({ length: 1200 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0));
    const training = { ...adam, epochs: 6, batch: 256 };
    const large: DistilledSet = { ...halvesSet, images, targets, imagesPerStep: 400, training };
    const model = sequential([1, 6, 6], [flatten(), linear({ out: 3 })]);
    const parameters = paint(model.parameterCount, 2, 0.5);
    const trained = async (engine: Engine): Promise<ArrayLike<number>> => {
      const network = await trainOn(large, {
        model,
        parameters: engine.backend.Floats.from(parameters),
        seed: 7,
        engine,
      });
      await engine.dispose();
      return network.parameters;
    };
    const hashes: string[] = [];
    let theta: ArrayLike<number> = [];
    for (const threads of [1, 2, 4]) {
      theta = await trained(new Engine(await createWasmBackend({ threads })));
      hashes.push(
        createHash("sha256")
          .update(theta as Float32Array)
          .digest("hex"),
      );
    }
    expect(hashes).toEqual(new Array(3).fill(hashes[0]));
    const reference = await trained(new Engine(createReferenceBackend()));
    // Adam divides a gradient by its own size, so a small one keeps few of its digits.
    expectClose(theta, reference, 1e-4, "θ, seed 7");
  });

  test("lets two evaluations take turns on one engine", async () => {
    await using engine = new Engine(createReferenceBackend());
    const one = await evaluate({ ...options, engine });
    const [a, b] = await Promise.all([evaluate({ ...options, engine }), evaluate({ ...options, engine })]);
    expect([a, b]).toEqual([one, one]);
  });
});

describe("baselines like a set with a protocol", () => {
  const options = {
    ...{ train: brightHalves({ count: 210, seed: 1 }), test: held, model: halvesNet(), init: randomInit() },
    ...{ like: { ...halvesSet, imagesPerStep: 6 }, networks: 3, seed: 1, draws: 2, candidates: 3, threads: 1 },
  };

  test.each(baselineKinds)("%s trains by it, on any number of workers", async (kind) => {
    const result = await baseline({ ...options, kind });
    expect(result).toMatchObject({ kind, networks: 3, epochs: 8, learningRate: 0.1 });
    expect(result.mean).toBeGreaterThan(0.6);
    expect(await baseline({ ...options, kind, workers: 2 })).toEqual(result);
  });

  test("refuse to choose what the protocol says", async () => {
    const both = baseline({ ...options, kind: "random-real", epochs: [3] });
    await expect(both).rejects.toThrow(
      '"epochs" expected nothing beside the protocol of like.training, got Array of length 1',
    );
  });
});
