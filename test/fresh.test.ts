// A run of tests builds dist/ where its sources have changed since the last build, and only there: shown in a small tree of its
// own, whose build copies src/ into dist/ and writes down that it ran.
import { execFileSync, type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ensureBuilt, isFresh } from "../scripts/fresh.mjs";

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

const build = `
import { appendFileSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { building } from ${JSON.stringify(new URL("../scripts/fresh.mjs", import.meta.url))};

await building(process.cwd(), { ifStale: process.argv.includes("--if-stale") }, async ({ keepKernels }) => {
  appendFileSync("builds.txt", keepKernels ? "build\\n" : "build with kernels\\n");
  if (readFileSync("src/index.ts", "utf8").includes("broken")) throw new Error("src/index.ts is broken");
  rmSync("dist", { recursive: true, force: true });
  await sleep(300);
  cpSync("src", "dist", { recursive: true });
  writeFileSync("src/version.gen.ts", "export const version = 1;");
});
`;

const command = ["scripts/build.mjs", "--if-stale"];
const writeInto = (folder: string, path: string, text: string) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};
const newFolder = () => mkdtempSync(join(tmpdir(), "distillate-fresh-"));

let built: string;
beforeAll(() => {
  built = newFolder();
  writeInto(built, "scripts/build.mjs", build);
  writeInto(built, "src/index.ts", "export const answer = 1;");
  const exports = { ".": { node: "./dist/index.ts" } };
  writeInto(built, "package.json", JSON.stringify({ type: "module", exports }));
  execFileSync(process.execPath, command, { cwd: built });
});
afterAll(() => rmSync(built, { recursive: true }));

/** A copy of the built tree, of another age. */
let root: string;
beforeEach(() => {
  root = newFolder();
  cpSync(built, root, { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (path: string, text: string) => writeInto(root, path, text);
const read = (path: string) => readFileSync(join(root, path), "utf8");
const remove = (path: string) => rmSync(join(root, path), { recursive: true });
/** How many builds the tree has seen. */
const builds = () => read("builds.txt").split("\n").length - 1;

describe("dist/", () => {
  test("is fresh after a build, whatever the times of files", () => {
    expect(isFresh(root)).toBe(true);
    utimesSync(join(root, "src/index.ts"), new Date(), new Date());
    utimesSync(join(root, "build/made-from.json"), 0, 0);
    expect(isFresh(root)).toBe(true);
  });

  test.each([
    [
      "a source that looks older than the build is another",
      () => {
        write("src/index.ts", "export const answer = 2;");
        utimesSync(join(root, "src/index.ts"), 0, 0);
      },
    ],
    ["a source is added", () => write("src/deep/more.ts", "")],
    ["a source has another name", () => renameSync(join(root, "src/index.ts"), join(root, "src/other.ts"))],
    ["a kernel is added", () => write("assembly/kernel.ts", "")],
    ["a script is changed", () => write("scripts/build.mjs", `${build}\n`)],
    ["a setting of the compiler is changed", () => write("tsconfig.json", "{}")],
    ["what the build wrote into src/ is gone", () => remove("src/version.gen.ts")],
    ["what the build wrote into src/ is changed", () => write("src/version.gen.ts", "")],
    ["it is gone", () => remove("dist")],
    ["build/ is gone", () => remove("build")],
    ["what the build noted is cut short", () => write("build/made-from.json", "{")],
  ])("is not fresh where %s", (_, change) => {
    change();
    expect(isFresh(root)).toBe(false);
  });

  test("is built where it is not fresh, once, and a line says so", () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    write("src/index.ts", "export const answer = 2;");
    for (let run = 0; run < 3; run++) ensureBuilt(root);
    expect(log.mock.calls).toEqual([[expect.stringContaining("dist/ was not built from the sources")]]);
    log.mockRestore();
    expect(read("dist/index.ts")).toBe("export const answer = 2;");
    expect(builds()).toBe(2);
  });

  test("is built without its kernels again where none of their sources have changed", () => {
    const built = (...options: string[]) => {
      execFileSync(process.execPath, ["scripts/build.mjs", ...options], { cwd: root });
      return read("builds.txt").trimEnd().split("\n").at(-1);
    };
    write("src/index.ts", "export const answer = 2;");
    expect(built("--if-stale")).toBe("build");
    write("assembly/kernel.ts", "");
    expect(built("--if-stale")).toBe("build with kernels");
    remove("src/version.gen.ts");
    expect(built("--if-stale")).toBe("build with kernels");
    expect(built()).toBe("build with kernels");
  });

  test("is not fresh after a build that failed, even where the sources are what they were before", () => {
    write("src/index.ts", "broken");
    expect(spawnSync(process.execPath, command, { cwd: root }).status).toBe(1);
    write("src/index.ts", "export const answer = 1;");
    expect(isFresh(root)).toBe(false);
    execFileSync(process.execPath, command, { cwd: root });
    expect(isFresh(root)).toBe(true);
  });

  test("is built once by processes that come at the same time", async () => {
    write("src/index.ts", "export const answer = 2;");
    const run = () =>
      new Promise<number | null>((resolve) => {
        spawn(process.execPath, command, { cwd: root, stdio: "ignore" }).on("close", resolve);
      });
    expect(await Promise.all([run(), run(), run()])).toEqual([0, 0, 0]);
    expect(builds()).toBe(2);
  });
});

describe("a run of vitest", () => {
  beforeEach(() => {
    symlinkSync(at("node_modules"), join(root, "node_modules"));
    cpSync(at("vitest.config.ts"), join(root, "vitest.config.ts"));
    cpSync(at("test/tools.ts"), join(root, "test/tools.ts"));
    // Other projects of the configuration have no tests in this tree.
    write("test/delayed/choice.ts", "export const [quickTests, otherTests] = [[], []];");
    write("test/thorough.ts", "export const filesWithMoreWays = [];");
    write("test/equal-arrays.ts", "export {};");
    write("test/webgpu/choice.ts", "export const [excluded, gpuTests] = [{}, []];");
    write("test/delayed/plugin.ts", 'export const delayed = () => ({ name: "delayed" });');
    write("scripts/fresh.mjs", `export * from ${JSON.stringify(new URL("../scripts/fresh.mjs", import.meta.url))};`);
    const text = (file: string) => `readFileSync(${JSON.stringify(file)}, "utf8")`;
    const same = `expect(${text("dist/index.ts")}).toBe(${text("src/index.ts")})`;
    const imports = 'import { readFileSync } from "node:fs";\nimport { expect, test } from "vitest";\n';
    write("test/dist.test.ts", `${imports}test("dist/ is what src/ is", () => ${same});\n`);
  });

  const vitest = (): SpawnSyncReturns<string> => {
    const args = [at("node_modules/vitest/vitest.mjs"), "run", "--project", "unit"];
    return spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  };

  test("tests what src/ is now, and says that it builds", () => {
    write("src/index.ts", "export const answer = 2;");
    const { status, stdout } = vitest();
    expect(stdout).toContain("dist/ was not built from the sources that are here now");
    expect(stdout).toContain("1 passed");
    expect(status).toBe(0);
    expect(builds()).toBe(2);
  });

  test("ends before the first test where the build fails, with its output", () => {
    write("src/index.ts", "broken");
    const { status, stdout, stderr } = vitest();
    expect(status).toBe(1);
    expect(stderr).toContain("src/index.ts is broken");
    expect(stdout + stderr).toContain("The build failed, for the reason above");
    expect(stdout).not.toContain("1 passed");
  });
});
