// The package that npm would publish: its entries, its types, what a page downloads of it.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { publint } from "publint";
import { expect, test } from "vitest";
import { needs } from "../src/platform/worker-source.page.gen.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const page = join(root, "dist/page");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const read = (name: string): string => readFileSync(join(page, name), "utf8");

/** Gzipped bytes that a bundled page downloads in all, by what it does: library, kernels, worker, and the parts of the worker. */
const mostBytes = {
  distils: 136_200,
  trains: 105_100,
};
/** What it downloads of that before it starts. */
const MOST_AT_START = 106_500;
/** Without a bundler, which leaves out what the page does not use: readers and writers of files, other layers. */
const MOST_UNBUNDLED = 156_700;

const gzipped = (text: string | Uint8Array): number => gzipSync(text, { level: 9 }).length;

/** A module of dist/page and all that it imports before it runs. */
function closure(name: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const [, next] of read(name).matchAll(/\b(?:from|import)"\.\/([^"]+)"/g)) closure(next!, seen);
  return seen;
}

/** The files of a page that uses these names, and what it downloads of them before it starts and when its worker needs these parts. */
async function bundled(names: string, entries: readonly string[]): Promise<{ start: number; later: number }> {
  const contents = `import { ${names} } from "./index.js"; Object.assign(globalThis, { ${names} });`;
  const options = { bundle: true, minify: true, format: "esm", splitting: true, write: false } as const;
  const stdin = { contents, resolveDir: page, sourcefile: "program.js" };
  const silent = { logLevel: "silent", metafile: true, outdir: "out" } as const;
  const { outputFiles, metafile } = await build({ stdin, ...options, ...silent });
  const outputs = Object.entries(metafile.outputs);
  const closure = (file: string, files: Set<string> = new Set()): Set<string> => {
    files.add(file);
    for (const { kind, path } of metafile.outputs[file]!.imports) {
      if (kind === "import-statement" && !files.has(path)) closure(path, files);
    }
    return files;
  };
  const startingAt = (pattern: RegExp): string =>
    outputs.find(([, { entryPoint = "" }]) => pattern.test(entryPoint))![0];
  const bytes = (files: Iterable<string>): number =>
    [...files].reduce((sum, file) => {
      return sum + gzipped(outputFiles.find(({ path }) => path.endsWith(file))!.contents);
    }, 0);
  const first = closure(startingAt(/program\.js$/));
  expect(first.size).toBeGreaterThan(1);
  const wanted = new Set(entries.flatMap((entry) => needs![entry]!));
  const later = [...wanted].flatMap((part) => [...closure(startingAt(new RegExp(`worker-part-${part}\\.page`)))]);
  return { start: bytes(first), later: bytes(new Set(later.filter((file) => !first.has(file)))) };
}

test.each([
  ["distils", "backGradient, digits, distill, evaluate, lenet, randomInit, trainOn", ["part:distill", "part:train"]],
  ["trains", "evaluate, lenet, randomInit, trainOn", ["part:train"]],
] as const)(
  "a page that %s downloads at most 135.6 or 108.1 KB in all, and at most 108.3 KB before it starts, its worker and kernels included",
  async (does, names, entries) => {
    const { start, later } = await bundled(names, entries);
    console.log(`a bundled page that ${does}: ${start} bytes gzipped before it starts, and ${later} when it does`);
    expect(later).toBeGreaterThan(1000);
    expect(start).toBeLessThanOrEqual(MOST_AT_START);
    expect(start + later).toBeLessThanOrEqual(mostBytes[does]);
  },
);

test("without a bundler it downloads at most 158.5 KB, with the kernels and the worker once", () => {
  const files = [...closure("index.js")];
  const bytes = files.reduce((sum, name) => sum + gzipped(read(name)), 0);
  console.log(`index.js and ${files.length - 1} chunks: ${bytes} bytes gzipped`);
  expect(bytes).toBeLessThanOrEqual(MOST_UNBUNDLED);
  const text = files.map(read).join("");
  // A kernel thread's life stands only in the source of the worker; "H4sI" is how gzipped kernels begin in base64.
  for (const part of [".threadMain(", "H4sI"]) expect(text.split(part).length - 1, part).toBe(1);
});

test("nothing for pages has code of Node's", () => {
  for (const name of readdirSync(page).filter((name) => name.endsWith(".js"))) {
    expect(read(name), name).not.toMatch(/["'`]node:|getBuiltinModule|worker_threads|workerData/);
  }
});

test("every entry is there, its types first", () => {
  for (const [entry, conditions] of Object.entries<string | Record<string, string>>(manifest.exports)) {
    const files = typeof conditions === "string" ? [conditions] : Object.values(conditions);
    for (const file of files) expect(existsSync(join(root, file)), `${entry}: ${file}`).toBe(true);
    if (typeof conditions === "object") expect(Object.keys(conditions)[0], entry).toBe("types");
  }
});

test("the licences of the JPEG decoder come along with it", () => {
  const [file] = /dist\/licences\/[\w.-]+/.exec(readFileSync(join(root, "LICENSE"), "utf8"))!;
  const text = readFileSync(join(root, file), "utf8");
  for (const name of ["Apache License", "IJG (Independent JPEG Group) License", "Modified (3-clause) BSD License"]) {
    expect(text).toContain(name);
  }
});

test.skipIf(process.platform === "win32")("the command can be executed as the build leaves it", () => {
  for (const file of Object.values<string>(manifest.bin)) {
    expect(statSync(join(root, file)).mode & 0o111, file).toBe(0o111);
    expect(execFileSync(join(root, file), ["--version"], { encoding: "utf8" }).trim()).toBe(manifest.version);
  }
});

test("every file that a packed document links to is packed too", () => {
  const options = ["pack", "--dry-run", "--ignore-scripts", "--json"];
  const [{ files }] = JSON.parse(execFileSync("npm", options, { cwd: root, encoding: "utf8", stdio: "pipe" }));
  const packed: string[] = files.map(({ path }: { path: string }) => path);
  const documents = packed.filter((path) => path.endsWith(".md"));
  expect(documents).toContain("docs/format.md");
  for (const document of documents) {
    const links = readFileSync(join(root, document), "utf8").matchAll(/\]\((?!https?:|#)([^)#]+)/g);
    for (const [, link] of links) {
      const target = posix.join(posix.dirname(document), link!);
      expect(
        packed.some((path) => path === target || path.startsWith(target)),
        `${document}: ${link}`,
      ).toBe(true);
    }
  }
});

test("pages and Node get the same names", async () => {
  for (const entry of ["index", "data", "recipes", "algorithm", "checkpoint"]) {
    const names = async (folder: string) => Object.keys(await import(join(root, folder, `${entry}.js`))).sort();
    expect(await names("dist/page"), entry).toEqual(await names("dist"));
  }
});

test("what does not read exports, as Parcel by default, finds the same files by main and browser", () => {
  const { main, browser, exports } = manifest;
  expect(main).toBe(exports["."].node);
  const modules = Object.entries<{ default: string }>(exports).filter(([, { default: page }]) => page?.endsWith(".js"));
  const found = modules.map(([entry, { default: page }]) => [entry === "." ? main : entry, page]);
  expect(browser).toEqual(Object.fromEntries(found));
});

test("publint finds nothing, but that there is a field for Parcel", async () => {
  const { messages } = await publint({ pkgDir: root, strict: true, pack: false });
  expect(messages.map(({ code }) => code)).toEqual(["USE_EXPORTS_OR_IMPORTS_BROWSER"]);
});
