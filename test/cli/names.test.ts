// Texts in files of strangers reach a terminal and a page as text: none moves a cursor, hides or turns other text, or is markup.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkpointToBytes } from "../../src/formats/checkpoint-file.ts";
import { distilledToSafetensors } from "../../src/formats/distilled-file.ts";
import { describeModel } from "../../src/nn/describe.ts";
import { flatten, linear } from "../../src/nn/linear.ts";
import { sequential } from "../../src/nn/model.ts";
import { flatPng } from "../data/samples.ts";
import { makeSet } from "../formats/sets.ts";
import { distillate, type Outcome } from "./cli.ts";

/** What a terminal or a page would act on. */
const kinds = {
  "an escape": "\u001b[2J\u001b[31m",
  "a title": "\u001b]0;x\u0007",
  "an escape of one byte": "\u009b31m",
  "right to left": "\u202e",
  "an isolate": "\u2066",
  "a line separator": "\u2028",
  "a paragraph separator": "\u2029",
  "no width": "\u200b",
  "a byte order mark": "\ufeff",
  "a tag": "\u{e0041}",
  "half of a pair": "\ud800",
  delete: "\u007f",
  backspaces: "\b\b\b",
  "a private character": "\ue000",
};
const markup = `"'><script>alert(1)</script><img src=x onerror=alert(1)>&lt;`;
const evil = `${Object.values(kinds).join("")}${markup}`;
/** What a path of a recipe may hold of it. */
const evilPath = "\u202e\u2066\u200b\u2028\u{e0041}<img src=x onerror=alert(1)>";
const acts = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-names-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const put = (path: string, content: string | Uint8Array) => {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), content);
  return path;
};
const run = (args: string[], env: object = {}) => distillate(args, { cwd: folder, env });
/** Expects lines of plain text that show the escaped form of what the file holds. */
function expectPlain({ stdout, stderr }: Outcome, shown: string | RegExp = "\\u202e") {
  for (const text of [stdout, stderr]) expect(text.replaceAll("\n", "")).not.toMatch(acts);
  expect(stdout + stderr).toMatch(shown);
}

const model = sequential([1, 4, 5], [flatten(), linear({ out: 3 })]);
const recipe = {
  name: "mine",
  summary: `summary ${evil}`,
  data: { name: `data ${evil}`.slice(0, 190), path: evilPath },
  model: { name: "lenet" },
  init: { kind: "pretrained", pool: evilPath, training: { data: { name: "x", path: evilPath } } },
  paper: { accuracy: 50, text: `text ${evil}`.slice(0, 190) },
};
const set = makeSet({
  recipe: {
    [evil]: evil,
    name: evil,
    data: { name: evil, classNames: [evil, `b${evil}`, `c${evil}`] },
    model: describeModel(model),
    init: { kind: "random", scheme: evil },
    version: evil,
  },
});

test("the kinds are those that the pattern finds, one by one", () => {
  for (const [what, text] of Object.entries(kinds)) expect(text, what).toMatch(acts);
});

describe("on a terminal", () => {
  test.each([["recipes"], ["recipes", "--json"], ["run"], ["baselines"], ["train"]])(
    "%s of a recipe",
    async (...args) => {
      const [name, ...options] = args as [string, ...string[]];
      expectPlain(await run([name, put("recipe.json", JSON.stringify(recipe)), ...options]));
    },
  );

  test("what is wrong with a recipe: keys, values, and a stack", async () => {
    for (const wrong of [{ [evil]: 1 }, { name: evil }, { data: { [evil]: 1 } }, { method: { name: evil } }]) {
      const file = put("wrong.json", JSON.stringify({ ...recipe, ...wrong }));
      expectPlain(await run(["run", file], { DISTILLATE_DEBUG: "1" }));
    }
  });

  test.each([["inspect"], ["inspect", "--json"], ["evaluate"], ["evaluate", "--json"], ["verify"]])(
    "%s of a set",
    async (...args) => {
      const [name, ...options] = args as [string, ...string[]];
      expectPlain(await run([name, put("set.safetensors", distilledToSafetensors(set)), ...options]));
    },
  );

  test("names of files, folders and options that are not there", async () => {
    for (const args of [
      ["inspect", evilPath],
      ["report", evilPath],
      ["run", "--data", evilPath],
      ["run", `--${evilPath}`],
      [evilPath],
    ]) {
      expectPlain(await run(args));
    }
  });

  test("pictures and classes of a folder", async () => {
    put(`set/${evilPath}/1${evilPath}.png`, "no picture");
    put(`set/${evilPath}/2.png`, flatPng(2, 2, [1, 2, 3]));
    expectPlain(await run(["run", "--data", "set", "--size", "2"]), /\\u202e.*: expected a PNG/);
  });

  test("a checkpoint that another run left", async () => {
    const state = { version: evil, spec: { [evil]: evil, seed: evil }, step: 1, tensors: new Map() };
    const note = { recipe: { ...recipe, [evil]: 1 }, steps: 2, seconds: 1 };
    put("run/checkpoint.safetensors", await checkpointToBytes({ state, note }));
    expectPlain(await run(["run", "--resume", "run"]));
  });
});

test("a report's page holds what the files say as text, and prints its path", async () => {
  const name = `run ${evilPath}`;
  put(`${name}/distilled.safetensors`, distilledToSafetensors(set));
  put(`${name}/recipe.json`, JSON.stringify({ ...recipe, init: { kind: evil }, method: { name: evil, [evil]: evil } }));
  const texts = { recipe: evil, version: evil, backend: evil, simd: evil, data: { name: evil, test: 10 } };
  const measured = { mean: 0.5, std: 0.1, networks: 3 };
  put(`${name}/result.json`, JSON.stringify({ ...texts, evaluation: measured, baselines: { [evil]: measured } }));
  put(`${name}/metrics.jsonl`, `${JSON.stringify({ step: 1, loss: evil })}\n`);
  const said = await run(["report", name]);
  expect(said.code).toBe(0);
  expectPlain(said);
  const page = readFileSync(join(folder, name, "report.html"), "utf8");
  expect(page.replaceAll("\n", "")).not.toMatch(acts);
  expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(page).not.toMatch(/<script|<img src=x|onerror=[^a]|&lt;"/);
  // All quotation marks of the files are written as entities, so none ends an attribute.
  expect(page).not.toContain(`"'>`);
});
