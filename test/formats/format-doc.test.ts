// docs/format.md: what it says of the files is so, and its program reads them.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, inject, test } from "vitest";
import { parseNpz } from "../../src/codecs/npz.ts";
import { parseSafetensors } from "../../src/codecs/safetensors.ts";
import { digits } from "../../src/data/layouts/digits.ts";
import { fitTraining } from "../../src/distill/training.ts";
import { randomInit } from "../../src/distill/weight-source.ts";
import { distilledFromBytes, distilledToNpz, distilledToSafetensors } from "../../src/formats/distilled-file.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { evaluate } from "../../src/run/in-place/evaluate.ts";

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const doc = readFileSync(path("docs/format.md"), "utf8");
const set = await distilledFromBytes(readFileSync(path("examples/browser/made-before.safetensors")), "made-before");

/** Names in the first column of the table under a heading. */
function named(heading: string): string[] {
  const [, section] = doc.split(`## ${heading}\n`);
  const rows = section!.split("\n## ")[0]!.matchAll(/^\| (`.*?) \|/gm);
  return [...rows].flatMap(([, cell]) => cell!.match(/(?<=`)\w+(?=`)/g)!);
}

test("files hold the arrays and keys that docs/format.md lists, in its shapes and types", async () => {
  const full = { ...set, momentum: 0.5, weightDecay: 1e-4 };
  const { tensors, metadata } = parseSafetensors(distilledToSafetensors(full), { name: "set" });
  expect(named("Arrays").sort()).toEqual([...tensors.keys()].sort());
  const { imagesPerStep, images, targets } = set;
  const fit = { ...set, steps: 1, epochs: 0, learningRates: new Float32Array(0), training: fitTraining({}) };
  const [floats, labels] = [images.length / set.steps, targets.length / set.steps];
  const other = { ...fit, imagesPerStep, images: images.slice(0, floats), targets: targets.slice(0, labels) };
  const { metadata: ofFit } = parseSafetensors(distilledToSafetensors(other), { name: "set" });
  expect(named("Metadata").sort()).toEqual([...new Set([...metadata.keys(), ...ofFit.keys()])].sort());
  expect(JSON.parse(doc.match(/`(\{"kind":"fit".*?\})`/)![1]!)).toEqual(fitTraining({}));
  const { steps: s, epochs: e, imagesPerStep: n, channels: c, height: h, width: w, classes: k } = set;
  expect(Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]))).toEqual({
    images: [s, n, c, h, w],
    targets: [s, n, k],
    learning_rates: [s * e],
    mean: [c],
    std: [c],
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
