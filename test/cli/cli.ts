// Starts the built command as a person's shell would, and gives it small data.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { paint } from "../helpers.ts";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Cli {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
  /** Resolves once stdout contains `text`. */
  said(text: string): Promise<void>;
}

/** Starts the command with its outputs piped. */
export function start(args: readonly string[], { cwd, env = {} }: { cwd?: string; env?: object } = {}): Cli {
  const options = { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] as ("ignore" | "pipe")[] };
  const child = spawn(process.execPath, [main, ...args], options);
  const heard = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name]!.setEncoding("utf8").on("data", (text: string) => {
      heard[name] += text;
      for (const check of waiting) check();
    });
  }
  const outcome = new Promise<Outcome>((resolve) => child.on("close", (code) => resolve({ code, ...heard })));
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const check = () => heard.stdout.includes(text) && resolve();
      waiting.add(check);
      check();
      outcome.then(({ code, stderr }) => reject(new Error(`ended with ${code} before saying ${text}: ${stderr}`)));
    });
  return { child, outcome, said };
}

export function distillate(args: readonly string[], options?: { cwd?: string; env?: object }): Promise<Outcome> {
  return start(args, options).outcome;
}

/** Parses the objects of JSON lines; throws for a line that is not JSON. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** Makes a folder in MNIST's layout with `train` and `test` painted images of ten classes. */
export function writeIdxFolder(folder: string, { train = 200, test = 50, size = 28 } = {}): string {
  mkdirSync(folder, { recursive: true });
  const header = (...sizes: number[]) => {
    const bytes = new DataView(new ArrayBuffer(4 + 4 * sizes.length));
    bytes.setUint32(0, 0x0800 + sizes.length);
    sizes.forEach((value, i) => {
      bytes.setUint32(4 + 4 * i, value);
    });
    return new Uint8Array(bytes.buffer);
  };
  const parts = [
    ["train", train],
    ["t10k", test],
  ] as const;
  for (const [part, n] of parts) {
    const pixels = Uint8Array.from(paint(n * size * size, n), (value) => 127 * (value + 1));
    const labels = Uint8Array.from({ length: n }, (_, i) => i % 10);
    writeFileSync(join(folder, `${part}-images-idx3-ubyte`), Buffer.concat([header(n, size, size), pixels]));
    writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), Buffer.concat([header(n), labels]));
  }
  return folder;
}
