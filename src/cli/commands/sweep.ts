// `distillate sweep`: runs every combination of recipes and options, each in a process and a folder of its own, and compares them.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { jsonFromBytes } from "../../codecs/json.ts";
import { isObject } from "../../kinds.ts";
import { makeFolder, readBytes } from "../../node/files.ts";
import { writeFileAtomic } from "../../node.ts";
import { visibleJson } from "../../quote.ts";
import { exitCodes, printable, UsageError, writeNote } from "../errors.ts";
import { watchInterrupts } from "../input/interrupt.ts";
import { wholeNumber } from "../input/options.ts";
import { loadSweep, type SweepRun } from "../input/sweep-file.ts";
import { checkpointName } from "../output/older-run.ts";
import { accuracy, plural, table } from "../output/text.ts";
import { writeComparison } from "./report.ts";

interface SweepOptions {
  readonly cluster?: string;
  readonly atOnce?: number;
  readonly threads?: string;
  readonly out?: string;
  readonly json?: true;
}

const help = `
The file says which recipes are run with which options of \`distillate run\`:
  {
    "recipes": ["mnist-windows", "mnist-frepo"],
    "options": { "data": "data/mnist", "validation": true },
    "grid": { "seed": [1, 2, 3], "outer-steps": [500, 1000] }
  }
Each combination is a run in a folder of its own. After an interruption the same
command goes on: runs that have ended are not run again, and those that had begun
go on from their checkpoints. A run that fails does not end the others. At the
end the folder has sweep.json, and comparison.html of the runs that were
evaluated.

With --cluster the networks of all runs are computed by its workers, and several
runs are made at once, so that workers have something to do.

Examples:
  $ distillate sweep seeds.json
  $ distillate sweep seeds.json --cluster redis://queue.example:6379 --at-once 8
`;

export function addSweep(program: Command): void {
  program
    .command("sweep")
    .description("run every combination of recipes and options, and compare them")
    .argument("<file>", "a JSON file with recipes, options and a grid")
    .option("--cluster <url>", "compute networks on the workers of this cluster, such as redis://host:6379")
    .option("--at-once <n>", "runs at the same time (default: 1, with --cluster 4)", wholeNumber(1, 256))
    .option("--threads <n>", "kernel threads of each run (default: as for run, with several at once 1)")
    .option("--out <dir>", "folder for the runs (default: sweeps/ and the name of the file)")
    .option("--json", "print one JSON object")
    .addHelpText("after", help)
    .action(async (file: string, options: SweepOptions) => {
      process.exitCode = await sweep(file, options);
    });
}

/** What became of a run. */
interface Outcome {
  readonly name: string;
  readonly folder: string;
  /** What the run wrote at its end. */
  readonly result?: Readonly<Record<string, unknown>>;
  /** Why there is no result. */
  readonly failure?: string;
}

async function sweep(file: string, options: SweepOptions): Promise<number> {
  const { name, options: usual, runs } = await loadSweep(file);
  const { cluster, atOnce = cluster === undefined ? 1 : 4, out = join("sweeps", name) } = options;
  const threads = options.threads ?? (atOnce > 1 ? "1" : undefined);
  const shared = [
    ...(cluster === undefined ? [] : ["--cluster", cluster]),
    ...(threads === undefined ? [] : ["--threads", threads]),
  ];
  await begin(out, usual);
  const interrupt = watchInterrupts();
  const going = new Set<ChildProcess>();
  // A terminal's Ctrl-C reaches them by itself; a signal to this process alone does not.
  interrupt.signal.addEventListener("abort", () => {
    for (const child of going) child.kill("SIGTERM");
  });
  const outcomes: Outcome[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < runs.length && !interrupt.signal.aborted) {
      const i = next++;
      const one = runs[i]!;
      const folder = join(out, one.name);
      const outcome = await outcomeOf(one, folder, shared, going);
      if (interrupt.signal.aborted && outcome.result === undefined) return;
      outcomes[i] = outcome;
      writeNote(`${one.name}: ${told(outcome)}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
  } finally {
    interrupt.release();
  }
  const ended = outcomes.filter((outcome) => outcome !== undefined);
  if (interrupt.signal.aborted) {
    writeNote(`stopped after ${ended.length} of ${plural(runs.length, "run")}; the same command goes on`);
    return interrupt.exitCode;
  }
  await writeFileAtomic(join(out, "sweep.json"), new TextEncoder().encode(`${visibleJson({ name, runs: ended })}\n`));
  const folders = ended.flatMap(({ folder, result }) => (isObject(result?.evaluation) ? [folder] : []));
  if (folders.length > 0) await writeComparison(folders, join(out, "comparison.html"));
  const text = options.json
    ? [visibleJson({ name, runs: ended })]
    : table([["run", "accuracy", "seconds", "sha256"], ...ended.map(rowOf)]);
  process.stdout.write(`${text.map(printable).join("\n")}\n`);
  return ended.every(({ result }) => result) ? 0 : exitCodes.failure;
}

/** Makes the folder. Throws UsageError if it has runs of other options, which the names of runs do not tell. */
async function begin(out: string, options: object): Promise<void> {
  const path = join(out, "options.json");
  const text = `${visibleJson(options)}\n`;
  if (existsSync(path) && new TextDecoder().decode(await readBytes(path, 2 ** 20)) !== text) {
    throw new UsageError(`${out} has runs with other "options"; choose another folder by --out`);
  }
  await makeFolder(out);
  await writeFileAtomic(path, new TextEncoder().encode(text));
}

/** Makes a run, or goes on with it, unless it has ended before. */
async function outcomeOf(
  { name, recipe, args }: SweepRun,
  folder: string,
  shared: readonly string[],
  going: Set<ChildProcess>,
): Promise<Outcome> {
  const before = await resultIn(folder);
  if (before) return { name, folder, result: before };
  const begun = existsSync(join(folder, checkpointName));
  const how = begun ? ["--resume", folder, ...args] : [recipe, "--out", folder, ...args];
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, "run", ...how, ...shared], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  going.add(child);
  let last = "";
  child.stderr.on("data", (chunk: Buffer) => {
    last = (last + chunk.toString()).slice(-2000);
  });
  const code = await new Promise<number | string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(signal ?? code ?? -1));
  });
  going.delete(child);
  const result = code === 0 ? await resultIn(folder) : undefined;
  if (result) return { name, folder, result };
  const line = last
    .trim()
    .split("\n")
    .at(-1)
    ?.replace(/^distillate: /, "");
  return { name, folder, failure: line || `ended with ${code}` };
}

/** Returns what a run that has ended wrote. */
async function resultIn(folder: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const path = join(folder, "result.json");
  if (!existsSync(path)) return undefined;
  const result = jsonFromBytes(await readBytes(path, 2 ** 24), path);
  return isObject(result) && result.stopped === false ? result : undefined;
}

function told(outcome: Outcome): string {
  return outcome.result ? accuracyOf(outcome) : `failed: ${outcome.failure}`;
}

function accuracyOf({ result }: Outcome): string {
  const { evaluation } = result ?? {};
  return isObject(evaluation) ? accuracy(evaluation as never) : "not evaluated";
}

function rowOf(outcome: Outcome): string[] {
  const { name, result } = outcome;
  return [name, told(outcome), String(result?.seconds ?? ""), String(result?.sha256 ?? "").slice(0, 8)];
}
