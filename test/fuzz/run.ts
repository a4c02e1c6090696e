// Lets a process of its own read mutants, and watches it: what hangs is ended, and what dies is noticed. Time, memory and death
// count only if they are seen in each of three processes that read this mutant alone, because on a busy machine any process may wait.
import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { controls } from "./controls.ts";
import { type Job, limits, type Said, type Work } from "./limits.ts";
import { mutant } from "./mutate.ts";

/** A mutant that was not read as it should be. */
export interface Finding {
  readonly reader: string;
  readonly number: number;
  readonly text: string;
  /** The file with the mutant. */
  readonly file: string;
  /** The command that reads it again. */
  readonly replay: string;
}

export interface Findings {
  readonly findings: readonly Finding[];
  readonly done: readonly Extract<Said, { kind: "done" }>[];
}

type Suspect = Pick<Extract<Said, { kind: "suspect" }>, "reader" | "number" | "fault">;

const pollMilliseconds = 200;
/** A reader that waits so long for nothing hangs too. */
const idleMilliseconds = 30_000;
const triesAlone = 3;
const mostSuspects = 30;

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = join(root, "build/fuzz");
let bundled: Promise<string> | undefined;

/** The child as one file of JavaScript, in a folder from which packages are found. */
async function bundle(): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `child-${process.pid}.mjs`);
  await build({
    entryPoints: [join(root, "test/fuzz/child.ts")],
    ...{ bundle: true, format: "esm", platform: "node", target: "node20", sourcemap: "inline", logLevel: "error" },
    banner: {
      js: `import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);`,
    },
    outfile,
  });
  return outfile;
}

/** Reads the mutants of these jobs, and again alone those that are under suspicion. */
export async function fuzz(seed: number, jobs: readonly Job[]): Promise<Findings> {
  bundled ??= bundle();
  const script = await bundled;
  const done: Extract<Said, { kind: "done" }>[] = [];
  const suspects: Suspect[] = [];
  let left: readonly Job[] = jobs;
  while (left.length > 0 && suspects.length < mostSuspects) {
    const ended = await readIn(script, { seed, jobs: left }, done, suspects);
    if (ended === undefined) break;
    // The others are read by another process.
    const [, ...rest] = left.slice(ended.job);
    const { reader, to } = left[ended.job]!;
    left = ended.number + 1 < to ? [{ reader, from: ended.number + 1, to }, ...rest] : rest;
  }
  const findings: Finding[] = [];
  for (const suspect of suspects) {
    if (suspect.fault.what === "error" || (await isSeenAlone(script, seed, suspect))) {
      findings.push(await findingOf(seed, suspect));
    }
  }
  return { findings, done };
}

async function isSeenAlone(script: string, seed: number, { reader, number }: Suspect): Promise<boolean> {
  for (let tries = 0; tries < triesAlone; tries++) {
    const again: Suspect[] = [];
    await readIn(script, { seed, jobs: [{ reader, from: number, to: number + 1 }] }, [], again);
    if (again.length === 0) return false;
  }
  return true;
}

async function findingOf(seed: number, { reader, number, fault }: Suspect): Promise<Finding> {
  const { readers } = await import("./readers.ts");
  const { name, seeds } = [...readers, ...controls].find(({ name }) => name === reader)!;
  const file = join(mkdtempSync(join(tmpdir(), "distillate-fuzz-")), "mutant.bin");
  writeFileSync(file, await mutant(await seeds(), seed, name, number));
  const replay = `FUZZ_SEED=${seed} FUZZ_READER="${reader}" FUZZ_CASE=${number} npx vitest run --project unit test/fuzz/fuzz.test.ts`;
  return { reader, number, text: `${fault.what}: ${fault.text}`, file, replay };
}

/** Where a process was ended, or ended itself. */
interface Ended {
  /** The position of the job in its work, and the mutant that it read. */
  readonly job: number;
  readonly number: number;
}

/** Runs a process to its end; returns where it ended if that was not the end of its work. */
async function readIn(
  script: string,
  work: Omit<Work, "progress">,
  done: Extract<Said, { kind: "done" }>[],
  suspects: Suspect[],
): Promise<Ended | undefined> {
  const progress = join(mkdtempSync(join(tmpdir(), "distillate-fuzz-")), "progress");
  const child = fork(script, {
    execArgv: ["--expose-gc", "--enable-source-maps"],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let errors = "";
  child.stderr!.on("data", (data) => {
    errors = `${errors}${data}`.slice(-4000);
  });
  const watch = watched(child, progress);
  child.on("message", (said: Said) => {
    if (said.kind === "suspect") suspects.push(said);
    else watch.reading = said.kind === "ready";
    if (said.kind === "done") done.push(said);
  });
  child.send({ ...work, progress });
  const code = await new Promise<number | string>((resolve) =>
    child.once("exit", (code, signal) => resolve(code ?? signal ?? "?")),
  );
  watch.stop();
  if (code === 0) return undefined;
  const at = place(progress);
  if (at === undefined || code === 99) throw new Error(`the process that reads mutants ended with ${code}: ${errors}`);
  const { reader } = work.jobs[at.job]!;
  const fault = watch.hung
    ? ({ what: "time", text: `no end within ${limits.milliseconds} ms` } as const)
    : ({ what: "death", text: `the process ended with ${code}: ${errors.slice(-500)}` } as const);
  suspects.push({ reader, number: at.number, fault });
  return at;
}

function place(progress: string): Ended | undefined {
  try {
    const bytes = readFileSync(progress);
    const job = bytes.readInt32LE(0) - 1;
    return job < 0 ? undefined : { job, number: bytes.readInt32LE(4) };
  } catch {
    return undefined;
  }
}

interface Watch {
  /** Set while the process reads mutants, and is not loading or warming. */
  reading: boolean;
  hung: boolean;
  stop(): void;
}

/** Returns the time that a process has computed; where the system does not tell, the time of the clock. */
function computedMilliseconds({ pid }: ChildProcess): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return performance.now();
  }
}

/** Ends a process that reads one mutant for longer than it may. */
function watched(child: ChildProcess, progress: string): Watch {
  let last = "";
  let since = performance.now();
  let computed = computedMilliseconds(child);
  const timer = setInterval(() => {
    const now = JSON.stringify(place(progress) ?? "");
    if (now !== last || !watch.reading) {
      last = now;
      since = performance.now();
      computed = computedMilliseconds(child);
      return;
    }
    // On a busy machine it may wait for a processor for seconds, which does not count.
    const busy = computedMilliseconds(child) - computed;
    if (busy > limits.milliseconds + pollMilliseconds || performance.now() - since > idleMilliseconds) {
      watch.hung = true;
      child.kill("SIGKILL");
    }
  }, pollMilliseconds);
  const watch: Watch = { reading: false, hung: false, stop: () => clearInterval(timer) };
  return watch;
}
