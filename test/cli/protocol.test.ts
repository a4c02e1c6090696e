// `distillate evaluate --protocol` gives what judge() gives, as a table and as JSON.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { normalizedBatch } from "../../src/data/normalized-batch.ts";
import {
  type DistilledSet,
  describeModel,
  digits,
  distilledToNpz,
  type Judgement,
  judge,
  lenet,
  mlp,
  protocolNames,
} from "../../src/index.ts";
import { distillate } from "./cli.ts";

let folder: string;
let file: string;
let set: DistilledSet;
const data = await digits();
const model = lenet();

/** Ten real images, one of each class. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-"));
  file = join(folder, "set.npz");
  const { train } = data;
  const places = Array.from({ length: 10 }, (_, k) => train.labels.indexOf(k));
  const targets = new Float32Array(100);
  for (let k = 0; k < 10; k++) targets[11 * k] = 1;
  set = {
    ...{ steps: 1, epochs: 2, imagesPerStep: 10, channels: 1, height: 28, width: 28, classes: 10, targets },
    ...{ images: normalizedBatch(train, places).images as Float32Array, learningRates: new Float32Array([0.02, 0.02]) },
    ...{ mean: train.mean, std: train.std, recipe: { model: describeModel(model), loss: "cross-entropy", seed: 4 } },
  };
  writeFileSync(file, distilledToNpz(set));
});
afterAll(() => rmSync(folder, { recursive: true }));

const flags = ["--protocol", "dc-bench", "--epochs", "2", "--augmentations", "none,crop", "--baselines", "k-center"];

test("--json prints what judge gives, with the file and its digest", async () => {
  const { code, stdout, stderr } = await distillate(["evaluate", file, ...flags, "--architectures", "mlp", "--json"]);
  expect(code, stderr).toBe(0);
  const { file: named, sha256, ...judgement } = JSON.parse(stdout) as Judgement & { file: string; sha256: string };
  expect(named).toBe(file);
  expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  const architectures = { mlp: mlp({ input: [1, 28, 28], hidden: [128, 128], classes: 10 }) };
  const options = { set, protocol: "dc-bench", model, ...data, epochs: 2, seed: 4, threads: 1, architectures } as const;
  const expected = await judge({ ...options, augmentations: ["none", "crop"], baselines: ["k-center"] });
  expect(judgement).toEqual(JSON.parse(JSON.stringify(expected)));
});

test("a table has a row for each training, and says the cost before", async () => {
  const { code, stdout, stderr } = await distillate(["evaluate", file, ...flags]);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/note: trains at least 40 networks, [\d.]+ TFLOP/);
  const lines = stdout.trim().split("\n");
  expect(lines[0]).toMatch(/^dc-bench: 5 networks each, seed 4, 1,000 test images of digits, choices by \d+ training/);
  expect(lines.filter((line) => /^ {2}(the set|k-center images) .*% ± .*% ± /.test(line))).toHaveLength(6);
});

describe("what does not go together is refused", () => {
  test.each<[string[], RegExp]>([
    [["--protocol", "mine"], /Allowed choices are paper, dc-bench, dd-ranking/],
    [["--optimizer", "adam"], /--optimizer expected --protocol beside it/],
    [["--architectures", "mlp"], /--architectures expected --protocol beside it/],
    [[...flags, "--order", "shuffled"], /expected no --order with --protocol dc-bench/],
    [[...flags, "--weights", "pool"], /expected no --weights with --protocol dc-bench/],
    [[...flags, "--baselines", "nearest-k-means"], /--baselines expected kinds on which networks train/],
    [[...flags, "--networks", "3"], /"networks" expected at least 5 for the protocol "dc-bench", got 3/],
    [[...flags, "--architectures", "resnet"], /Expected one of lenet, /],
    [[...flags, "--augmentations", "blur"], /Expected some of none,dsa,dsa-no-flip,crop/],
  ])("%j", async (options, message) => {
    const { code, stderr } = await distillate(["evaluate", file, ...options]);
    expect(stderr).toMatch(message);
    expect(code).not.toBe(0);
  });
});

test("the names of protocols are those of the library", async () => {
  const { stdout } = await distillate(["evaluate", "--help"]);
  for (const name of protocolNames) expect(stdout).toContain(name);
});
