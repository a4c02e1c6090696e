import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeNpz } from "../../src/codecs/npz.ts";
import { contactSheet } from "../../src/formats/contact-sheet.ts";
import { describeModel, lenet } from "../../src/index.ts";
import { loadDistilled, saveDistilled } from "../../src/node.ts";
import { makeFitSet, makeSet } from "../formats/sets.ts";
import { distillate, writeIdxFolder } from "./cli.ts";

let folder: string;
let data: string;
let result: Record<string, unknown> & { evaluation: object };
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "distillate-cli-"));
  data = writeIdxFolder(join(folder, "painted"));
  const args = ["run", "--data", data, "--outer-steps", "2", "--batch", "40", "--evaluate", "2", "--seed", "5"];
  const noBaselines = ["--baselines", "none"];
  const { code, stderr } = await distillate([...args, ...noBaselines, "--out", folder]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  result = JSON.parse(readFileSync(join(folder, "result.json"), "utf8"));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const ofFailure = (line: string) => ({ code: 1, stdout: "", stderr: `distillate: ${line}\n` });

test.each(["safetensors", "npz"])("evaluate repeats the run's evaluation from its .%s", async (extension) => {
  const file = join(folder, `distilled.${extension}`);
  const { code, stdout, stderr } = await distillate(["evaluate", file, "--data", data, "--networks", "2", "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toEqual({
    file,
    data: { name: "painted", test: 50 },
    epochs: 3,
    order: "learned",
    init: "random",
    seed: 5,
    images: 100,
    storage: { floats: 100 * 784 + 30, bytes: 4 * (100 * 784 + 30) },
    ...result.evaluation,
    sha256: result.sha256,
  });
});

test("evaluate says in a line how good the set is, and that the data are others than the set's", async () => {
  const args = ["evaluate", "distilled.npz", "--networks", "1", "--seed", "6"];
  const { code, stdout, stderr } = await distillate(args, { cwd: folder });
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^\d+\.\d % on 1,000 test images of digits \(1 network, seed 6\)\nafter training on 100 images, stored in 78,430 floats, 313,720 bytes\n$/,
  );
  expect(stderr).toBe("note: distilled.npz was distilled from painted; see --data\n");
});

test("evaluate takes more epochs than were learned, and the blocks in another order", async () => {
  const means = [[], ["--epochs", "3"], ["--epochs", "9"], ["--epochs", "9", "--order", "shuffled"]].map(
    async (more) => {
      const args = ["evaluate", "distilled.npz", "--networks", "2", "--data", data, "--json", ...more];
      const { code, stdout } = await distillate(args, { cwd: folder });
      expect(code).toBe(0);
      return JSON.parse(stdout);
    },
  );
  const [learned, same, more, shuffled] = await Promise.all(means);
  expect(learned).toMatchObject({ epochs: 3, order: "learned" });
  expect(same).toEqual(learned);
  expect(more).toMatchObject({ epochs: 9, order: "learned" });
  expect(more.accuracies).not.toEqual(learned.accuracies);
  expect(shuffled).toMatchObject({ epochs: 9, order: "shuffled" });
});

test("evaluate refuses files whose recipe does not fit", async () => {
  const model = describeModel(lenet());
  const set = await loadDistilled(join(folder, "distilled.npz"));
  const refusal = async (name: string, recipe: object, changes: object = {}) => {
    const file = join(folder, `${name}.npz`);
    await saveDistilled(file, { ...set, ...changes, recipe: recipe as Record<string, unknown> });
    const { code, stdout, stderr } = await distillate(["evaluate", file, "--data", data]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^distillate: [^\n]+\n$/);
    return stderr.replace(`distillate: ${file}: `, "").trimEnd();
  };
  expect(await refusal("bare", {})).toBe("expected recipe.model, which says what network to train, got none");
  expect(await refusal("no-init", { model })).toContain("expected recipe.init, which says where initial weights");
  const layers = [{ kind: "attention" }];
  expect(await refusal("unknown-layer", { model: { ...model, layers } })).toContain("recipe.model: layer 0: expected");
  expect(await refusal("other-model", { model: describeModel(lenet({ size: 32 })) })).toContain(
    "expected recipe.model for 10 classes of images [1,28,28], as the tensors say, got 10 classes of [1,32,32]",
  );
});

test.each(["safetensors", "npz"])("inspect shows and draws what is in a .%s", async (extension) => {
  const file = join(folder, `distilled.${extension}`);
  const png = join(folder, `${extension}.png`);
  const text = await distillate(["inspect", file, "--png", png]);
  expect(text).toMatchObject({ code: 0, stderr: "" });
  expect(text.stdout).toContain(`${file}: 100 distilled images, 10 steps × 3 epochs, stored in 78,430 floats`);
  expect(text.stdout).toContain("[10, 10, 1, 28, 28]");
  expect(text.stdout).toContain('\n  init {"kind":"random","scheme":"xavier-normal"}\n');
  expect(text.stdout).toContain(`\nsha256 ${result.sha256}\n`);
  const set = await loadDistilled(file);
  expect(readFileSync(png).equals(await contactSheet(set))).toBe(true);

  const json = JSON.parse((await distillate(["inspect", file, "--json"])).stdout);
  expect(json).toMatchObject({
    steps: 10,
    images: { shape: [10, 10, 1, 28, 28] },
    normalisation: { mean: set.mean, std: set.std },
    recipe: set.recipe,
    sha256: result.sha256,
  });
  expect(json.learningRates.values).toEqual([...set.learningRates]);
});

test("inspect does not let a file write to the terminal", async () => {
  const file = join(folder, "escape.npz");
  await saveDistilled(file, makeSet({ recipe: { "\u001b[2Jkey": "\u009b2J\u0007\n" } }));
  const { code, stdout } = await distillate(["inspect", file]);
  expect(code).toBe(0);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  expect(stdout).toContain("\\u001b[2Jkey");
});

test("files that are missing, damaged or unwritable are one line and exit code 1", async () => {
  const missing = join(folder, "none.npz");
  for (const command of ["evaluate", "inspect"]) {
    expect(await distillate([command, missing])).toEqual(ofFailure(`${missing}: no such file or folder`));
  }
  const damaged = join(folder, "damaged.safetensors");
  writeFileSync(damaged, readFileSync(join(folder, "distilled.safetensors")).subarray(0, 5000));
  const outcome = await distillate(["inspect", damaged]);
  expect(outcome).toMatchObject({ code: 1, stdout: "" });
  expect(outcome.stderr).toMatch(/^distillate: \S*damaged\.safetensors: [^\n]+\n$/);
  const nowhere = join(folder, "nowhere", "a.png");
  expect(await distillate(["inspect", join(folder, "distilled.npz"), "--png", nowhere])).toEqual(
    ofFailure(`cannot write ${nowhere}: no such file or folder`),
  );
});

test("evaluate trains networks of another kind, beside baselines, on workers as in place", async () => {
  const file = join(folder, "distilled.safetensors");
  const args = ["evaluate", file, "--data", data, "--model", "mlp", "--networks", "2", "--json"];
  const { code, stdout, stderr } = await distillate([...args, "--baselines", "class-average,nearest-k-means"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const { baselines, ...measured } = JSON.parse(stdout);
  expect(measured.accuracies).not.toEqual((result.evaluation as { accuracies: number[] }).accuracies);
  expect(baselines).toMatchObject({ "class-average": { networks: 2, epochs: 3 }, "nearest-k-means": { draws: 5 } });
  const onWorkers = await distillate([...args, "--workers", "2", "--threads", "1"]);
  expect(JSON.parse(onWorkers.stdout)).toEqual(measured);
}, 60_000);

test("what a reader decided is said on stderr", async () => {
  const classes = Uint8Array.from({ length: 10 }, (_, i) => i % 2);
  const images = { shape: [10, 9, 11, 3], data: new Uint8Array(10 * 9 * 11 * 3).fill(7) };
  const file = join(folder, "photos.npz");
  writeFileSync(file, writeNpz(Object.entries({ x_train: images, y_train: { shape: [10], data: classes } })));
  const { code, stderr } = await distillate(["run", "--data", file, "--out", join(folder, "photos")]);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^note: .*photos\.npz: there is no test part, so 20 % of each class, chosen at random, are the test images\n/,
  );
  expect(stderr).toContain("photos: LeNet expects images of 28×28 or 32×32, got 9×11 in 3 channels");
});

test("evaluate refuses a network that does not take such images, and an unknown name", async () => {
  const file = join(folder, "distilled.safetensors");
  const run = (model: string) => distillate(["evaluate", file, "--data", data, "--model", model]);
  expect(await run("alexnet")).toEqual(
    ofFailure(`${file}: AlexNet expects images of 224×224 in 3 channels, got 28×28 in 1 channel`),
  );
  const { code, stderr } = await run("vgg");
  expect(code).toBe(2);
  expect(stderr).toContain("Expected one of lenet, alexcifarnet, alexnet, convnet,");
});

test("baselines prints a table or JSON, the same that it writes, and refuses unknown names", async () => {
  const out = join(folder, "baselines.json");
  const args = ["baselines", "digits-fixed", "--data", data, "--evaluate", "2", "--baselines", "k-means,class-average"];
  const { code, stdout, stderr } = await distillate([...args, "--tune-epochs", "1,3", "--json", "--out", out]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const printed = JSON.parse(stdout);
  expect(printed).toEqual(JSON.parse(readFileSync(out, "utf8")));
  expect(printed).toMatchObject({
    recipe: "digits-fixed",
    images: 10,
    data: { name: "painted", train: 200, test: 50 },
  });
  expect(Object.keys(printed.baselines)).toEqual(["class-average", "k-means"]);
  expect([1, 3]).toContain(printed.baselines["k-means"].epochs);
  const text = await distillate(args);
  expect(text.stdout).toMatch(/from 10 images:\n.*\n +class averages +\d+\.\d %.*\n +k-means centres +\d+\.\d %/);
  expect((await distillate(["baselines", "--baselines", "best"])).code).toBe(2);
}, 60_000);

test("report makes a page of the folder, and says what it misses", async () => {
  const page = join(folder, "page.html");
  expect(await distillate(["report", folder, "--out", page])).toEqual({ code: 0, stdout: `${page}\n`, stderr: "" });
  expect(readFileSync(page, "utf8").match(/<img /g)).toHaveLength(100);
  const part = join(folder, "part");
  mkdirSync(part);
  writeFileSync(join(part, "result.json"), readFileSync(join(folder, "result.json")));
  writeFileSync(join(part, "metrics.jsonl"), '{"step":1,"loss":2}\n{"step":');
  writeFileSync(join(part, "recipe.json"), "{");
  const { code, stderr } = await distillate(["report", part]);
  expect(code).toBe(0);
  expect(stderr).toBe("note: distilled.safetensors: no such file or folder\nnote: recipe.json: expected JSON\n");
  expect(readFileSync(join(part, "report.html"), "utf8")).toContain("recipe.json: expected JSON");
  const nowhere = join(folder, "none");
  expect(await distillate(["report", nowhere])).toEqual(ofFailure(`${nowhere}: no such file or folder`));
  mkdirSync(nowhere);
  expect((await distillate(["report", nowhere])).stderr).toContain(
    "expected the folder of a run, found none of its files",
  );
});

test("a set with a protocol is evaluated, inspected and drawn", async () => {
  const [height, width] = [28, 28];
  const recipe = { model: describeModel(lenet()), init: { kind: "random", scheme: "xavier-normal" }, seed: 1 };
  const set = makeFitSet({ height, width, classes: 10, imagesPerStep: 10, recipe });
  await saveDistilled(join(folder, "fit.npz"), set);
  const args = ["fit.npz", "--networks", "2", "--data", data, "--baselines", "random-real", "--json"];
  const judged = await distillate(["evaluate", ...args], { cwd: folder });
  expect(judged).toMatchObject({ code: 0 });
  const { training } = set;
  expect(JSON.parse(judged.stdout)).toMatchObject({
    ...{ epochs: 20, order: "shuffled", networks: 2 },
    baselines: { "random-real": { epochs: 20, learningRate: 0.01 } },
  });
  const refused = await distillate(["evaluate", "fit.npz", "--data", data, "--order", "learned"], { cwd: folder });
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('"order" expected nothing or "shuffled"') });
  const json = await distillate(["inspect", "fit.npz", "--json", "--png", "fit.png"], { cwd: folder });
  expect(JSON.parse(json.stdout)).toMatchObject({ training, steps: 1, epochs: 0 });
  expect(JSON.parse(json.stdout)).not.toHaveProperty("learningRates");
  const { stdout } = await distillate(["inspect", "fit.npz"], { cwd: folder });
  expect(stdout).toContain("fit.npz: 10 distilled images, stored in 7,840 floats, 31,360 bytes\n");
  expect(stdout).toContain("training of networks\n");
  expect(stdout).not.toMatch(/undefined|NaN|Infinity|learning rates/);
});
