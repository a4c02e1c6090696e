// Images that a decoder makes: with every method they have the same bits wherever they run, the memory that a plan says, and the
// gradient that central differences have.
import { describe, expect, test } from "vitest";
import type { Backend } from "../../src/backend/backend.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { computing } from "../../src/distill/computing.ts";
import { withDecoder } from "../../src/distill/decoders/decoded-method.ts";
import { methodContext } from "../../src/distill/method.ts";
import { decodedMethod, type KnownMethod } from "../../src/distill/methods/known.ts";
import { methodOf } from "../../src/distill/methods/methods.ts";
import { bringUpToDate } from "../../src/distill/outer-loop.ts";
import { outerOptions } from "../../src/distill/outer-options.ts";
import { randomInit } from "../../src/distill/weight-source.ts";
import { Engine } from "../../src/engine/engine.ts";
import {
  backGradient,
  convNet,
  createEngine,
  type DistilledSet,
  type DistillOptions,
  distill,
  distributionMatching,
  estimateMemory,
  formation,
  frepo,
  gradientMatching,
  type ImagesChoice,
  memories,
  pixels,
  setDigest,
  setStorage,
  tanh,
  windows,
} from "../../src/index.ts";
import { allIn } from "../../src/inner/allocators.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { atOnce } from "../../src/platform/parts.ts";
import { inner } from "../gradients/differences.ts";
import { expectClose, paint } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";
import { noise } from "./noise.ts";

const data = noise({ count: 60, size: 12, classes: 3, seed: 2 });
const model = convNet({ input: [1, 12, 12], classes: 3, width: 4, depth: 2 });
const tiles = formation({ factor: 2 });
const sums = memories({ bases: 4 });

const methods: readonly KnownMethod[] = [
  backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, labels: "learned" }),
  windows({ imagesPerClass: 1, batchPerClass: 3, window: 3, leastSteps: 1, totalSteps: 6, labels: "learned" }),
  frepo({ imagesPerClass: 1, poolSize: 2, maxAge: 1 }),
  distributionMatching({ imagesPerClass: 1, realPerClass: 8 }),
  gradientMatching({ imagesPerClass: 1, realPerClass: 8, networkSteps: 2 }),
];

const cases = methods.flatMap((method) => [tiles, sums].map((images) => ({ method, images })));

function optionsOf(method: KnownMethod, images: ImagesChoice): DistillOptions {
  return { data, model, method, images, networksPerStep: 2, outer: { steps: 3, batch: 20 }, seed: 3 };
}

/** The images of a class in a block: 4 tiles, or as many as 4 bases of 6 × 6 pixels leave room for. */
function decodedPerClass({ name }: KnownMethod, images: ImagesChoice): number {
  if (images.name === "formation") return 4;
  return name === "back-gradient"
    ? Math.floor((2 * 3 * 144 - 4 * 36) / (4 * 2 * 3))
    : Math.floor((3 * 144 - 4 * 36) / (4 * 3));
}

describe.for(cases)("$images.name by $method.name, seed 3", ({ method, images }) => {
  const options = optionsOf(method, images);

  test("have a target each, and take the memory that the plan says", async () => {
    await using engine = await createEngine({ threads: 1, worker: false });
    const set = await distill({ ...options, engine, outer: { batch: 20, steps: 1 } }).result();
    expect(set.imagesPerStep).toBe(3 * decodedPerClass(method, images));
    expect(set.targets).toHaveLength(set.steps * set.imagesPerStep * 3);
    expect(set.recipe).toMatchObject({ images: { name: images.name }, method: { imagesPerClass: 1 } });
    const estimate = estimateMemory({ ...options, threads: 1 });
    const { backend } = engine as unknown as { readonly backend: { readonly capacity: number } };
    expect(4 * backend.capacity).toBe(estimate.total - estimate.data - estimate.states - estimate.set);
  });
});

// A method whose networks train on the set between steps, and one that learns labels; each with a decoder of its own.
test.for([
  ["frepo", 2, sums],
  ["windows", 1, tiles],
] as const)(
  "images by %s have the same bits on 1, 2 and 4 threads, on 2 workers, and from a state on, seed 3",
  async (row) => {
    const [, method, images] = row;
    const options = optionsOf(methods[method]!, images);
    const digest = await setDigest(await distill({ ...options, threads: 1 }).result());
    const again = async (changes: Partial<DistillOptions>) =>
      setDigest(await distill({ ...options, ...changes }).result());
    for (const changes of [{ threads: 2 }, { threads: 4 }, { workers: 2 }]) {
      expect(await again(changes), JSON.stringify(changes)).toBe(digest);
    }
    const first = distill({ ...options, threads: 1 });
    for await (const { step } of first) if (step === 1) break;
    expect(await again({ threads: 1, resume: await first.state() })).toBe(digest);
  },
);

test("images of pixels are those of a run that does not say what is behind them", async () => {
  const { images: _, ...options } = optionsOf(methods[1]!, tiles);
  const [said, unsaid] = await Promise.all([
    distill({ ...options, method: windows({ imagesPerClass: 3 }), images: pixels() }).result(),
    distill({ ...options, method: windows({ imagesPerClass: 3 }) }).result(),
  ]);
  expect(await setDigest(said)).toBe(await setDigest(unsaid));
  expect(said.recipe).toEqual(unsaid.recipe);
  expect(said.decoder).toBeUndefined();
});

describe("storage", () => {
  test("of tiles and sums is that of the images that the method counts", async () => {
    const stored = async (method: KnownMethod, images?: ImagesChoice) =>
      setStorage(await distill({ ...optionsOf(method, images ?? pixels()), outer: { batch: 20, steps: 1 } }).result());
    const fixed = distributionMatching({ imagesPerClass: 1, realPerClass: 8 });
    expect(await stored(fixed)).toEqual({ images: 3, floats: 432, bytes: 1728 });
    expect(await stored(fixed, tiles)).toEqual({ images: 12, floats: 432, bytes: 1728 });
    // 24 images a class with 4 weights each, and 4 bases of 36 pixels.
    expect(await stored(fixed, sums)).toEqual({ images: 72, floats: 432, bytes: 1728 });
    // Learned labels count, three for each image, and so do learned rates.
    expect((await stored(methods[1]!, tiles)).floats).toBe(432 + 12 * 3);
    expect((await stored(methods[0]!, tiles)).floats).toBe(2 * 432 + 2 * 12 * 3 + 4);
    expect((await stored(methods[2]!, sums)).floats).toBe(432 + 72 * 3);
  });
});

test.skipIf(noPyTorch)("the images of a set are what PyTorch makes of what it stores, seed 3", async () => {
  for (const images of [tiles, sums, memories({ bases: 5, scale: 3, decodedPerClass: 2 }), formation({ factor: 5 })]) {
    const set = await distill({
      ...optionsOf(methods[0]!, images),
      engine: await referenceEngine(),
      outer: { batch: 4, steps: 1 },
    }).result();
    const { decoder, images: _, ...sizes } = set;
    const wanted = pytorch(decode, { decoder, sizes }) as number[];
    expect(wanted).toHaveLength(set.images.length);
    // The set holds the images of float64 numbers, and these numbers, as float32.
    expectClose(Float64Array.from(set.images), Float64Array.from(wanted), 1e-6, images.name);
  }
});

const referenceEngine = () => createEngine({ backend: "reference" });

const decode = `
d, s = given["decoder"], given["sizes"]
count, shape = s["steps"] * s["imagesPerStep"], (s["height"], s["width"])
t = lambda v: torch.tensor(v, dtype=torch.float64)
factor = d.get("factor") or d.get("scale")
small = (s["channels"], -(-shape[0] // factor), -(-shape[1] // factor))
if d["name"] == "formation":
    z = t(d["tiles"]).reshape(count, *small)
else:
    a = t(d["coefficients"]).reshape(count, -1)
    z = (a @ t(d["bases"]).reshape(a.shape[1], -1)).reshape(count, *small)
x = F.interpolate(z, size=shape, mode="bilinear", align_corners=False)
print(json.dumps(x.reshape(-1).tolist()))
`;

describe("gradients, on the reference, seed 5", () => {
  const smooth = sequential([1, 8, 8], [conv2d({ out: 4, kernel: 3 }), tanh(), flatten(), linear({ out: 3 })]);
  const real = noise({ count: 20, size: 8, classes: 3, seed: 4 });
  const differentiated: readonly KnownMethod[] = [
    windows({
      imagesPerClass: 1,
      window: 2,
      leastSteps: 0,
      totalSteps: 2,
      labels: "learned",
      eps: 0.1,
      learningRate: 0.1,
    }),
    frepo({ imagesPerClass: 1, poolSize: 1, ridge: 0.01 }),
    distributionMatching({ imagesPerClass: 1, realPerClass: 6 }),
    backGradient({ steps: 2, epochs: 1, imagesPerClass: 1, labels: "learned", learningRate: 0.1 }),
  ];

  test.for(
    differentiated.flatMap((method) =>
      [formation({ factor: 3 }), memories({ bases: 3 })].map((images) => ({ method, images })),
    ),
  )("of $images.name by $method.name are central differences of the outer loss", async ({ method, images }) => {
    const { run, lossAt, share, backend } = await shares(method, images);
    expect(run.learned.map(({ name }) => name)).not.toContain("images");
    const { gradients } = await share();
    for (const [i, { name, value, floats }] of run.learned.slice(0, images.name === "formation" ? 1 : 2).entries()) {
      // Padding lanes hold nothing that may move.
      const direction = paint(floats, 7 + i).map((v, at) => (gradients[i]![at] === 0 ? 0 : v));
      const before = Float64Array.from(await backend.read(value, floats));
      const at = async (by: number) => {
        backend.upload(value, floats, (host) => host.set(before.map((v, k) => v + by * direction[k]!)));
        return lossAt();
      };
      const step = 1e-5;
      const wanted = ((await at(step)) - (await at(-step))) / (2 * step);
      await at(0);
      const got = inner(gradients[i]!, direction);
      expect(Math.abs(got), `${name}: a derivative to compare`).toBeGreaterThan(1e-5);
      expect(Math.abs(got - wanted) / Math.abs(wanted), name).toBeLessThan(1e-5);
    }
  });

  /** A run and one network of it, in float64. */
  async function shares(given: KnownMethod, images: ImagesChoice) {
    const backend: Backend = createReferenceBackend();
    const { arena } = new Engine(backend);
    const method = decodedMethod(given, images, smooth);
    const outer = outerOptions({ steps: 5, batch: real.count }, real.count);
    const loss = given.name === "frepo" ? "mse" : "cross-entropy";
    const problem = {
      data: real,
      model: smooth,
      init: randomInit("pytorch"),
      loss,
      networksPerStep: 1,
      outer,
      seed: 5,
    } as const;
    const context = methodContext({ options: method as never, problem, backend, memory: allIn(arena) }, computing);
    const decoded = withDecoder(methodOf(method), images);
    const run = decoded.allocate(context);
    const network = decoded.network(context, run);
    run.start(arena.allocate(20_000));
    const share = async () => {
      bringUpToDate(run, backend);
      atOnce(network.record(1, 0) ?? []);
      const read = network.share.gradients.map((buffer, i) => backend.read(buffer, run.learned[i]!.floats));
      return { loss: (await backend.read(network.share.loss, 1))[0]!, gradients: await Promise.all(read) };
    };
    return { run, share, backend, lossAt: async () => (await share()).loss };
  }
});

describe("refused", () => {
  const refusals: readonly (readonly [ImagesChoice, string])[] = [
    [formation({ factor: 13 }), '"images.factor" expected at most the smaller side of an image, 12, got 13'],
    [
      memories({ bases: 13 }),
      '"images.bases" expected fewer than 13: the storage of 3 images, 432 floats, has no room for as many bases, 468 floats, ' +
        "and for weights of images beside them",
    ],
    [memories({ bases: 1, scale: 20 }), '"images.scale" expected at most the smaller side of an image, 12, got 20'],
  ];
  test.for(refusals)("%j", ([images, message]) => {
    expect(() => distill(optionsOf(methods[3]!, images))).toThrow(new RangeError(message));
    expect(() => estimateMemory(optionsOf(methods[3]!, images))).toThrow(new RangeError(message));
  });

  test("what no function of the library gives", () => {
    expect(() => distill({ ...optionsOf(methods[3]!, tiles), images: { name: "tiles" } as never })).toThrow(
      /^"images" expected what pixels\(\), formation\(\) or memories\(\) gives, got/,
    );
    expect(() => distill({ ...optionsOf(methods[3]!, tiles), images: { ...tiles, factor: 1 } })).toThrow(
      '"images.factor" expected integer >= 2, got 1',
    );
  });
});

test("labels that a list names are those of all tiles of an image", async () => {
  const method = backGradient({ steps: 1, epochs: 1, imagesPerStep: 2, initialLabels: [2, 0] });
  const set: DistilledSet = await distill({ ...optionsOf(method, tiles), outer: { steps: 1, batch: 20 } }).result();
  const classes = Array.from({ length: 8 }, (_, i) => set.targets.subarray(3 * i, 3 * i + 3).indexOf(1));
  expect(classes).toEqual([2, 2, 2, 2, 0, 0, 0, 0]);
});
