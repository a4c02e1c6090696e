// Paths inside files of strangers: only those of a recipe that the user names are opened, as docs/recipes.md says.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeNpy } from "../../src/codecs/npy.ts";
import { distilledToNpz, distilledToSafetensors } from "../../src/formats/distilled-file.ts";
import { parametersToSafetensors } from "../../src/formats/state-dict.ts";
import { describeModel } from "../../src/nn/describe.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { flatPng } from "../data/samples.ts";
import { ascii } from "../formats/hostile.ts";
import { makeSet } from "../formats/sets.ts";
import { forge as forgeTar, pax } from "../formats/tar-forger.ts";
import { forge as forgeZip } from "../formats/zip-forger.ts";
import { distillate } from "./cli.ts";

const hook = fileURLToPath(new URL("opened.mjs", import.meta.url));
let root: string;
/** A folder beside the work folder that no file may lead to. */
let canary: string;
let work: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "distillate-paths-"));
  canary = join(root, "canary");
  work = join(root, "work");
  for (const folder of [canary, work]) mkdirSync(folder);
  writeFileSync(join(canary, "secret"), "secret");
});
afterAll(() => rmSync(root, { recursive: true }));

const put = (path: string, content: string | Uint8Array) => {
  mkdirSync(join(work, path, ".."), { recursive: true });
  writeFileSync(join(work, path), content);
};
/** The calls of the file system that a command made, and what it said. */
async function calls(...args: string[]) {
  const log = join(root, `calls-${Math.random()}`);
  writeFileSync(log, "");
  const env = { NODE_OPTIONS: `--import ${hook}`, OPENED: log };
  const said = await distillate(args, { cwd: work, env });
  const made = readFileSync(log, "utf8");
  rmSync(log);
  return { ...said, made };
}

const model = sequential([1, 4, 5], [flatten(), linear({ out: 3 })]);
const paths = () => [canary, join(canary, "secret"), "../canary/secret", "../canary"];
/** A recipe, as a set or a run's folder records it, in which every text is a path that leads away. */
const recorded = (path: string) => ({
  name: path,
  path,
  file: path,
  data: { name: path, path },
  init: { kind: "pretrained", pool: path, testPool: path, sha256: path, networks: 1 },
  model: describeModel(model),
  seed: path,
});

test("the control: the path of a recipe that the user names is opened, from the recipe's folder", async () => {
  const recipe = { name: "mine", data: { name: "x", path: "../canary/secret" }, model: { name: "lenet" } };
  put("mine.json", JSON.stringify(recipe));
  const { code, made } = await calls("run", "mine.json");
  expect(code).toBe(1);
  expect(made).toContain("canary/secret");
});

describe("nothing is opened or written that is named", () => {
  const untouched = (made: string, opened: string) => {
    expect(made).toContain(opened);
    expect(made).not.toContain("canary");
    expect(readdirSync(root).sort()).toEqual(["canary", "work"]);
    expect(readdirSync(canary)).toEqual(["secret"]);
  };

  test("by the recipe of a set, when it is inspected or evaluated", async () => {
    for (const [i, path] of paths().entries()) {
      const set = makeSet({ recipe: recorded(path) });
      put(`set-${i}.safetensors`, distilledToSafetensors(set));
      put(`set-${i}.npz`, distilledToNpz(set));
    }
    const all = paths().flatMap((_, i) => [`set-${i}.safetensors`, `set-${i}.npz`]);
    for (const file of all) untouched((await calls("inspect", file)).made, file);
    untouched((await calls("evaluate", all[0]!, "--networks", "1")).made, all[0]!);
  });

  test("by the files of a run's folder, when a report is made of it", async () => {
    for (const [i, path] of paths().entries()) {
      put(`run-${i}/recipe.json`, JSON.stringify(recorded(path)));
      put(`run-${i}/result.json`, JSON.stringify({ recipe: path, data: { name: path }, out: path, file: path }));
      put(`run-${i}/metrics.jsonl`, `${JSON.stringify({ step: 1, loss: 1, file: path })}\n`);
      const { code, made } = await calls("report", `run-${i}`);
      expect(code).toBe(0);
      untouched(made, `run-${i}`);
    }
  });

  test("by the manifest of a pool", async () => {
    const network = parametersToSafetensors(model, new Float32Array(model.parameterCount));
    const manifest = { format: "distillate pool 1", networks: 1, model: describeModel(model) };
    for (const [i, path] of paths().entries()) {
      put(`pool-${i}/manifest.json`, JSON.stringify({ ...manifest, folder: path, files: [path], network: path }));
      put(`pool-${i}/network-0000.safetensors`, network);
      put("set.npz", distilledToNpz(makeSet({ recipe: recorded(path) })));
      untouched((await calls("evaluate", "set.npz", "--weights", `pool-${i}`, "--networks", "1")).made, `pool-${i}`);
    }
  });

  test("by archives and by lists in them, when they are data", async () => {
    const picture = flatPng(2, 2, [1, 2, 3]);
    const array = writeNpy({ shape: [1], data: Uint8Array.of(1) });
    const xml =
      "<annotation><folder>../canary</folder><filename>../../canary/secret</filename><path>../canary/secret</path><object>" +
      "<name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></object></annotation>";
    const lists = [
      { name: "images.txt", data: ascii("1 x/../../canary/secret\n2 ../canary/secret\n") },
      { name: "image_class_labels.txt", data: ascii("1 1\n2 2\n") },
      { name: "train_test_split.txt", data: ascii("1 1\n2 0\n") },
    ];
    const voc = [
      { name: "ImageSets/Main/trainval.txt", data: ascii("a\n") },
      { name: "ImageSets/Main/test.txt", data: ascii("../../canary/secret\n") },
      { name: "Annotations/a.xml", data: ascii(xml) },
      { name: "JPEGImages/a.jpg", data: picture },
    ];
    const leading = ["../canary/a/1.png", `${canary}/b/2.png`, "x/../../canary/c/3.png"];
    const archives: Record<string, Uint8Array> = {
      "names.tar": forgeTar([
        ...leading.map((name) => ({ name, data: picture })),
        { kind: "x", data: pax("path", "../canary/d/4.png") },
        { data: picture },
        { name: "e/5.png", kind: "2", link: "../../canary/secret" },
        { name: "e/6.png", kind: "1", link: `${canary}/secret` },
      ]),
      "names.zip": forgeZip(leading.map((name) => ({ name, data: picture }))),
      "names.npz": forgeZip([{ name: "../canary/x.npy", data: array }]),
      "lists.tar": forgeTar(lists),
      "voc.tar": forgeTar(voc),
    };
    for (const [name, content] of Object.entries(archives)) {
      put(name, content);
      const { code, made } = await calls("run", "--data", name, "--size", "2", "--outer-steps", "1", "--out", "runs/x");
      expect(code, name).toBe(1);
      untouched(made, name);
    }
  });
});
