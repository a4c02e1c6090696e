// A measured process writes one line of JSON when it is ready, and answers each line that it is sent with another. Steps are
// taken in processes of their own so that peak memory is theirs, and in turn so that a change of the machine's speed
// affects all of them.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { busyBetween, median, processorTimes, quiet } from "./measure.mjs";

export class MeasuredProcess {
  #child;
  #lines;
  #waiting = [];

  /** Starts `command` with `job` as its last argument; `ready` resolves with its first line. */
  constructor(command, args, job, env = process.env) {
    this.#child = spawn(command, [...args, JSON.stringify(job)], { env, stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout });
    this.ready = this.#next();
    this.#lines.on("line", (line) => this.#waiting.shift()?.resolve(JSON.parse(line)));
    this.#child.on("close", (code) => {
      for (const { reject } of this.#waiting) reject(new Error(`${args[0]} ended with ${code}`));
    });
  }

  #next() {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  ask(word) {
    const answer = this.#next();
    this.#child.stdin.write(`${word}\n`);
    return answer;
  }

  /** Returns its last line; the process has ended then. */
  async finish() {
    const ended = new Promise((resolve) => this.#child.once("close", resolve));
    const answer = await this.ask("finish");
    await ended;
    return answer;
  }
}

const script = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Starts this library taking steps of a workload: `what` is "gradient" or "run" (step-process.mjs). */
export const ourProcess = (workload, threads, what) =>
  new MeasuredProcess(process.execPath, [script("step-process.mjs")], { workload: workload.id, threads, what });

export const limitProcess = (threads) =>
  new MeasuredProcess(process.execPath, [script("limit-process.mjs")], { threads });

/** The milliseconds of a step that is no faster after another one. */
const LONG = 2000;

/**
 * Asks each process in turn for `rounds` steps. Each answer has the share of the machine that was busy before the step and
 * the share that other processes took during it. If several threads are timed, it waits a little for a quiet machine. A
 * short step is taken twice and timed once: in a run steps follow each other, while after a pause the first one finds cold
 * caches and sleeping threads.
 */
export async function alternate(processes, rounds, threads) {
  const answers = processes.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < processes.length; i++) {
      const busy = await quiet(threads === 1 ? 0 : 4);
      let before = processorTimes();
      let answer = await processes[i].ask("step");
      if (answer.ms < LONG) {
        before = processorTimes();
        answer = await processes[i].ask("step");
      }
      answers[i].push({ ...answer, busy, others: busyBetween(before, processorTimes(), answer.cpu) });
    }
  }
  return answers;
}

/**
 * Returns median and smallest time of a step: of the CPU on one thread, of the clock on several, for the half of the steps
 * that other processes disturbed least. Beside them it returns the clock's median, and how busy the machine was.
 */
export function times(answers, threads) {
  const undisturbed = [...answers].sort((a, b) => a.others - b.others).slice(0, Math.ceil(answers.length / 2));
  const used = threads === 1 ? answers : undisturbed;
  const values = used.map(({ ms, cpu }) => (threads === 1 ? cpu : ms));
  return {
    ms: median(values),
    best: Math.min(...values),
    clock: median(undisturbed.map(({ ms }) => ms)),
    busy: median(used.map(({ busy }) => busy)),
    others: median(used.map(({ others }) => others)),
  };
}
