// Programs for Node that do not import the package as it is: bundled into one file, or by require().
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digest, run } from "./program.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs in place, on threads and workers, and prints the digests, or why it could not. */
const program = (library: string): string => `
  async function main() {
    const library = ${library};
    ${run}
    for (const more of [{ threads: 2 }, { worker: true, threads: 1 }, { workers: 2 }]) {
      console.log(await library.setDigest(await run(more)));
    }
  }
  main().catch(({ name, message }) => console.log(name + ": " + message));
`;
const worked = `${digest}\n`.repeat(3);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "distillate-bundled-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function output(file: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--no-warnings", file], { cwd: folder });
  return stdout;
}

/** Works while the package is in the folder's node_modules. */
async function installed(work: () => Promise<void>): Promise<void> {
  const modules = join(folder, "node_modules");
  await mkdir(modules);
  await symlink(root, join(modules, "distillate"), "dir");
  await work();
  await rm(modules, { recursive: true });
}

describe.each([
  ["esm", "mjs"],
  ["cjs", "cjs"],
] as const)("a program in one file of %s", (format, extension) => {
  test("runs beside the installed package, and elsewhere says which files it lacks", async () => {
    const outfile = join(folder, `program.${extension}`);
    const contents = program('await import("./dist/index.js")');
    const stdin = { contents, resolveDir: root, sourcefile: "program.js" };
    await build({ stdin, outfile, bundle: true, format, platform: "node", logLevel: "error" });
    expect(await output(outfile)).toMatch(/^UnsupportedError: the files of digits\(\) were not found: bundlers /);
    await installed(async () => expect(await output(outfile)).toBe(worked));
  });
});

test("a program that says require() runs", async () => {
  const file = join(folder, "required.cjs");
  await writeFile(file, program('require("distillate")'));
  await installed(async () => expect(await output(file)).toBe(worked));
});
