// docs/format.md: what it says of the files is so, and its program reads them.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, inject, test } from "vitest";
import { parseNpz, writeNpz } from "../../src/codecs/npz.ts";
import { parseSafetensors } from "../../src/codecs/safetensors.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { digits } from "../../src/data/layouts/digits.ts";
import { subset } from "../../src/data/subsets.ts";
import { whiteningOf } from "../../src/data/whitening.ts";
import { whiten, zca } from "../../src/data.ts";
import type { DistilledSet } from "../../src/distill/distilled-set.ts";
import { fitTraining } from "../../src/distill/training.ts";
import { randomInit } from "../../src/distill/weight-source.ts";
import { imagesAt, randomPlaces } from "../../src/evaluate/baselines/real-images.ts";
import type { Evaluation } from "../../src/evaluate/evaluation.ts";
import { distilledFromBytes, distilledToNpz, distilledToSafetensors } from "../../src/formats/distilled-file.ts";
import { describeModel } from "../../src/nn/describe.ts";
import { convNet, lenet } from "../../src/nn/zoo.ts";
import { evaluate } from "../../src/run/in-place/evaluate.ts";
import { makeDecodedSet } from "./sets.ts";

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const doc = readFileSync(path("docs/format.md"), "utf8");
const set = await distilledFromBytes(readFileSync(path("test/formats/for-any-lenet.safetensors")), "for-any-lenet");

/** Names in the first column of the table under a heading. */
function named(heading: string): string[] {
  const [, section] = doc.split(`## ${heading}\n`);
  const rows = section!.split("\n## ")[0]!.matchAll(/^\| (`.*?) \|/gm);
  return [...rows].flatMap(([, cell]) => cell!.match(/(?<=`)\w+(?=`)/g)!);
}

test("files hold the arrays and keys that docs/format.md lists, in its shapes and types", async () => {
  const full = { ...set, momentum: 0.5, weightDecay: 1e-4 };
  const { tensors, metadata } = parseSafetensors(distilledToSafetensors(full), { name: "set" });

  const { imagesPerStep, images, targets } = set;
  const fit = { ...set, steps: 1, epochs: 0, learningRates: new Float32Array(0), training: fitTraining({}) };
  const [floats, labels] = [images.length / set.steps, targets.length / set.steps];
  const other = { ...fit, imagesPerStep, images: images.slice(0, floats), targets: targets.slice(0, labels) };
  const values = set.channels * set.height * set.width;
  const whitening = { epsilon: 0.1, mean: new Float32Array(values), matrix: new Float32Array(values * values) };
  const { tensors: white, metadata: ofWhite } = parseSafetensors(distilledToSafetensors({ ...full, whitening }), {
    name: "set",
  });
  const { metadata: ofFit } = parseSafetensors(distilledToSafetensors(other), { name: "set" });
  const decoded = (["formation", "memories"] as const).map((kind) =>
    parseSafetensors(distilledToSafetensors(makeDecodedSet(kind)), { name: kind }),
  );
  const arrays = new Set([white, ...decoded.map(({ tensors }) => tensors)].flatMap((map) => [...map.keys()]));
  expect(named("Arrays").sort()).toEqual([...arrays].sort());
  const keys = new Set(
    [metadata, ofFit, ofWhite, ...decoded.map(({ metadata }) => metadata)].flatMap((map) => [...map.keys()]),
  );
  expect(named("Metadata").sort()).toEqual([...keys].sort());
  expect(JSON.parse(doc.match(/`(\{"kind":"fit".*?\})`/)![1]!)).toEqual(fitTraining({}));
  const { steps: s, epochs: e, imagesPerStep: n, channels: c, height: h, width: w, classes: k } = set;
  expect(Object.fromEntries([...white].map(([name, { shape }]) => [name, shape]))).toEqual({
    images: [s, n, c, h, w],
    targets: [s, n, k],
    learning_rates: [s * e],
    mean: [c],
    std: [c],
    whitening_mean: [c, h, w],
    whitening_matrix: [c * h * w, c * h * w],
  });
  const npz = await parseNpz(distilledToNpz(full), { name: "set" });
  expect([...npz.keys()].sort()).toEqual([...tensors.keys(), "metadata"].sort());
  const example = JSON.parse(doc.match(/```json\n([\s\S]*?)```/)![1]!);
  for (const key of Object.keys(example)) expect(Object.keys(set.recipe), "the set's recipe").toContain(key);
});

const { path: python, missing: noPyTorch } = inject("tools").torch;

test.skipIf(noPyTorch)(
  "the 30 lines of PyTorch in docs/format.md reach from the file alone what evaluate() reaches",
  async () => {
    const program = doc.match(/```python\n([\s\S]*?)```/)![1]!;
    expect(program.trim().split("\n")).toHaveLength(30);
    const folder = mkdtempSync(join(tmpdir(), "distillate-"));
    try {
      writeFileSync(join(folder, "read.py"), program);
      writeFileSync(join(folder, "set.npz"), distilledToNpz(set));
      const networks = 10;
      const arguments_ = [join(folder, "read.py"), join(folder, "set.npz"), path("assets"), String(networks)];
      const { stdout, stderr } = spawnSync(python!, arguments_, { encoding: "utf8" });
      expect(stderr).toBe("");
      const theirs = Number(/^(\d+\.\d) ± \d+\.\d %\n$/.exec(stdout)![1]);
      const { test } = await digits();
      const ours = await evaluate({ set, model: lenet(), init: randomInit(), networks, test });
      // Both draw their own networks: five standard errors of the difference of two means.
      const bound = 5 * 100 * ours.std * Math.sqrt(2 / networks);
      console.log(`PyTorch ${theirs} %, evaluate() ${(100 * ours.mean).toFixed(1)} %, seed 1`);
      expect(Math.abs(theirs - 100 * ours.mean)).toBeLessThan(bound);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

describe.skipIf(noPyTorch)("the program in docs/format.md that reads any file reaches what evaluate() reaches", () => {
  const networks = 10;

  /** Returns the accuracy that the program prints, in per cent. */
  function theirs(trained: DistilledSet, images: Dataset, network?: string): number {
    const program = doc.split("## Any file, in PyTorch")[1]!.match(/```python\n([\s\S]*?)```/)![1]!;
    const folder = mkdtempSync(join(tmpdir(), "distillate-"));
    const file = (name: string, bytes: Uint8Array | string): string => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    try {
      const { count, channels, height, width, pixels, labels } = images;
      const arrays = writeNpz([
        ["images", { shape: [count, channels, height, width], data: pixels }],
        ["labels", { shape: [count], data: labels }],
      ]);
      const given = [file("train.py", program), file("set.npz", distilledToNpz(trained)), file("test.npz", arrays)];
      const others = network === undefined ? [] : [file("net.py", network)];
      const { stdout, stderr } = spawnSync(python!, ["-W", "ignore", ...given, String(networks), ...others], {
        encoding: "utf8",
      });
      expect(stderr).toBe("");
      return Number(/^(\d+\.\d) ± \d+\.\d %\n$/.exec(stdout)![1]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** Both draw their own networks: five standard errors of the difference of two means. */
  function expectAlike(ours: Evaluation, others: number): void {
    console.log(
      `PyTorch ${others} %, evaluate() ${(100 * ours.mean).toFixed(1)} ± ${(100 * ours.std).toFixed(1)} %, seed 0`,
    );
    expect(Math.abs(others - 100 * ours.mean)).toBeLessThan(5 * 100 * ours.std * Math.sqrt(2 / networks));
  }

  test("with a learned schedule, on the network of the recipe and on one of the user", async () => {
    const { test } = await digits();
    const ours = await evaluate({ set, model: lenet(), init: randomInit(), networks, test });
    expectAlike(ours, theirs(set, test));
    const linear = "import torch.nn as nn\ndef network(): return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))\n";
    expect(theirs(set, test, linear)).toBeGreaterThan(30);
  });

  test("with whitened images, centred labels, the loss mse and Adam along a cosine", async () => {
    const { train, test } = await digits();
    const [small, tested] = [subset(train, 0, 2000), subset(test, 0, 500)];
    const white = await whiten({ train: small, test: tested }, await zca(small));
    const model = convNet({ input: [1, 28, 28], classes: 10, width: 8, depth: 2, norm: "none" });
    const init = randomInit("kaiming-fan-in");
    const images = imagesAt(white.train, randomPlaces(white.train, 5, { seed: 1, purpose: "baseline/real", index: 0 }));
    const trained: DistilledSet = {
      ...{ steps: 1, epochs: 0, imagesPerStep: 50, channels: 1, height: 28, width: 28, classes: 10, images },
      targets: Float32Array.from({ length: 500 }, (_, at) => (Math.floor(at / 50) === at % 10 ? 0.9 : -0.1)),
      learningRates: new Float32Array(0),
      training: fitTraining({
        ...{ optimizer: "adam", epochs: 60, batch: 20, learningRate: 0.003, weightDecay: 0 },
        ...{ schedule: "cosine", warmupSteps: 20, finalShare: 0.01 },
      }),
      ...{ mean: small.mean, std: small.std, whitening: whiteningOf(white.train.whitened!) },
      recipe: { model: describeModel(model), init: { kind: "random", scheme: "kaiming-fan-in" }, loss: "mse" },
    };
    const ours = await evaluate({ set: trained, model, init, networks, test: white.test });
    expect(ours.mean).toBeGreaterThan(0.5);
    expectAlike(ours, theirs(trained, tested));
    await expect(
      evaluate({ set: trained, model, init, networks, test: white.test, loss: "cross-entropy" }),
    ).rejects.toThrow(
      '"loss" expected "mse" or nothing for a set whose labels were centred for it, got "cross-entropy"',
    );
  });
});
