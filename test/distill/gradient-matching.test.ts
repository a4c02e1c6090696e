// Gradient matching: its gradient against central differences, whole steps against PyTorch, and what a method must be.

import { describe, expect, test } from "vitest";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { batchInto, classIndex, type Dataset } from "../../src/data/dataset.ts";
import { digits } from "../../src/data/layouts/digits.ts";
import { subset } from "../../src/data/subsets.ts";
import { computing } from "../../src/distill/computing.ts";
import { setDigest } from "../../src/distill/digest.ts";
import { methodContext } from "../../src/distill/method.ts";
import { gradientMatchingMethod } from "../../src/distill/methods/gradient-matching/method.ts";
import { gradientMatching } from "../../src/distill/methods/gradient-matching/options.ts";
import { outerOptions } from "../../src/distill/outer-options.ts";
import { readTensor, writeTensor } from "../../src/distill/tensor-rows.ts";
import { randomInit } from "../../src/distill/weight-source.ts";
import { createEngine, Engine } from "../../src/engine/engine.ts";
import { allIn } from "../../src/inner/allocators.ts";
import { tanh } from "../../src/nn/activation.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { convNet } from "../../src/nn/zoo.ts";
import { randomKey, randomOrder } from "../../src/numeric/random.ts";
import { atOnce } from "../../src/platform/parts.ts";
import { baseline } from "../../src/run/in-place/baseline.ts";
import { type DistillOptions, distill } from "../../src/run/in-place/distill.ts";
import { evaluate } from "../../src/run/in-place/evaluate.ts";
import { differenceTolerance, expectClose } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";
import { brightHalves } from "./halves.ts";

const data = brightHalves({ count: 30 });
const ofClass = classIndex(data);
const model = sequential([1, 6, 6], [conv2d({ out: 2, kernel: 3 }), tanh(), flatten(), linear({ out: 3 })]);
const strategies = ["color", "crop", "cutout", "flip", "scale", "rotate"] as const;

test.each([
  ["as they are", {}],
  ["augmented alike on both sides", { augment: strategies }],
])("the gradient is the central difference of the loss, for images %s", async (_, more) => {
  const backend = createReferenceBackend();
  const { arena } = new Engine(backend);
  const rest = { init: randomInit("pytorch"), loss: "cross-entropy" as const, networksPerStep: 2, seed: 5 };
  const problem = { data, model, ...rest, outer: outerOptions({ steps: 1 }, data.count) };
  const options = gradientMatching({ imagesPerClass: 2, realPerClass: 5, ...more });
  const context = methodContext({ options, problem, backend, memory: allIn(arena) }, computing);
  const run = gradientMatchingMethod.allocate(context);
  const network = gradientMatchingMethod.network(context, run);
  const staging = arena.allocate(6 * 36);
  run.start(staging);
  const [images] = run.learned;
  const start = (await readTensor(backend, images!, staging)) as Float64Array;
  const lossAt = async (values: Float64Array): Promise<number> => {
    writeTensor(backend, images!, values, staging);
    atOnce((network.record(4, 1) ?? []) as Iterable<unknown>);
    return (await backend.read(network.share.loss, 1))[0]!;
  };
  expect(await lossAt(start)).toBeGreaterThan(0.1);
  const gradient = await readTensor(backend, { ...images!, value: network.share.gradients[0]! }, staging);
  const differences = new Float64Array(start.length);
  for (let at = 0; at < start.length; at += 5) {
    const moved = (by: number) => lossAt(start.map((value, i) => (i === at ? value + by : value)));
    differences[at] = ((await moved(1e-5)) - (await moved(-1e-5))) / 2e-5;
  }
  const some = gradient.map((value, at) => (at % 5 === 0 ? value : 0));
  expectClose(some, differences, differenceTolerance, "gradient, seed 5");
  expect(Math.max(...differences)).toBeGreaterThan(1e-3);
});

/** The authors' steps: match every class, update the images by SGD with momentum, train the network. */
const program = `
t = lambda v, *shape: torch.tensor(v, dtype=torch.float64).view(*shape)
x = t(given["images"], 6, 1, 6, 6).requires_grad_()
y = torch.arange(3).repeat_interleave(2)
networks = [t(v, -1) for v in given["networks"]]
p = networks[0].clone().requires_grad_()
def network(p, x):
    return F.linear(torch.tanh(F.conv2d(x, p[:18].view(2, 1, 3, 3), p[18:20])).flatten(1), p[20:116].view(3, 32), p[116:])
def rows(g): return [g[:18].view(2, 9), g[20:116].view(3, 32)]
velocity, losses = torch.zeros_like(x), []
for step, classes in enumerate(given["steps"]):
    loss = 0
    for c, images in enumerate(classes):
        real = t(images, -1, 1, 6, 6)
        labels = lambda n: torch.full((n,), c)
        g, = torch.autograd.grad(F.cross_entropy(network(p, real), labels(len(real))), p)
        own = x[2 * c:2 * c + 2]
        s, = torch.autograd.grad(F.cross_entropy(network(p, own), labels(2)), p, create_graph=True)
        for a, b in zip(rows(s), rows(g)):
            loss = loss + (1 - (a * b).sum(-1) / (a.norm(dim=-1) * b.norm(dim=-1) + 0.000001)).sum()
    losses.append(loss.item())
    g, = torch.autograd.grad(loss, x)
    with torch.no_grad():
        velocity = 0.5 * velocity + g
        x -= 0.1 * velocity
    if (step + 1) % 2 == 0:
        p = networks[(step + 1) // 2].clone().requires_grad_()
        continue
    for _ in range(3):
        g, = torch.autograd.grad(F.cross_entropy(network(p, x), y), p)
        with torch.no_grad(): p -= 0.02 * g
print(json.dumps([losses, x.flatten().tolist()]))
`;

test.skipIf(noPyTorch)(
  "four outer steps are those of PyTorch's autograd, with a network trained between two of them",
  async () => {
    const [seed, steps] = [7, 4];
    const options = {
      ...{ data, model, seed, init: randomInit("pytorch") },
      method: gradientMatching({
        imagesPerClass: 2,
        realPerClass: 5,
        stepsPerNetwork: 2,
        networkSteps: 3,
        networkRate: 0.02,
      }),
      outer: { steps },
    };
    // A run of the same seed begins the same networks, whatever becomes of them.
    const networks: ArrayLike<number>[] = [];
    for (const before of [0, 2]) {
      const outer = { steps: before, learningRate: 1e-9 };
      const run = distill({ ...options, outer, engine: new Engine(createReferenceBackend()) });
      await run.result();
      networks.push((await run.state()).tensors.get("carried/networks/parameters")!);
    }
    const begun = distill({ ...options, outer: { steps: 0 }, engine: new Engine(createReferenceBackend()) });
    await begun.result();
    const real = Array.from({ length: steps }, (_, step) =>
      ofClass.map((images, c) => {
        const drawn = randomOrder(images.length, 5, randomKey(seed, "real", step, c)).map((place) => images[place]!);
        const pixels = new Float64Array(36 * drawn.length);
        batchInto(data, drawn, pixels);
        return pixels;
      }),
    );
    const images = (await begun.state()).tensors.get("learned/images");
    const [losses, ended] = pytorch(program, {
      images,
      networks: [...networks, networks[0]],
      steps: real,
    }) as number[][];
    const engines = [
      [new Engine(createReferenceBackend()), 1e-9],
      [await createEngine({ threads: 1 }), 2e-5],
    ] as const;
    for (const [engine, tolerance] of engines) {
      const run = distill({ ...options, engine });
      const found: number[] = [];
      for await (const { loss } of run) found.push(loss);
      const on = `on ${engine.backend.name}, seed ${seed}`;
      expectClose(found, losses!, tolerance, `losses ${on}`);
      expectClose((await run.state()).tensors.get("learned/images")!, ended!, tolerance, `images ${on}`);
      await engine.dispose();
    }
  },
);

describe("distilling", () => {
  const net = convNet({ input: [1, 6, 6], width: 4, depth: 1, classes: 3 });
  const method = gradientMatching({
    imagesPerClass: 2,
    realPerClass: 4,
    stepsPerNetwork: 3,
    networkSteps: 2,
    augment: strategies,
  });
  const options: DistillOptions = { data, model: net, networksPerStep: 2, seed: 3, method, outer: { steps: 7 } };
  const digest = async (more: object) => setDigest(await distill({ ...options, ...more }).result());

  test("gives the same bytes on 1, 2 and 4 threads and on workers", async () => {
    const first = await digest({ threads: 1 });
    for (const threads of [2, 4]) expect(await digest({ threads })).toBe(first);
    expect(await digest({ workers: 2, threads: 1 })).toBe(first);
    expect(await digest({ threads: 1, seed: 4 })).not.toBe(first);
  });

  test("goes on from a state as if it never stopped, with a network in training or a new one", async () => {
    const run = distill({ ...options, threads: 1 });
    const states: Awaited<ReturnType<typeof run.state>>[] = [];
    for await (const { step } of run) if (step === 2 || step === 3) states.push(await run.state());
    const whole = await setDigest(await run.result());
    for (const resume of states) expect(await digest({ threads: 1, resume })).toBe(whole);
  });

  test("says how networks train on the set: as the authors train them, unless it is given otherwise", async () => {
    const trainingFor = async (given: object) => {
      const of = gradientMatching({ imagesPerClass: 1, ...given });
      return (await distill({ ...options, method: of, outer: { steps: 0 }, threads: 1 }).result()).training;
    };
    const sgd = { kind: "fit", optimizer: "sgd", batch: 256, learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 };
    expect(await trainingFor({})).toEqual({ ...sgd, epochs: 300, decayAt: [150], decayFactor: 0.1 });
    const augmented = { ...sgd, epochs: 1000, decayAt: [500], decayFactor: 0.1, augment: ["crop"] };
    expect(await trainingFor({ augment: ["crop"] })).toEqual(augmented);
    expect(await trainingFor({ augment: ["crop"], training: { epochs: 30 } })).toMatchObject({
      epochs: 30,
      augment: ["crop"],
    });
  });

  test.each([
    [{ method: { ...method, realPerClass: 0 } }, RangeError, '"method.realPerClass" expected integer >= 1, got 0'],
    [{ data: subset(data, 0, 2) }, RangeError, "expected images of each of 3 classes, got none of 2"],
    [{ augment: { flip: true } }, RangeError, '"augment" expected nothing with gradient-matching, got an object'],
  ])("is refused of %o", (change, Class, message) => {
    expect(() => distill({ ...options, ...change } as DistillOptions)).toThrow(Class);
    expect(() => distill({ ...options, ...change } as DistillOptions)).toThrow(message);
  });
});

test("on digits, a set teaches better than as many real images by the same protocol", async () => {
  const { train, test: held } = await digits();
  const some: Dataset = subset(train, 0, 2000);
  const net = convNet({ input: [1, 28, 28], width: 8, depth: 2, classes: 10 });
  const method = gradientMatching({
    imagesPerClass: 1,
    realPerClass: 32,
    training: { epochs: 60, learningRate: 0.05 },
  });
  const shared = { model: net, init: randomInit("pytorch"), networks: 4, test: subset(held, 0, 300), seed: 1 };
  const set = await distill({
    ...shared,
    networks: undefined,
    data: some,
    method,
    outer: { steps: 60, learningRate: 1 },
  }).result();
  const ours = await evaluate({ ...shared, set });
  const real = await baseline({ ...shared, kind: "random-real", train: some, like: set });
  console.log(`networks on the set ${ours.mean.toFixed(3)}, on real images ${real.mean.toFixed(3)}`);
  expect(ours.mean).toBeGreaterThan(real.mean + 0.05);
}, 60_000);
