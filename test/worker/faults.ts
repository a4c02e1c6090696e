// Lets workers of the library die at a chosen moment, in a chosen way. It must be imported before a worker starts.
import { createRequire } from "node:module";

/** `hold` keeps a worker where it is, so that it can be stopped from outside, or a call can be aborted. */
export type Fault = "exit" | "trap" | "memory" | "hold";

/** The moments: a worker receives a call, or a kernel is to run. */
export type Moment = "message" | "kernel";

/** How deep a worker lies: started by this thread, or by a worker of it. */
type Depth = 1 | 2;

const host = createRequire(import.meta.url)("node:worker_threads") as typeof import("node:worker_threads");

/** What both sides share: the fault that is to come, its moment and depth, how often; how often it came, and to which thread. */
const shared = new SharedArrayBuffer(64);
const words = new Int32Array(shared, 0, 8);
const time = new Float64Array(shared, 32, 1);
const faults: readonly Fault[] = ["exit", "trap", "memory", "hold"];
const moments: readonly Moment[] = ["message", "kernel"];

/** Runs in each worker before the library does. */
function prelude(): void {
  const host = process.getBuiltinModule("node:worker_threads");
  const [shared, source, depth] = ["shared", "prelude", "depth"].map((key) =>
    host.getEnvironmentData(key),
  ) as unknown as [SharedArrayBuffer, string, number];
  const words = new Int32Array(shared, 0, 8);
  const time = new Float64Array(shared, 32, 1);
  host.setEnvironmentData("depth", depth + 1);

  const strike = (moment: number): void => {
    if (Atomics.load(words, 1) !== moment || Atomics.load(words, 2) !== depth) return;
    if (Atomics.sub(words, 3, 1) <= 0) {
      Atomics.add(words, 3, 1);
      return;
    }
    time[0] = Date.now();
    Atomics.store(words, 5, host.threadId);
    Atomics.add(words, 4, 1);
    const fault = Atomics.load(words, 0);
    if (fault === 0) process.exit(7);
    if (fault === 1) {
      // A function without arguments that is `unreachable`.
      const bytes = [
        0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 5, 1, 3, 0, 0, 11,
      ];
      const module = new WebAssembly.Module(Uint8Array.from(bytes));
      (new WebAssembly.Instance(module).exports.f as () => void)();
    }
    if (fault === 2) for (const all: number[][] = []; ; ) all.push(Array(1000).fill(all.length + 0.5));
    Atomics.wait(words, 6, 0, 5000);
  };

  const { addEventListener } = host.MessagePort.prototype;
  host.MessagePort.prototype.addEventListener = function (
    type: string,
    listener: (...args: unknown[]) => void,
    ...rest
  ) {
    const struck = (...args: unknown[]): void => {
      if (type === "message" && this !== host.parentPort) strike(0);
      listener(...args);
    };
    addEventListener.call(this, type as never, struck as never, ...(rest as []));
  };
  const { Instance } = WebAssembly;
  // A class, because the library says `new`.
  WebAssembly.Instance = class {
    readonly exports: WebAssembly.Exports;
    constructor(...given: ConstructorParameters<typeof Instance>) {
      const { exports } = new Instance(...given);
      const dispatch = exports.dispatch as undefined | ((...args: number[]) => void);
      this.exports = dispatch
        ? {
            ...exports,
            dispatch(...args: number[]) {
              strike(1);
              dispatch(...args);
            },
          }
        : exports;
    }
  } as typeof Instance;
  const { Worker } = host;
  host.Worker = class extends Worker {
    constructor(text: string, options: import("node:worker_threads").WorkerOptions) {
      super(typeof options.workerData === "string" ? source + text : text, options);
    }
  } as typeof Worker;
}

const source = `(${prelude.toString()})();\n`;
host.setEnvironmentData("shared", shared as never);
host.setEnvironmentData("prelude", source);
host.setEnvironmentData("depth", 1);

interface Living {
  readonly worker: import("node:worker_threads").Worker;
  readonly id: number;
}
const living = new Set<Living>();
const { Worker } = host;
host.Worker = class extends Worker {
  constructor(text: string, options: import("node:worker_threads").WorkerOptions) {
    // Kernel threads are given an object.
    const ours = typeof options.workerData === "string";
    super(ours ? source + text : text, ours ? { ...options, resourceLimits: { maxOldGenerationSizeMb: 32 } } : options);
    const one = { worker: this, id: this.threadId };
    living.add(one);
    this.once("exit", () => {
      living.delete(one);
      time[0] = Math.max(time[0]!, faults[words[0]!] === "memory" && one.id === words[5] ? Date.now() : 0);
    });
  }
} as typeof Worker;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Lets the next `times` workers that come to this moment suffer the fault. */
export function arm(
  fault: Fault,
  moment: Moment,
  { times = 1, depth = 1 }: { times?: number; depth?: Depth } = {},
): void {
  words.fill(0);
  time[0] = 0;
  words[0] = faults.indexOf(fault);
  words[1] = moments.indexOf(moment);
  words[2] = depth;
  Atomics.store(words, 3, times);
}

/** How often the armed fault came. */
export function struck(): number {
  return Atomics.load(words, 4);
}

/** Waits for the fault. */
export async function strikes(): Promise<void> {
  while (struck() === 0) await pause(1);
}

/** Milliseconds since the last fault, or since the end of a worker that ran out of memory. */
export function since(): number {
  return Date.now() - time[0]!;
}

/** Stops the worker that the fault holds, from outside. */
export async function terminateHeld(): Promise<void> {
  time[0] = Date.now();
  await [...living].find(({ id }) => id === words[5])!.worker.terminate();
}

/** Lets a worker that is held go on, and no fault come any more. */
export function letGo(): void {
  Atomics.store(words, 3, 0);
  Atomics.store(words, 6, 1);
  Atomics.notify(words, 6);
}

/** Returns how many workers and kernel threads are alive, after a while for those that end. */
export async function left(): Promise<number> {
  for (let waits = 0; waits < 200 && living.size > 0; waits++) await pause(10);
  return living.size;
}
