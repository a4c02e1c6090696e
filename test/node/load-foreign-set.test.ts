// Sets of other programs from paths: files that belong together are found, and the commands read them with what is declared.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeNpy } from "../../src/codecs/npy.ts";
import { writeNpz } from "../../src/codecs/npz.ts";
import { foreignSet, loadForeignSet } from "../../src/node.ts";
import { distillate } from "../cli/cli.ts";
import * as pickles from "../codecs/pickles.ts";
import { randomIntegers } from "../formats/hostile.ts";

let folder: string;
const at = (...names: string[]): string => join(folder, ...names);
const below = randomIntegers(3);
/** Twenty grey images of 28 × 28 pixels as bytes, of ten classes. */
const images = Uint8Array.from({ length: 20 * 28 * 28 }, () => below(256));
const labels = Uint8Array.from({ length: 20 }, (_, i) => Math.floor(i / 2));

/** An archive of torch.save as DM's code writes it, of two experiments that share their arrays. */
function experiments(): Uint8Array {
  const sizes = (...of: number[]) => pickles.tuple(...of.map(pickles.int));
  const x = { type: "ByteStorage", length: pickles.int(images.length), shape: sizes(20, 1, 28, 28) };
  const y = { key: "1", type: "ByteStorage", length: pickles.int(20), shape: sizes(20), strides: sizes(1) };
  const pair = pickles.list(pickles.tensor({ ...x, strides: sizes(784, 784, 28, 1) }), pickles.tensor(y));
  return pickles.archive(pickles.dict([pickles.text("data"), pickles.list(pair, pair)]), [
    ["data/0", images],
    ["data/1", labels],
  ]);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-foreign-"));
  writeFileSync(at("images_best.npy"), writeNpy({ shape: [20, 28, 28], data: images }));
  writeFileSync(at("labels_best.npy"), writeNpy({ shape: [20], data: labels }));
  writeFileSync(at("lr_best.npy"), writeNpy({ shape: [], data: Float32Array.of(0.25) }));
  writeFileSync(at("images_alone.npy"), writeNpy({ shape: [20, 28, 28], data: images }));
  writeFileSync(at("res.pt"), experiments());
  writeFileSync(
    at("set.npz"),
    writeNpz([
      ["images", { shape: [20, 28, 28], data: images }],
      ["labels", { shape: [20], data: labels }],
    ]),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

test("files of labels and of a rate are found beside one of images, or are given", async () => {
  const found = await loadForeignSet(at("images_best.npy"));
  expect(found.set).toMatchObject({ imagesPerStep: 20, classes: 10, training: { learningRate: 0.25 } });
  expect(found.set.images).toEqual(Float32Array.from(images, (byte) => byte / 255));
  const given = await loadForeignSet([at("images_best.npy"), at("labels_best.npy")]);
  expect(given.set.training?.learningRate).toBe(0.01);
  expect(given.set.targets).toEqual(found.set.targets);
  const named = await loadForeignSet(at("set.npz"), { standardize: "mnist" });
  expect(named.set.mean).toEqual([0.1307]);
  const bytes = writeNpy({ shape: [20, 28, 28], data: images });
  await expect(foreignSet([{ path: "images.npy", bytes }])).rejects.toThrow("images.npy: expected images [n, …]");
});

test("what is not there is said", async () => {
  await expect(loadForeignSet(at("images_alone.npy"))).rejects.toThrow(`got "" [20, 28, 28]`);
  await expect(loadForeignSet(at("images_gone.npy"))).rejects.toMatchObject({ code: "ENOENT" });
  await expect(loadForeignSet([])).rejects.toThrow('"paths" expected at least one path');
  await expect(loadForeignSet([3] as never)).rejects.toThrow('"paths[0]" expected a string, got 3');
  await expect(loadForeignSet(at("res.pt"), { factors: 2 } as never)).rejects.toThrow("did you mean factor?");
});

test("the command evaluates an experiment of a .pt, and says what it took for granted", async () => {
  const networks = ["--model", "mlp", "--networks", "2", "--epochs", "2", "--threads", "1"];
  const several = await distillate(["evaluate", at("res.pt"), ...networks]);
  expect(several).toMatchObject({ code: 1, stdout: "" });
  expect(several.stderr).toContain(
    'expected one set, or an entry that says which, got "data[0]" (images [20, 1, 28, 28])',
  );
  const chosen = ["evaluate", at("res.pt"), "--entry", "data[1]"];
  const noModel = await distillate(chosen);
  expect(noModel.code).toBe(1);
  expect(noModel.stderr).toContain("is a set of another program, which names no network: give one by --model");

  const { code, stdout, stderr } = await distillate([...chosen, ...networks, "--standardize", "mnist", "--json"]);
  expect({ code, notes: stderr.split("\n").filter((line) => line.startsWith("note: ")) }).toEqual({
    code: 0,
    notes: [
      "note: form DC, guessed: DC, DSA or DM: a list of experiments",
      "note: layout NCHW, guessed: 1 channel before 28×28 pixels",
      "note: labels classes, file: one number an image",
      "note: classes 10, guessed: the largest label is 9",
      "note: normalization pixels, file: the images are bytes",
      "note: training 300 epochs, guessed: 300 epochs of SGD, as DC and DM evaluate",
    ],
  });
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({ networks: 2, epochs: 2, data: { name: "digits", test: 1000 } });
  expect(result.findings).toHaveLength(6);
  expect(result.mean).toBeGreaterThan(0);
});

test("a file of this library and one of another program are told apart by their content", async () => {
  const plain = await distillate(["inspect", at("set.npz"), "--json"]);
  expect(JSON.parse(plain.stdout)).toMatchObject({ classes: 10, recipe: { foreign: { at: "" } } });
  writeFileSync(
    at("rows.npz"),
    writeNpz([
      ["images", { shape: [4, 2, 2], data: Uint8Array.from({ length: 16 }, () => below(256)) }],
      ["labels", { shape: [4, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) }],
    ]),
  );
  const rows = await distillate(["inspect", at("rows.npz")]);
  expect(rows.stderr).toContain('"labels" with "labels": probabilities, logits, centred, got rows that sum to neither');
  writeFileSync(at("nothing.npz"), writeNpz([["metadata", { shape: [1], data: Float32Array.of(1) }]]));
  const nothing = await distillate(["inspect", at("nothing.npz")]);
  expect(nothing.stderr).toContain("nothing.npz: metadata: expected an array of uint8");
});

test("the command inspects such a set, and refuses what it is not", async () => {
  const shown = await distillate(["inspect", at("set.npz"), "--normalization", "pixels", "--json"]);
  expect(JSON.parse(shown.stdout)).toMatchObject({ classes: 10, recipe: { foreign: { files: ["set"] } } });
  const wrong = await distillate(["inspect", at("set.npz"), "--normalization", "fashion-mnist"]);
  expect(wrong).toMatchObject({ code: 1, stdout: "" });
  expect(wrong.stderr).toContain("expected another normalization than the declared fashion-mnist");
  const layout = await distillate(["evaluate", at("set.npz"), "--layout", "CHWN"]);
  expect(layout.code).toBe(2);
});
