// Readers that take paths: the changed file lies in a folder on a disk, beside others that stay.

import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { loadRecipe } from "../../../src/cli/input/recipe-file.ts";
import { loadResumed } from "../../../src/cli/input/resume.ts";
import { loadRunToVerify } from "../../../src/cli/input/run-to-verify.ts";
import { loadSet } from "../../../src/cli/input/saved-set.ts";
import { loadSweep } from "../../../src/cli/input/sweep-file.ts";
import { readComparedSet } from "../../../src/cli/output/compared-set.ts";
import { readRunParts } from "../../../src/cli/output/run-parts.ts";
import { writeNpy } from "../../../src/codecs/npy.ts";
import { FormatError } from "../../../src/errors.ts";
import { distilledToSafetensors } from "../../../src/formats/distilled-file.ts";
import { parametersToSafetensors } from "../../../src/formats/state-dict.ts";
import { trajectoryToSafetensors } from "../../../src/formats/trajectory-file.ts";
import { describeModel } from "../../../src/nn/describe.ts";
import {
  filesInFolder,
  loadCheckpoint,
  loadDataset,
  loadForeignSet,
  loadIdxFolder,
  loadParameters,
  loadPool,
} from "../../../src/node.ts";
import { findRecipe } from "../../../src/recipes.ts";
import { comparisonPage } from "../../../src/report/comparison.ts";
import { reportPage } from "../../../src/report/page.ts";
import { bytes, flatPng } from "../../data/samples.ts";
import { concat } from "../../formats/hostile.ts";
import { makeSet } from "../../formats/sets.ts";
import type { Seed } from "../mutate.ts";
import { headerOf } from "./codecs.ts";
import { checkpoint, model, parameters, signedHeader } from "./formats.ts";
import { type Reader, text, whole } from "./reader.ts";

const manifest = { format: "distillate pool 1", version: "0.1.0", pool: "train", seed: 1, networks: 1 };
const network = parametersToSafetensors(model, parameters, {}, [["accuracy", "0.75"]]);

const run: Readonly<Record<string, Uint8Array>> = {
  "distilled.safetensors": distilledToSafetensors(makeSet()),
  "metrics.jsonl": text('{"step":1,"loss":2.5}\n{"step":2,"loss":2,"accuracy":{"mean":0.5,"std":0.1,"networks":3}}\n'),
  "result.json": text(
    '{"recipe":"a","evaluation":{"mean":0.5,"std":0.1,"ci95":0.2,"networks":4},"baselines":{"random-real":{"mean":0.2}},' +
      '"data":{"name":"digits","train":10,"test":5},"seconds":1.5,"outerSteps":3,"seed":1,"threads":2,"sha256":"ab"}',
  ),
  "recipe.json": text(JSON.stringify(findRecipe("digits-random"))),
};

const idx: Readonly<Record<string, Uint8Array>> = {
  "train-images-idx3-ubyte": concat([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2], bytes(8)),
  "train-labels-idx1-ubyte": concat([0, 0, 8, 1, 0, 0, 0, 2], [0, 1]),
  "t10k-images-idx3-ubyte": concat([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2], bytes(8)),
  "t10k-labels-idx1-ubyte": concat([0, 0, 8, 1, 0, 0, 0, 2], [0, 1]),
};

const pictures: Readonly<Record<string, Uint8Array>> = Object.fromEntries(
  ["a/1.png", "a/2.png", "b/1.png"].map((path) => [path, flatPng(2, 2, [1, 2, 3])]),
);

/** Makes a row for a folder in which one file changes; `read` gets the paths of the folder and of that file. */
function row(
  name: string,
  covers: readonly string[],
  files: Readonly<Record<string, Uint8Array>>,
  changing: string,
  read: (folder: string, path: string) => Promise<unknown>,
  cases: number,
  seeds: readonly Seed[] = whole(files[changing]!),
): Reader {
  let folder: string | undefined;
  return {
    name: `on a disk: ${name}`,
    covers,
    seeds: () => seeds,
    read(content) {
      if (folder === undefined) {
        folder = mkdtempSync(join(tmpdir(), "distillate-fuzz-"));
        for (const [path, good] of Object.entries(files)) {
          mkdirSync(dirname(join(folder, path)), { recursive: true });
          writeFileSync(join(folder, path), good);
        }
      }
      writeFileSync(join(folder, changing), content);
      return read(folder, join(folder, changing));
    },
    cases,
  };
}

/** What `distillate evaluate --json` prints of a set, by its own training and by a protocol. */
const measured = { mean: 0.8, std: 0.02, networks: 5, ci95: 0.01 };
const evaluated = {
  data: { name: "digits", test: 1000 },
  ...measured,
  baselines: { "k-means": measured },
  sha256: "ab",
};
const judged = {
  protocol: "dc-bench",
  seeds: { networks: [1, 2] },
  data: { test: "digits", testImages: 1000 },
  storage: { images: 10, floats: 7960, bytes: 31840 },
  trainings: [{ entry: "distilled", architecture: "own", augmentation: "none", labels: "own", test: measured }],
  scores: { protocol: "dc-bench", entries: [{ entry: "distilled", augmentation: "dsa", best: measured }] },
};

/** Makes the page of a run, which no content of its files may stop; then throws what it says to be damaged. */
async function page(folder: string): Promise<void> {
  const parts = await readRunParts(folder);
  reportPage("run", parts, (label) => label);
  if (parts.missing.length > 0) throw new FormatError(parts.missing.join("; "));
}

/** Compares what the file of an evaluation says; then throws what is not there beside it. */
async function comparison(_: string, path: string): Promise<void> {
  const { compared, missing } = await readComparedSet(path, (label) => label);
  comparisonPage([compared], missing);
  if (missing.length > 0) throw new FormatError(missing.join("; "));
}

const set = run["distilled.safetensors"]!;
const pool = {
  "manifest.json": text(JSON.stringify({ ...manifest, model: describeModel(model) })),
  "network-0000.safetensors": network,
};

const epochs = trajectoryToSafetensors(model, [Float32Array.from(parameters), Float32Array.from(parameters)]);
const experts = {
  ...pool,
  "manifest.json": text(
    JSON.stringify({ ...manifest, model: describeModel(model), training: { epochs: 1 }, keepEpochs: true }),
  ),
  "network-0000-epochs.safetensors": epochs,
};
const loadTrajectories = (folder: string) => loadPool(folder, { trajectories: true });

/** Four images of 2 × 2 pixels and their labels, in files of their own. */
const foreign = {
  images: writeNpy({ shape: [4, 2, 2], data: Float32Array.from({ length: 16 }, (_, i) => (i % 2) / 1) }),
  labels: writeNpy({ shape: [4], data: Uint8Array.of(0, 1, 0, 1) }),
};

export const folderReaders: readonly Reader[] = [
  row("a recipe", ["loadRecipe", "readBytes"], run, "recipe.json", (_, path) => loadRecipe(path), 3_000),
  row(
    "a set",
    ["loadDistilled", "loadSet", "readBytes"],
    { "a.npz": set },
    "a.npz",
    (_, path) => loadSet(path),
    3_000,
    [headerOf(set)],
  ),
  row(
    "a set of another program",
    ["loadForeignSet"],
    { "images.npy": foreign.images, "labels.npy": foreign.labels },
    "images.npy",
    (_, path) => loadForeignSet(path),
    2_000,
  ),
  row("a network", ["loadParameters"], { n: network }, "n", (_, path) => loadParameters(path, model), 3_000),
  row(
    "the manifest of a pool",
    ["loadPool", "trainPoolFolder"],
    pool,
    "manifest.json",
    (folder) => loadPool(folder),
    8_000,
  ),
  row("a network of a pool", ["loadPool"], pool, "network-0000.safetensors", (folder) => loadPool(folder), 4_000, [
    ...whole(network),
    headerOf(network),
  ]),
  row("the manifest of a pool with epochs", ["loadPool"], experts, "manifest.json", loadTrajectories, 3_000),
  row(
    "the epochs of a network",
    ["trajectoryFromSafetensors"],
    experts,
    "network-0000-epochs.safetensors",
    loadTrajectories,
    4_000,
    [...whole(epochs), headerOf(epochs)],
  ),
  row(
    "a checkpoint",
    ["loadCheckpoint", "lastCheckpoint"],
    { c: checkpoint },
    "c",
    (_, path) => loadCheckpoint(path),
    4_000,
    [...whole(checkpoint), signedHeader(checkpoint)],
  ),
  row(
    "a sweep",
    ["loadSweep"],
    { "sweep.json": text('{"recipes":["a","b.json"],"options":{"data":"d","validation":true},"grid":{"seed":[1,2]}}') },
    "sweep.json",
    (_, path) => loadSweep(path),
    3_000,
  ),
  row(
    "an evaluation to compare",
    ["readComparedSet"],
    {},
    "evaluation.json",
    comparison,
    3_000,
    whole(...[evaluated, judged].map((json) => text(JSON.stringify(json)))),
  ),
  row(
    "a run to go on with",
    ["loadResumed"],
    { "checkpoint.safetensors": checkpoint },
    "checkpoint.safetensors",
    loadResumed,
    4_000,
    [signedHeader(checkpoint)],
  ),
  ...Object.entries({ "metrics.jsonl": 3_000, "result.json": 2_000, "recipe.json": 1_500 }).map(([path, cases]) =>
    row(
      `a report with ${path}`,
      ["readRunParts", "reportPage", "linesOf", "metricsIn", "readJson"],
      run,
      path,
      page,
      cases,
    ),
  ),
  ...Object.entries({ "metrics.jsonl": 3_000, "result.json": 2_000 }).map(([path, cases]) =>
    row(`a run to verify with ${path}`, ["loadRunToVerify"], run, path, (folder) => loadRunToVerify(folder), cases),
  ),
  row(
    "a folder of idx files",
    ["loadIdxFolder", "filesInFolder"],
    idx,
    "train-labels-idx1-ubyte",
    loadIdxFolder,
    3_000,
  ),
  row(
    "a folder of pictures",
    ["loadDataset", "loadNamed", "filesInFolder"],
    pictures,
    "a/1.png",
    async (folder) => {
      await filesInFolder(folder);
      await loadDataset(folder, { size: 2 });
    },
    2_000,
  ),
];
