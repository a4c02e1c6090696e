// The linter catches what would give a recipe another hash on another machine, where numbers reach a result, and what would
// mistake a value for another on hosts with several realms.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const biome = join(root, "node_modules/@biomejs/biome/bin/biome");

const functions = [
  ...["exp", "expm1", "log", "log1p", "log2", "log10", "pow", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"],
  ...["sin", "cos", "tan", "asin", "acos", "atan", "atan2", "cbrt", "hypot", "random"],
];

/** Lines that must be refused in numeric code, each on its own. */
const refused = [
  ...functions.map((name) => `export const ${name} = Math.${name};`),
  "export const called = (x: number): number => 1 + 2 * Math.exp(x);",
  "export const power = (x: number): number => 1 + x ** 2;",
  "export const scaled = (x: number): number => 2 ** x;",
  "export const root = 2 ** 0.5;",
  "export const decimal = 12 ** 2;",
  "export function assigned(x: number): number {\n  let y = x;\n  y **= 2;\n  return y;\n}",
  'export const computed = Math["exp"](1);',
  "export const { exp: destructured } = Math;",
  "export const renamed = Math;",
  "export const global = globalThis.Math.exp(1);",
  "export const now = Date.now();",
  "export const today = new Date();",
  "export const elapsed = performance.now();",
];

/** Lines that are fine anywhere. */
const allowed = [
  "export const exact = Math.sqrt(2) + Math.floor(2.5) + Math.max(1, 2) * Math.abs(-1) + Math.fround(0.1);",
  "export const integers = Math.imul(3, 4) + Math.clz32(1) + Math.trunc(1.5) + Math.sign(-2);",
  "export const constants = Math.PI + Math.LN2 + Math.SQRT1_2;",
  "export const powersOfTwo = 2 ** 32 - 1 + 2 ** -24;",
  "export const large = (x: bigint): bigint => x ** 2n;",
  "export const mapped = [1.5].map(Math.round);",
  "/** x ** 2, Math.exp(x), Date.now() in a comment. */\nexport const text = 'Math.exp(x)';",
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "distillate-lint-"));
  await cp(join(root, "biome.json"), join(folder, "biome.json"));
  await cp(join(root, "scripts"), join(folder, "scripts"), { recursive: true });
});
afterAll(() => rm(folder, { recursive: true }));

/** The files among these that the repository's linter refuses for what this test is about. */
async function findings(files: Readonly<Record<string, string>>): Promise<Set<string>> {
  await rm(join(folder, "src"), { recursive: true, force: true });
  for (const [path, source] of Object.entries(files)) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), `${source}\n`);
  }
  const args = [biome, "lint", "--vcs-enabled=false", "--reporter=json", "--max-diagnostics=none", "src"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder }).catch((error) => error);
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { category: string; severity: string; message: string; location: { path: string } }[];
  };
  const failed = diagnostics.find(({ message }) => message.includes("errored"));
  if (failed) throw new Error(failed.message);
  const ours = diagnostics.filter(
    ({ category, severity }) =>
      severity === "error" && (category === "plugin" || category === "lint/style/noRestrictedGlobals"),
  );
  return new Set(ours.map(({ location }) => location.path.replaceAll("\\", "/")));
}

const numbered = (folder: string, lines: readonly string[]) =>
  Object.fromEntries(lines.map((line, i) => [`${folder}/line${i}.ts`, line]));

describe("host mathematics and clocks", () => {
  test.each([
    "src/backend/wasm",
    ...["codecs", "numeric", "nn", "data", "inner", "engine", "distill", "distill/methods", "evaluate"].map(
      (folder) => `src/${folder}`,
    ),
  ])("are refused in %s", async (place) => {
    const files = numbered(place, refused);
    expect(await findings(files)).toEqual(new Set(Object.keys(files)));
  });

  test("are refused in src/numeric/random.ts", async () => {
    expect(await findings({ "src/numeric/random.ts": "export const u = Math.random();" })).toEqual(
      new Set(["src/numeric/random.ts"]),
    );
  });

  test("are fine in the reference backend, whose bits are compared with nothing, and where nothing is computed", async () => {
    const files = { ...numbered("src/backend/reference", refused), ...numbered("src/cli", refused) };
    expect(await findings(files)).toEqual(new Set());
  });
});

describe("instanceof with a class of the host", () => {
  test("is refused", async () => {
    const classes = [
      "Array",
      "Uint8Array",
      "Float32Array",
      "BigInt64Array",
      "ArrayBuffer",
      "SharedArrayBuffer",
      "Blob",
    ];
    const lines = [...classes, "Error", "TypeError", "AbortSignal"].map((name) => {
      return `export const is${name} = (value: unknown): boolean => !(value instanceof ${name});`;
    });
    const files = { ...numbered("src/nn", lines), ...numbered("src/cli", lines), ...numbered("src", lines) };
    expect(await findings(files)).toEqual(new Set(Object.keys(files)));
  });

  test("is fine with a class of our own", async () => {
    const line =
      'import { ShapeError } from "./errors.ts";\nexport const is = (value: unknown): boolean => value instanceof ShapeError;';
    expect(await findings({ "src/own.ts": line })).toEqual(new Set());
  });
});

test("what is exact everywhere is allowed everywhere", async () => {
  const files = { ...numbered("src/nn", allowed), ...numbered("src/distill", allowed) };
  expect(await findings(files)).toEqual(new Set());
});
