// The check of layers and sizes finds each violation, in made-up trees of a few files.
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkLayers } from "../scripts/check-layers.mjs";

const script = fileURLToPath(new URL("../scripts/check-layers.mjs", import.meta.url));

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "distillate-layers-"));
});
afterEach(() => rm(root, { recursive: true }));

/** Writes a tree whose layers have these paths, lowest first. */
async function write(layers: readonly string[], files: Readonly<Record<string, string>>): Promise<void> {
  const entries = layers.map((path) => `  { "path": "${path}", "holds": "something" }`);
  const all = { "layers.json": `[\n${entries.join(",\n")}\n]\n`, ...files };
  for (const [path, text] of Object.entries(all)) {
    await mkdir(join(root, dirname(path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

/** The findings in such a tree as "kind file:line". */
async function findings(layers: readonly string[], files: Readonly<Record<string, string>>): Promise<string[]> {
  await write(layers, files);
  return checkLayers(root).findings.map(({ kind, file, line }) => `${kind} ${file}:${line}`);
}

const nothing = "export {};\n";
const lines = (n: number) => "// A line.\n".repeat(n);
const parameters = (n: number) => Array.from({ length: n }, (_, i) => `p${i}: i32`).join(", ");

describe("imports", () => {
  test("of the same layer, of lower ones, of packages and of what the build writes are fine", async () => {
    const high = 'import "node:fs";\nimport "./b.ts";\nimport "../low/c.ts";\nimport "../low/made.gen.ts";\n';
    const files = { "src/high/a.ts": high, "src/high/b.ts": nothing, "src/low/c.ts": nothing };
    expect(await findings(["low", "high"], files)).toEqual([]);
  });

  test.each([
    ["import", 'import { b } from "../high/b.ts";'],
    ["import for its effect", 'import "../high/b.ts";'],
    ["import of a type", 'import type { B } from "../high/b.ts";'],
    ["export", 'export * from "../high/b.ts";'],
    ["export of a type", 'export type { B } from "../high/b.ts";'],
    ["import when it runs", 'export const b = import("../high/b.ts");'],
    ["import of a template", "export const b = import(`../high/b.ts`);"],
    ["type written in place", 'export let b: import("../high/b.ts").B;'],
    ["type of a module", 'export let b: typeof import("../high/b.ts");'],
    ["import by require", 'import b = require("../high/b.ts");'],
  ])("that look up are found: %s", async (_, line) => {
    const files = { "src/low/a.ts": `// First.\n${line}\n`, "src/high/b.ts": nothing };
    expect(await findings(["low", "high"], files)).toEqual(["upward src/low/a.ts:2"]);
  });

  test("in comments and strings are none", async () => {
    const text = '// import "../high/b.ts";\nexport const text = \'import "../high/b.ts"\';\n';
    expect(await findings(["low", "high"], { "src/low/a.ts": text, "src/high/b.ts": nothing })).toEqual([]);
  });

  test("reach the file that pages load in place of another too", async () => {
    const files = {
      "src/low/a.ts": 'import "./place.ts";\n',
      "src/low/place.ts": nothing,
      "src/low/place.page.ts": 'import "../high/b.ts";\nimport "./a.ts";\n',
      "src/high/b.ts": nothing,
    };
    expect(await findings(["low", "high"], files)).toEqual(["loop src/low/a.ts:1", "upward src/low/place.page.ts:1"]);
  });

  test("of a computed name, of files that are missing and of sources outside src/ are found", async () => {
    const text = 'const name = "./b.ts";\nimport(name);\nimport "./gone.ts";\nimport "../../test/c.ts";\n';
    const files = { "src/low/a.ts": text, "test/c.ts": nothing };
    expect(await findings(["low"], files)).toEqual([2, 3, 4].map((line) => `uncovered src/low/a.ts:${line}`));
  });
});

describe("layers", () => {
  test("that import each other are found, with the way up", async () => {
    const files = {
      "src/low/a.ts": 'import type {} from "../high/b.ts";\n',
      "src/high/b.ts": 'import "../low/c.ts";\n',
    };
    expect(await findings(["low", "high"], { ...files, "src/low/c.ts": nothing })).toEqual([
      "upward src/low/a.ts:1",
      "mutual src/low/a.ts:1",
    ]);
    expect(checkLayers(root).counts).toMatchObject({ mutual: 1, upward: 1, loop: 0 });
  });

  test("are rooms and files of their own where they have an entry: the longest path counts", async () => {
    const files = {
      "src/house/a.ts": nothing,
      "src/house/room/b.ts": 'import "../a.ts";\n',
      "src/house/main.ts": 'import "./room/b.ts";\n',
      "src/houses.ts": nothing,
    };
    expect(await findings(["houses.ts", "house", "house/room", "house/main.ts"], files)).toEqual([]);
    expect(await findings(["houses.ts", "house/main.ts", "house/room", "house"], files)).toEqual([
      "upward src/house/main.ts:1",
      "upward src/house/room/b.ts:1",
    ]);
  });

  test("apart in the list cannot hide that their folders import each other", async () => {
    const files = {
      "src/house/a.ts": nothing,
      "src/garden/b.ts": 'import "../house/a.ts";\n',
      "src/house/room/c.ts": 'import "../../garden/b.ts";\n',
    };
    expect(await findings(["house", "garden", "house/room"], files)).toEqual(["mutual src/house/room/c.ts:1"]);
  });

  test("must cover each file, and each must cover one", async () => {
    const files = { "src/low/a.ts": nothing, "src/lower/b.ts": nothing };
    expect(await findings(["low", "gone"], files)).toEqual(["unused layers.json:3", "uncovered src/lower/b.ts:1"]);
  });
});

test("loops between files are found once each, by their shortest way, types included", async () => {
  const files = {
    "src/low/a.ts": 'import "./b.ts";\n',
    "src/low/b.ts": 'import "./c.ts";\n',
    "src/low/c.ts": 'import type { A } from "./a.ts";\nimport "./d.ts";\n',
    "src/low/d.ts": 'import "./c.ts";\n',
    "src/low/e.ts": 'import "./a.ts";\n',
    "src/low/x.ts": 'import "./y.ts";\n',
    "src/low/y.ts": 'import "./x.ts";\n',
  };
  await write(["low"], files);
  const { findings: found, counts } = checkLayers(root);
  expect(counts.loop).toBe(2);
  expect(found.map(({ message }) => message)).toEqual([
    expect.stringMatching(/src\/low\/(c.*2 imports src\/low\/d|d.*1 imports src\/low\/c)\.ts.*among 4 files/),
    expect.stringContaining("(src/low/x.ts:1 imports src/low/y.ts, src/low/y.ts:1 imports src/low/x.ts):"),
  ]);
});

describe("sizes", () => {
  test("of files: 350 lines are fine, 351 are not, in src/ and assembly/", async () => {
    const files = {
      "src/low/a.ts": lines(350),
      "src/low/b.ts": lines(351),
      "src/low/c.gen.ts": lines(500),
      "assembly/k.ts": lines(351),
    };
    expect(await findings(["low"], files)).toEqual(["longFile assembly/k.ts:1", "longFile src/low/b.ts:1"]);
  });

  test.each([
    ["function", "export function long() {", "}"],
    ["arrow", "export const long = () => {", "};"],
    ["method", "export class Long { long() {", "}}"],
    ["constructor", "export class Long { constructor() {", "}}"],
    ["getter", "export const long = { get long() {", "return 1; } };"],
    ["function of a kernel", "@inline export function long(): void {", "}"],
  ])("of functions: 80 lines are fine, 81 are not: %s", async (_, head, tail) => {
    const text = (inside: number) => `// First.\n${head}\n${lines(inside)}${tail}\n`;
    const files = { "src/low/a.ts": text(78), "src/low/b.ts": text(79), "assembly/k.ts": text(79) };
    expect(await findings(["low"], files)).toEqual(["longFunction assembly/k.ts:2", "longFunction src/low/b.ts:2"]);
  });

  test("of functions: the documentation above one does not count", async () => {
    const text = `/**\n${" * A line.\n".repeat(100)} */\nexport function short() {}\n`;
    expect(await findings(["low"], { "src/low/a.ts": text })).toEqual([]);
  });

  test.each([
    ["function", (list: string) => `export function many(${list}): void {}`],
    ["arrow", (list: string) => `export const many = (${list}): void => {};`],
    ["signature", (list: string) => `export interface Many { many(${list}): void }`],
  ])("of parameter lists: 11 are fine, 12 are not: %s", async (_, made) => {
    const files = { "src/low/a.ts": made(parameters(11)), "src/low/b.ts": made(parameters(12)) };
    expect(await findings(["low"], files)).toEqual(["parameters src/low/b.ts:1"]);
  });
});

test("the command prints each violation and the counts, and exits 1; 0 where there is none", async () => {
  await write(["low", "high"], { "src/low/a.ts": 'import "../high/b.ts";\n', "src/high/b.ts": nothing });
  const bad = spawnSync(process.execPath, [script, root], { encoding: "utf8" });
  expect(bad.stderr).toContain("src/low/a.ts:1: This imports src/high/b.ts");
  expect(bad.stdout).toMatch(
    /^2 files of src\/: folders that import each other: 0, imports of something not lower: 1,/,
  );
  expect(bad.status).toBe(1);

  await writeFile(join(root, "src/low/a.ts"), nothing);
  const good = spawnSync(process.execPath, [script, root], { encoding: "utf8" });
  expect(good.stderr).toBe("");
  expect(good.stdout).toContain("loops between files: 0");
  expect(good.status).toBe(0);
});
