// Two builds of the same sources, in two folders and without anything of an earlier build, give the same bytes.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folders = ["a", "a-folder-with-a-longer-name"].map((name) => ({
  name,
  path: join(mkdtempSync(join(tmpdir(), "clean-build-")), name),
}));
const [first, second] = folders.map(({ path }) => path) as [string, string];
afterAll(() => {
  for (const { path } of folders) rmSync(join(path, ".."), { recursive: true, force: true });
});

/** Copies what a build is made from, and nothing that one has written. */
function copySources(to: string): void {
  for (const name of ["assembly", "scripts", "src", "asconfig.json", "package.json", "package-lock.json"]) {
    cpSync(join(root, name), join(to, name), { recursive: true, filter: (path) => !path.endsWith(".gen.ts") });
  }
  for (const name of ["tsconfig.json", "tsconfig.build.json"]) cpSync(join(root, name), join(to, name));
  symlinkSync(join(root, "node_modules"), join(to, "node_modules"), "junction");
}

/** SHA-256 of each file below a folder, by its path. */
function digests(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const entries = files.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path).split(sep).join("/");
    return [name, createHash("sha256").update(readFileSync(path)).digest("hex")] as const;
  });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

beforeAll(() => {
  for (const { path } of folders) {
    copySources(path);
    execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: path, stdio: "pipe" });
  }
}, 1_800_000);

test.each(["simd", "threads", "relaxed"])("build/%s.wasm, and it is what a build in this folder gives", (name) => {
  const [a, b, here] = [first, second, root].map((folder) => readFileSync(join(folder, `build/${name}.wasm`)));
  expect(a!.equals(b!)).toBe(true);
  expect(a!.equals(here!)).toBe(true);
});

test.each(["dist", "assets"])("all of %s/", (name) => {
  const a = digests(join(first, name));
  expect(Object.keys(a).length).toBeGreaterThan(1);
  expect(digests(join(second, name))).toEqual(a);
});
