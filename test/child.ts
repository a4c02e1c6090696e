// Runs a script on this source in a process of its own, so that its memory can be measured.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What a script can import: the calls, and the files of checkpoints. */
const entries = 'export * from "./index.ts"; export * from "./checkpoint.ts";';

/** Returns what a script prints as JSON; the script gets the path of the library's bundle and the options. */
export async function runChild<T>(script: URL, options: object): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "distillate-child-"));
  try {
    const library = join(folder, "library.mjs");
    await build({
      stdin: { contents: entries, resolveDir: at("../src"), loader: "ts" },
      bundle: true,
      format: "esm",
      platform: "node",
      outfile: library,
    });
    const args = ["--expose-gc", fileURLToPath(script), library, JSON.stringify(options)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return JSON.parse(stdout) as T;
  } finally {
    await rm(folder, { recursive: true });
  }
}
