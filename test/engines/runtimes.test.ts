// The library as built gives the pinned bytes on other engines than the one that runs the tests: V8 of three ages,
// JavaScriptCore in Bun, and V8 with Deno's threads.
import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { kinds } from "../data/jpegs.ts";
import { pinnedRuns } from "../distill/pinned-runs.ts";
import { waysToTry } from "../thorough.ts";
import { builtLibrary, bundle, type Outcome, type Place, readJpegs } from "./bundle.ts";

// Within the package: Deno finds what the library imports by the package.json above the program.
const folder = fileURLToPath(new URL("../../build/engine-runs/", import.meta.url));
const program = `${folder}runtimes.mjs`;
const pictures = `${folder}pictures.mjs`;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  await bundle("main.ts", builtLibrary, program);
  writeFileSync(
    pictures,
    readJpegs(new URL("data.js", builtLibrary).href) + "console.log(JSON.stringify(await read()));",
  );
});
afterAll(() => {
  for (const file of [program, pictures]) rmSync(file, { force: true });
});

const all: readonly Place[] = [
  { threads: 1 },
  { threads: 2 },
  { threads: 2, worker: true },
  { threads: 1, workers: 2 },
];
const places = waysToTry(all, ({ worker, workers }) => worker === true || workers === 2);
const expected: readonly Outcome[] = places.map(() => ({
  digests: pinnedRuns.map(({ sha256 }) => sha256),
  notices: [],
}));

describe.each([
  { name: "node22", version: "process.versions.node", is: /^22\./, args: [] },
  { name: "node24", version: "process.versions.node", is: /^24\./, args: [] },
  { name: "node26", version: "process.versions.node", is: /^26\./, args: [] },
  { name: "bun", version: "globalThis.Bun?.version", is: /^\d/, args: ["run"] },
  { name: "deno", version: "globalThis.Deno?.version.deno", is: /^\d/, args: ["run", "--allow-all", "--no-lock"] },
] as const)("$name", ({ name, version, is, args }) => {
  const { path, missing } = inject("tools")[name];
  const output = async (...rest: string[]) => (await promisify(execFile)(path!, rest)).stdout.trim();

  test.skipIf(missing)("has the pinned SHA-256s on threads and on workers", async () => {
    expect(await output(name === "deno" ? "eval" : "-e", `console.log(${version})`)).toMatch(is);
    expect(JSON.parse(await output(...args, program, JSON.stringify(places)))).toEqual(expected);
  });

  test.skipIf(missing)("reads JPEGs of every kind with Pillow's pixels", async () => {
    expect(JSON.parse(await output(...args, pictures))).toEqual(kinds.map(({ sha256 }) => sha256));
  });
});
