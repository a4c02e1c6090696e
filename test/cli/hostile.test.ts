// Files of strangers given to the command: it says what is wrong in a short line, at once, or does its work.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { saveDistilled } from "../../src/node.ts";
import { makeSet } from "../formats/sets.ts";
import { distillate } from "./cli.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "distillate-hostile-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(path: string, content: string): string {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), content);
  return path;
}

/** The one short line that a failure is. */
async function refusal(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await distillate(args, { cwd: folder });
  expect({ code, stdout }, stderr.slice(0, 500)).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^distillate: [^\n]{1,600}\n$/);
  return stderr.slice("distillate: ".length).trimEnd();
}

describe("JSON of strangers", () => {
  test("a recipe nested deeper than a stack is refused by run, train, baselines and report", async () => {
    const deep = write("deep/recipe.json", `${"[".repeat(100_000)}${"]".repeat(100_000)}`);
    const inside = write("inside/recipe.json", `{"name":"a","x":${'{"a":'.repeat(4000)}1${"}".repeat(4000)}}`);
    const levels = "expected JSON of at most 32 levels at character";
    const refusals = [deep, inside].flatMap((path) => ["run", "train", "baselines"].map((name) => refusal(name, path)));
    for (const said of await Promise.all(refusals)) expect(said).toContain(`/recipe.json: ${levels}`);
    expect(await refusal("report", "deep")).toBe(
      `deep: expected the folder of a run, found none that can be read: recipe.json: ${levels} 32, got more`,
    );
  });

  test("a page is not many times as large as the files that it is made of", async () => {
    const values = `${"[".repeat(30)}${"1,".repeat(100_000)}1${"]".repeat(30)}`;
    write("indents/recipe.json", `{"name":"a","x":${values}}`);
    write("indents/result.json", `{"baselines":{${Array.from({ length: 10_000 }, (_, i) => `"${i}":{"mean":0}`)}}}`);
    expect(await distillate(["report", "indents"], { cwd: folder })).toMatchObject({ code: 0 });
    expect(statSync(join(folder, "indents/report.html")).size).toBeLessThan(400_000);
  });

  test("a key of a megabyte is cut in the message", async () => {
    const key = "k".repeat(1_000_000);
    const recipe = { name: "a", data: { name: "digits" }, model: { name: "lenet" } };
    const wide = [
      { ...recipe, [key]: 1 },
      { ...recipe, outer: { [key]: 1 } },
      { ...recipe, init: { kind: key } },
    ];
    for (const [i, value] of wide.entries()) {
      expect(await refusal("run", write(`wide/${i}.json`, JSON.stringify(value)))).toMatch(/kkk…/);
    }
  });

  test("numbers that are not finite do not reach the page", async () => {
    const finite = JSON.stringify({ recipe: "a", evaluation: { mean: 0.5, std: 0.1, networks: 3 }, seconds: 1e308 });
    write("numbers/result.json", finite);
    write("numbers/recipe.json", '{"name":"a","paper":{"accuracy":1e999}}');
    write("numbers/metrics.jsonl", '{"step":1,"loss":2}\n{"step":2,"loss":NaN}\n');
    const first = await distillate(["report", "numbers"], { cwd: folder });
    expect(first.code).toBe(0);
    expect(first.stderr).toContain("note: metrics.jsonl: line 2: expected JSON, which has no NaN");
    expect(first.stderr).toContain(
      "note: recipe.json: expected a number that float64 can hold at character 32, got 1e999",
    );
    write("numbers/metrics.jsonl", '{"step":1,"loss":1e308}\n{"step":2,"loss":-1e308}\n{"step":3,"loss":2}\n');
    const second = await distillate(["report", "numbers"], { cwd: folder });
    expect(second).toMatchObject({ code: 0 });
    const page = readFileSync(join(folder, "numbers/report.html"), "utf8").replace(/<aside>.*?<\/aside>/s, "");
    expect(page).toContain("50.0");
    expect(page).not.toMatch(/NaN|Infinity|e\+\d/);
  });

  test("metrics.jsonl of blank or endless lines is refused by its first, and what is not drawn is let go", async () => {
    write("lines/recipe.json", "{}");
    write("lines/metrics.jsonl", "\n".repeat(2 ** 24));
    const blank = await distillate(["report", "lines"], { cwd: folder });
    expect(blank.stderr).toContain("note: metrics.jsonl: line 1: expected JSON\n");
    write("lines/metrics.jsonl", `{"step":1,"loss":1}\n{"step":2,"x":"${"a".repeat(5000)}"}\n`);
    const endless = await distillate(["report", "lines"], { cwd: folder });
    expect(endless.stderr).toContain("note: metrics.jsonl: line 2: expected at most 4096 bytes, got 5017\n");
  });
});

test("inspect gives the figures of a set with 150,000 learning rates, and report a page", async () => {
  mkdirSync(join(folder, "long"));
  const file = join(folder, "long/distilled.npz");
  await saveDistilled(file, makeSet({ steps: 1, epochs: 150_000 }));
  const { code, stdout, stderr } = await distillate(["inspect", file]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/learning rates +\[150000\] +0\.02 to 150 +mean 75\.02\n/);
  expect(await distillate(["inspect", file, "--png", join(folder, "long.png"), "--json"])).toMatchObject({ code: 0 });
  expect(await distillate(["report", join(folder, "long")])).toMatchObject({ code: 0 });
  expect(statSync(join(folder, "long/report.html")).size).toBeLessThan(100_000);
});

test("names in a set reach neither terminal nor JSON output as characters that are not seen", async () => {
  const file = join(folder, "names.npz");
  await saveDistilled(file, makeSet({ recipe: { "a\u202eb": "c\u2028d\u2066", model: "\u202e" } }));
  const [text, json] = await Promise.all([distillate(["inspect", file]), distillate(["inspect", file, "--json"])]);
  for (const { code, stdout } of [text, json]) {
    expect(code).toBe(0);
    expect(stdout).toMatch(/a\\u202eb.*c\\u2028d\\u2066/);
    expect(stdout).not.toMatch(/[\u2028\u202e\u2066]/);
  }
  expect(JSON.parse(json.stdout).recipe).toMatchObject({ "a\u202eb": "c\u2028d\u2066" });
});

describe.skipIf(process.platform === "win32")("pipes and devices", () => {
  test("are refused as metrics.jsonl, as a recipe, as a set and as data", async () => {
    const pipe = (path: string) => {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      expect(spawnSync("mkfifo", [join(folder, path)]).status).toBe(0);
      return path;
    };
    const expected = "expected a regular file, got a named pipe (FIFO)";
    write("pipes/recipe.json", "{}");
    pipe("pipes/metrics.jsonl");
    const report = await distillate(["report", "pipes"], { cwd: folder });
    expect(report.stderr).toContain(`note: metrics.jsonl: ${expected}\n`);
    const recipe = pipe("pipes/other.json");
    const set = pipe("pipes/set.npz");
    const said = await Promise.all([
      refusal("run", recipe),
      refusal("train", recipe),
      refusal("inspect", set),
      refusal("evaluate", set),
      refusal("run", "--data", set),
      refusal("verify", set),
      refusal("inspect", "/dev/zero"),
    ]);
    expect(said.slice(0, 6)).toEqual([recipe, recipe, set, set, set, set].map((path) => `${path}: ${expected}`));
    expect(said[6]).toMatch(/^\/dev\/zero: expected a regular file, got a device/);
  });
});
