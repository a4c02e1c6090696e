// Runs in a process of its own: reads mutants one after the other, and tells its parent (run.ts) what is not as it should be. The
// parent sees from a file which mutant is being read, also when this process hangs or dies.
import { openSync, writeSync } from "node:fs";
import { controls } from "./controls.ts";
import { type Fault, type Job, limits, type Said, type Work } from "./limits.ts";
import { mutant, type Seed } from "./mutate.ts";
import type { Reader } from "./readers/reader.ts";
import { readers } from "./readers.ts";

declare const gc: () => void;
const megabyte = 2 ** 20;
const peak = (): number => process.resourceUsage().maxRSS * 1024;
const say = (said: Said): void => void process.send!(said);

/** Words of engines, which no message of ours has. */
const internal = /\(reading |is not a function|call stack|Invalid (typed )?array|\[object |not iterable/;

function faultOf(error: unknown): string | undefined {
  const { name, message, stack } = error as Error;
  if (name !== "FormatError") return stack ?? String(error);
  if (message.length > 2000) return `a message of ${message.length} characters`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a message may not have
  if (/[\0-\x09\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(message))
    return `invisible characters in ${JSON.stringify(message)}`;
  return internal.test(message) ? `words of the engine: ${message}` : undefined;
}

async function run(
  reader: Reader,
  seeds: readonly Seed[],
  { from, to }: Job,
  seed: number,
  at: (n: number) => void,
): Promise<void> {
  let [refused, slowest] = [0, 0];
  let before = peak();
  const most = (reader.memory?.megabytes ?? limits.megabytes) * megabyte;
  for (let number = from; number < to; number++) {
    const bytes = await mutant(seeds, seed, reader.name, number);
    at(number);
    const start = process.cpuUsage();
    let error: unknown;
    try {
      await reader.read(bytes);
    } catch (thrown) {
      error = thrown ?? new Error("nothing was thrown");
    }
    const { user, system } = process.cpuUsage(start);
    const took = (user + system) / 1000;
    const suspect = (what: Fault["what"], text: string): void =>
      say({ kind: "suspect", reader: reader.name, number, fault: { what, text } });
    if (error !== undefined) {
      refused++;
      const fault = faultOf(error);
      if (fault !== undefined) suspect("error", fault);
    }
    slowest = Math.max(slowest, took);
    if (took > limits.milliseconds) suspect("time", `${took.toFixed(0)} ms for ${bytes.length} bytes`);
    const now = peak();
    if (now - before > most + bytes.length) {
      suspect("memory", `${((now - before) / megabyte).toFixed(0)} MB for ${bytes.length} bytes`);
      before = now;
    }
  }
  say({ kind: "done", reader: reader.name, mutants: to - from, refused, slowest });
}

/** Reads the good files a few times, so that what is loaded and compiled once does not count. */
async function warm(reader: Reader, seeds: readonly Seed[]): Promise<void> {
  for (let times = 0; times < 3; times++) {
    for (const { bytes, wrap } of seeds) {
      try {
        await reader.read(wrap ? await wrap(bytes) : bytes);
      } catch {
        // A part of a set may be refused.
      }
    }
  }
  gc();
}

async function main({ seed, jobs, progress }: Work): Promise<void> {
  const file = openSync(progress, "w");
  const place = new Int32Array(2);
  for (const [i, job] of jobs.entries()) {
    const reader = [...readers, ...controls].find(({ name }) => name === job.reader);
    if (reader === undefined) throw new Error(`expected a reader of test/fuzz/readers.ts, got ${job.reader}`);
    const seeds = await reader.seeds();
    await warm(reader, seeds);
    say({ kind: "ready" });
    await run(reader, seeds, job, seed, (number) => {
      place[0] = i + 1;
      place[1] = number;
      writeSync(file, place, 0, 8, 0);
    });
  }
}

process.once("message", (work) => {
  main(work as Work).then(
    () => process.exit(0),
    (error) => {
      console.error(error);
      process.exit(99);
    },
  );
});
