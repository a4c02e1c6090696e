// Kills processes at random moments while they save, and starts them again until they end.
import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, expect } from "vitest";
import { jsonFromBytes } from "../../src/codecs/json.ts";
import { parseSafetensors } from "../../src/codecs/safetensors.ts";
import { checkpointFromBytes } from "../../src/formats/checkpoint-file.ts";
import { randomIntegers } from "../formats/hostile.ts";

const programFolder = await mkdtemp(join(tmpdir(), "distillate-kills-"));
/** One file: a process that loads the library from hundreds takes twice as long to begin. */
const child = join(programFolder, "child.mjs");
await build({
  entryPoints: [fileURLToPath(new URL("child.mjs", import.meta.url))],
  outfile: child,
  bundle: true,
  platform: "node",
  format: "esm",
  external: ["webgpu"],
  // A package that says require() needs one.
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
});
afterAll(() => rm(programFolder, { recursive: true }));
/** A kill comes so many milliseconds at most after a process begins to save. */
const latest = 120;

interface Life {
  readonly killed: boolean;
  readonly output: string;
}

/** Starts the child, and kills it `delay` ms after it begins to save, if it still runs then. */
async function live(options: object, delay: number): Promise<Life> {
  const process_ = spawn(process.execPath, [child, JSON.stringify(options)], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  let killed = false;
  process_.stdout.on("data", async (chunk: Buffer) => {
    const first = output === "";
    output += chunk;
    if (!first) return;
    await setTimeout(delay);
    killed = process_.kill("SIGKILL");
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((done) => {
    process_.on("close", (...end) => done(end));
  });
  if (signal === null) expect(code, output).toBe(0);
  return { killed: killed && signal === "SIGKILL", output: output.replace("saving\n", "") };
}

/** What a test of kills found. */
export interface Kills {
  readonly kills: number;
  /** Files that were not whole after a kill. */
  readonly torn: number;
  readonly digests: ReadonlySet<string>;
}

export interface KillOptions {
  readonly kind: "set" | "pool" | "control";
  readonly workers?: number;
  readonly kills: number;
  readonly seed: number;
}

/** Kills the child `kills` times, in as many runs as it takes, each of which goes on to its end. */
export async function killed({ kind, workers = 0, kills, seed }: KillOptions): Promise<Kills> {
  const below = randomIntegers(seed);
  const digests = new Set<string>();
  let [done, torn] = [0, 0];
  while (done < kills) {
    const folder = await mkdtemp(join(tmpdir(), "distillate-kills-"));
    const path = kind === "pool" ? folder : join(folder, "run.safetensors");
    try {
      for (;;) {
        const saved = kind === "set" && (await readdir(folder)).some((name) => name.startsWith("run."));
        const life = await live({ kind, path, workers, saved }, done < kills ? below(latest * 8) / 8 : 60_000);
        if (!life.killed) {
          digests.add(life.output);
          break;
        }
        done++;
        torn += await tornIn(folder, kind);
        if (kind === "control") break;
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  return { kills: done, torn, digests };
}

/** Returns the digest of a run that nobody kills. */
export async function undisturbed(options: Pick<KillOptions, "kind" | "workers">): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "distillate-kills-"));
  try {
    const path = options.kind === "pool" ? folder : join(folder, "run.safetensors");
    return (await live({ ...options, path, saved: false }, 60_000)).output;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Reads a file of each kind of child, or rejects. */
const read: Readonly<Record<KillOptions["kind"], (bytes: Uint8Array, name: string) => Promise<unknown>>> = {
  set: checkpointFromBytes,
  pool: async (bytes, name) =>
    name.endsWith(".json") ? jsonFromBytes(bytes, name) : parseSafetensors(bytes, { name }),
  control: async (bytes) => expect(new TextDecoder().decode(bytes.slice(-3))).toBe("end"),
};

/** Counts the files that are not whole. Temporary files may be: nobody reads them. */
async function tornIn(folder: string, kind: KillOptions["kind"]): Promise<number> {
  let torn = 0;
  for (const name of (await readdir(folder)).filter((name) => !name.endsWith(".tmp") && !name.startsWith("."))) {
    const bytes = await readFile(join(folder, name));
    await read[kind](bytes, name).catch(() => torn++);
  }
  return torn;
}
