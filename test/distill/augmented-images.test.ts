// The augmentation of distilled images: each strategy is what DSA's is, its backward pass is the gradient, and what is drawn is a
// function of key and position.
import { describe, expect, test } from "vitest";
import { Arena } from "../../src/backend/arena.ts";
import { write } from "../../src/backend/backend.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { createWasmBackend } from "../../src/backend/wasm/backend.ts";
import { type AugmentStrategy, drawImages, strategyNames } from "../../src/inner/augment-strategies.ts";
import { AugmentedImages } from "../../src/inner/augmented-images.ts";
import type { Batch } from "../../src/inner/batch.ts";
import { RealBatch } from "../../src/inner/real-batch.ts";
import type { ImageShape } from "../../src/nn/layer.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { type RandomKey, uniforms } from "../../src/numeric/philox.ts";
import { randomKey } from "../../src/numeric/random.ts";
import { atOnce } from "../../src/platform/parts.ts";
import { expectClose, float64Tolerance, paint } from "../helpers.ts";
import { noPyTorch, pytorch } from "../pytorch.ts";

const image: ImageShape = [3, 10, 10];
const [count, lanes] = [6, 8];
const n = 300 * lanes;
const key = randomKey(7, "augment", 3);

type Passes = { readonly y: Float64Array; readonly ry: Float64Array; readonly dx: Float64Array };

/** x′, the tangent of x′ along u, and the gradient of ⟨x′, u⟩, in float64. */
async function passes(
  strategies: readonly AugmentStrategy[],
  given: {
    x: ArrayLike<number>;
    u: ArrayLike<number>;
    key: RandomKey;
    count?: number;
    first?: number;
    groupOf?: ((position: number) => number) | undefined;
    networksTogether?: boolean;
  },
): Promise<Passes> {
  const backend = createReferenceBackend();
  const arena = new Arena(backend);
  const [x, u, y, ry, dx] = [0, 1, 2, 3, 4].map(() => arena.allocate(n)) as [number, number, number, number, number];
  const { networksTogether = false } = given;
  const likeGpu = {
    ops: backend.ops,
    upload: backend.upload.bind(backend),
    plan: { ...backend.plan, networksTogether },
  };
  const augmented = new AugmentedImages(strategies, image, lanes, likeGpu, arena);
  write(backend, x, given.x);
  write(backend, u, given.u);
  const drawn = augmented.draw(given.key, { count, ...given });
  drawn.forward(y, x);
  drawn.tangent(ry, u);
  drawn.backward(dx, u);
  const read = async (from: number) => (await backend.read(from, n)) as Float64Array;
  return { y: await read(y), ry: await read(ry), dx: await read(dx) };
}

/** Images [3, 10, 10, lanes] with zeros in the padding lanes. */
const images = (seed: number): Float64Array => Float64Array.from(paint(n, seed), (v, i) => (i % lanes < count ? v : 0));

/** What the parameters of the op are, from image to image. */
function parametersOf(
  strategy: AugmentStrategy,
  of: RandomKey,
  shape: ImageShape,
  images: number,
): (readonly number[])[] {
  return drawImages([strategy], shape, of, { count: images }).map(({ parameters }) => parameters);
}

describe.skipIf(noPyTorch)("a strategy does what DSA does, forward and backward", () => {
  // The formulas of the paper's code for one image, with draws u that are given.
  const program = `
def affine(x, theta):
    grid = F.affine_grid(torch.tensor([theta], dtype=torch.float64), x[None].shape, align_corners=False)
    return F.grid_sample(x[None], grid, align_corners=False)[0]
def color(x, u):
    x = x + (u[0] - 0.5)
    mean = x.mean(0, keepdim=True)
    x = (x - mean) * (2 * u[1]) + mean
    mean = x.mean()
    return (x - mean) * (u[2] + 0.5) + mean
def crop(x, u):
    c, h, w = x.shape
    s = int(h * 0.125 + 0.5)
    padded = F.pad(x, [s, s, s, s])
    top, left = int(u[0] * (2 * s + 1)), int(u[1] * (2 * s + 1))
    return padded[:, top:top + h, left:left + w]
def cutout(x, u):
    c, h, w = x.shape
    size = int(h * 0.5 + 0.5)
    top, left = (int(v * (h + 1 - size % 2)) - size // 2 for v in u[:2])
    rows = torch.arange(top, top + size).clamp(0, h - 1)
    columns = torch.arange(left, left + size).clamp(0, w - 1)
    mask = torch.ones(h, w, dtype=x.dtype)
    mask[rows[:, None], columns[None]] = 0
    return x * mask
def flip(x, u): return x.flip(2) if u[0] < 0.5 else x
def scale(x, u): return affine(x, [[1 / 1.2 + u[0] * (1.2 - 1 / 1.2), 0, 0], [0, 1 / 1.2 + u[1] * (1.2 - 1 / 1.2), 0]])
def rotate(x, u):
    a = (u[0] - 0.5) * 2 * 15 / 180 * math.pi
    return affine(x, [[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0]])
lanes = given["lanes"]
def images(name): return torch.tensor(given[name], dtype=torch.float64).view(3, 10, 10, lanes).permute(3, 0, 1, 2)
x = images("x").clone().requires_grad_()
def passes(strategy):
    x.grad = None
    y = torch.stack([globals()[strategy](x[b], u) for b, u in enumerate(given["draws"])])
    (y * images("u")[:len(y)]).sum().backward()
    return [y.detach().flatten().tolist(), x.grad[:len(y)].flatten().tolist()]
print(json.dumps({strategy: passes(strategy) for strategy in given["strategies"]}))
`;

  /** [count, 3, 10, 10] of [3, 10, 10, lanes] */
  const rows = (values: Float64Array): Float64Array =>
    Float64Array.from({ length: 300 * count }, (_, i) => values[(i % 300) * lanes + Math.floor(i / 300)]!);

  const [x, u] = [images(1), images(2)];
  let answers: Record<AugmentStrategy, readonly [x: number[], dx: number[]]> | undefined;
  /** Asks PyTorch once, for all strategies. */
  const answerOf = (strategy: AugmentStrategy): readonly [number[], number[]] => {
    const draws = Array.from({ length: count }, (_, position) => uniforms(key, position, 1));
    answers ??= pytorch(program, { strategies: strategyNames, lanes, x, u, draws }) as typeof answers;
    return answers![strategy];
  };

  test.each(strategyNames)("%s", async (strategy) => {
    const { y, ry, dx } = await passes([strategy], { x, u, key });
    const [expected, gradient] = answerOf(strategy);
    expectClose(rows(y), expected, float64Tolerance, `x′ of ${strategy}, seeds 1 and 7`);
    expectClose(rows(dx), gradient, float64Tolerance, `dx of ${strategy}, seeds 2 and 7`);
    // The map is affine: A(x + u) + b = (A·x + b) + A·u.
    const both = (await passes([strategy], { x: x.map((v, i) => v + u[i]!), u, key })).y;
    const sum = y.map((v, i) => v + ry[i]!);
    expectClose(rows(both), rows(sum), float64Tolerance, `tangent of ${strategy}, seeds 1, 2 and 7`);
    // Padding lanes stay zero in gradients.
    expect(dx.filter((_, i) => i % lanes >= count).every((v) => v === 0)).toBe(true);
  });
});

describe("what is drawn", () => {
  test("is each strategy equally often, one for a batch or for a group", () => {
    const strategies = ["color", "cutout", "crop"] as const;
    const times = { byBatch: new Map<string, number>(), byGroup: new Map<string, number>() };
    const count = (of: Map<string, number>, op: string): unknown => of.set(op, (of.get(op) ?? 0) + 1);
    for (let step = 0; step < 600; step++) {
      const batch = drawImages(strategies, image, randomKey(1, "augment", step), { count: 5 });
      expect(new Set(batch.map(({ op }) => op)).size).toBe(1);
      count(times.byBatch, batch[0]!.op);
    }
    const key = randomKey(2, "augment");
    for (const { op } of drawImages(strategies, image, key, { count: 600, groupOf: (i) => i }))
      count(times.byGroup, op);
    for (const of of Object.values(times)) {
      expect(of.size).toBe(3);
      // 200 ± 11.5 each; five standard deviations.
      for (const n of of.values()) expect(Math.abs(n - 200)).toBeLessThan(58);
    }
  });

  test("is in the ranges of the paper, and reaches their ends", () => {
    const many = 4000;
    const of = (strategy: AugmentStrategy, shape: ImageShape = [3, 32, 24]) => parametersOf(strategy, key, shape, many);
    const ends = (values: readonly number[]): [number, number] => [Math.min(...values), Math.max(...values)];
    const column = (rows: readonly (readonly number[])[], k: number) => rows.map((row) => row[k]!);

    expect(ends(column(of("crop"), 2))).toEqual([-3, 3]);
    expect(ends(column(of("crop"), 5))).toEqual([-4, 4]);
    expect(ends(column(of("crop", [1, 28, 28]), 5))).toEqual([-4, 4]);
    expect(ends(column(of("cutout"), 0))).toEqual([-8, 24]);
    expect(ends(column(of("cutout"), 3))).toEqual([6, 30]);
    for (const [top, bottom, left, right] of of("cutout") as [number, number, number, number][]) {
      expect([bottom - top, right - left]).toEqual([16, 12]);
    }
    const flips = column(of("flip"), 0);
    expect(new Set(flips)).toEqual(new Set([1, -1]));
    expect(Math.abs(flips.filter((v) => v < 0).length - many / 2)).toBeLessThan(160);
    for (const [k, strategy, least, most] of [
      [0, "scale", 1 / 1.2, 1.2],
      [4, "scale", 1 / 1.2, 1.2],
      [3, "rotate", -Math.sin(Math.PI / 12), Math.sin(Math.PI / 12)],
      [3, "color", -0.5, 0.5],
      [2, "color", -0.5, 0.5],
    ] as const) {
      const [from, to] = ends(column(of(strategy), k));
      expect(from).toBeGreaterThanOrEqual(least);
      expect(to).toBeLessThanOrEqual(most);
      expect([(from - least) / (most - least), (most - to) / (most - least)].every((gap) => gap < 0.01)).toBe(true);
    }
    // The two directions of a scale have nothing to do with each other.
    const [a, b] = [column(of("scale"), 0), column(of("scale"), 4)];
    const covariance = a.reduce((sum, v, i) => sum + (v - 1.0167) * (b[i]! - 1.0167), 0) / many;
    expect(Math.abs(covariance) / ((1.2 - 1 / 1.2) ** 2 / 12)).toBeLessThan(5 / Math.sqrt(many));
  });

  test.each(strategyNames)("is the same for a batch in pieces, and for a key: %s", async (strategy) => {
    const [x, u] = [images(1), images(2)];
    const whole = await passes([strategy], { x, u, key });
    expect(await passes([strategy], { x, u, key })).toEqual(whole);
    expect(await passes([strategy], { x, u, key: randomKey(7, "augment", 4) })).not.toEqual(whole);
    // Images 2 … 5 alone, in lanes 0 … 3.
    const moved = (values: Float64Array) => values.map((_, i) => (i % lanes < 4 ? values[i + 2]! : 0));
    const { y, dx } = await passes([strategy], { x: moved(x), u: moved(u), key, count: 4, first: 2 });
    for (const [piece, all] of [
      [y, whole.y],
      [dx, whole.dx],
    ] as const) {
      const lanesOf = (values: Float64Array) => values.filter((_, i) => i % lanes < 4);
      expect(lanesOf(piece)).toEqual(lanesOf(moved(all)));
    }
  });

  test("is one for all images of a group, here and in another batch, and of each group its own", async () => {
    const one = paint(300, 1);
    const x = Float64Array.from({ length: n }, (_, i) => (i % lanes < count ? one[Math.floor(i / lanes)]! : 0));
    const imageOf = (values: Float64Array, b: number) => values.filter((_, i) => i % lanes === b);
    const [grouped, other] = [[0, 1, 2, 0, 1, 2] as const, [2, 2, 1, 3, 0, 5] as const];
    // The first key by which these groups have three ops.
    const opsBy = (key: RandomKey) =>
      new Set(drawImages(strategyNames, image, key, { count, groupOf: (i) => grouped[i]! }).map(({ op }) => op));
    const mixed = Array.from({ length: 100 }, (_, k) => randomKey(7, "augment", k)).find(
      (each) => opsBy(each).size === 3,
    );
    const given = { x, u: images(2), key: mixed! };
    const { y, dx } = await passes(strategyNames, { ...given, groupOf: (i) => grouped[i]! });
    const second = await passes(strategyNames, { ...given, groupOf: (i) => other[i]! });
    for (let a = 0; a < count; a++) {
      for (let b = 0; b < count; b++) {
        if (grouped[a] === grouped[b]) expect(imageOf(y, a)).toEqual(imageOf(y, b));
        else expect(imageOf(y, a)).not.toEqual(imageOf(y, b));
        if (grouped[a] === other[b]) expect(imageOf(y, a)).toEqual(imageOf(second.y, b));
      }
    }
    // Every image goes back by its own map alone.
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
    const { ry } = await passes(strategyNames, { ...given, u: x, groupOf: (i) => grouped[i]! });
    for (let b = 0; b < count; b++) {
      const [forward, back] = [dot(imageOf(ry, b), imageOf(given.u, b)), dot(imageOf(x, b), imageOf(dx, b))];
      expectClose([forward], [back], float64Tolerance, `⟨Ax, u⟩ of image ${b}, seeds 1, 2 and 7`, 100);
    }
  });

  test("is the same where networks side by side record every op", async () => {
    const given = { x: images(1), u: images(2), key };
    for (const groupOf of [undefined, (i: number) => i]) {
      const alone = await passes(strategyNames, { ...given, groupOf });
      expect(await passes(strategyNames, { ...given, groupOf, networksTogether: true })).toEqual(alone);
    }
  });
});

describe.each(strategyNames)("a large batch, in chunks of several threads", (strategy) => {
  test(`has the bits of one whose images were augmented all at once: ${strategy}`, async () => {
    // 300 images are three chunks.
    const [images, shape] = [300, [2, 6, 6] as const];
    const model = sequential(shape, [flatten(), linear({ out: 3 })]);
    const features = 72;
    const [x, targets, theta] = [paint(images * features, 1), paint(3 * images, 2), paint(model.parameterCount, 3)];
    const batchOf = (rows: ArrayLike<number>): Batch => ({
      ...{ count: images, hard: false },
      imagesInto: (out, from) => out.set(Array.from(rows).slice(from * features, from * features + out.length)),
      targetsInto: (out, from) => out.set(targets.subarray(3 * from, 3 * from + out.length)),
    });
    const backend = await createWasmBackend({ threads: 2 });
    const arena = new Arena(backend);
    const [rows, packed, unpacked] = [0, 1, 2].map(() => arena.allocate(images * features)) as [number, number, number];
    const [weights, gradient] = [arena.allocate(model.parameterCount), arena.allocate(model.parameterCount)];
    const loss = arena.allocate(1);
    const passes = new RealBatch(model, backend, arena, images, "cross-entropy", [strategy]);
    const augmented = new AugmentedImages([strategy], shape, images, backend, arena);
    write(backend, weights, theta);
    const resultOf = async (batch: Batch, augmentation?: RandomKey): Promise<unknown> => {
      atOnce(passes.loss(weights, batch, gradient, loss, undefined, augmentation && { key: augmentation }));
      return [await backend.read(loss, 1), await backend.read(gradient, model.parameterCount)];
    };
    write(backend, rows, x);
    backend.ops.packImages(packed, rows, { features, images, lanes: images });
    augmented.draw(key, { count: images }).forward(unpacked, packed);
    backend.ops.unpackImages(rows, unpacked, { features, images, lanes: images });
    const before = (await backend.read(rows, images * features)) as Float32Array;
    const inChunks = await resultOf(batchOf(x), key);
    expect(inChunks).toEqual(await resultOf(batchOf(before)));
    // And a batch without a key is not augmented.
    expect(inChunks).not.toEqual(await resultOf(batchOf(x)));
    await backend.dispose();
  });
});
