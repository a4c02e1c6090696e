// The limit kernel, compiled and checked, on one thread or on several at once.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { hash } from "./inputs.mjs";
import { warmUp } from "./measure.mjs";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const source = path("limit.ts");
const binary = path("../build/limit.wasm");

/** One call's rounds over x: enough for the cost of the call itself not to count. */
const ROUNDS = 64;
const WORDS = 1024;
export const limitFlops = ROUNDS * WORDS * 4 * 4;

/** Byte addresses: 2 factors, 8 sums, x. */
const FACTORS = 1024;
const SUMS = 2048;
const X = 4096;

function compile() {
  mkdirSync(path("../build"), { recursive: true });
  const made = statSync(binary, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (made > statSync(source).mtimeMs) return;
  const asc = path("../node_modules/assemblyscript/bin/asc.js");
  const options =
    "--config none -O3 --noAssert --runtime stub --use abort= --enable simd --importMemory --noExportMemory";
  execFileSync(process.execPath, [asc, source, "--outFile", binary, ...options.split(" ")], { stdio: "inherit" });
}

/** Throws unless one call gives what float32 arithmetic gives: a limit of wrong sums would mean nothing. */
function check(call, floats) {
  floats.fill(0, SUMS / 4, SUMS / 4 + 32);
  call(1);
  for (let i = 0; i < 32; i++) {
    const factor = floats[FACTORS / 4 + 4 * ((i >> 2) & 1) + (i & 3)];
    let sum = 0;
    for (let word = i >> 3; word < WORDS; word += 4) {
      sum = Math.fround(sum + Math.fround(factor * floats[X / 4 + 4 * word + (i & 3)]));
    }
    if (floats[SUMS / 4 + i] !== sum) throw new Error(`limit: sum ${i} is ${floats[SUMS / 4 + i]}, expected ${sum}`);
  }
}

/** Returns a function that does `limitFlops` flops, warmed up. */
export function limitWork() {
  compile();
  const memory = new WebAssembly.Memory({ initial: 1 });
  // Code is compiled well at once; otherwise, on busy threads, V8's first, four times slower code could be measured.
  setFlagsFromString("--no-liftoff");
  const module = new WebAssembly.Module(readFileSync(binary));
  setFlagsFromString("--liftoff");
  const { limit } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  const floats = new Float32Array(memory.buffer);
  // The values have both signs and are small, so that no sum overflows or becomes denormal.
  for (let i = 0; i < floats.length; i++) floats[i] = 0.5 + hash(i, 7) / 4;
  for (let i = 0; i < 8; i++) floats[FACTORS / 4 + i] = (i & 4 ? -1 : 1) * 2 ** -(i & 3);
  const call = (rounds) => limit(SUMS, FACTORS, X, rounds);
  warmUp(() => call(1), 300);
  check(call, floats);
  return () => call(ROUNDS);
}

/** Signals between the threads of a limit on several: number of the round, calls each thread makes in it, threads done. */
const ROUND = 0;
const CALLS = 1;
const DONE = 2;

/** Returns a function (calls) that does `calls`·limitFlops flops on each of `threads` threads at the same time. */
export async function limitOnThreads(threads) {
  compile();
  const control = new Int32Array(new SharedArrayBuffer(12));
  const workers = Array.from({ length: threads - 1 }, () => new Worker(path("limit.mjs"), { workerData: control }));
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once("message", resolve))));
  for (const worker of workers) worker.unref();
  const work = limitWork();
  return (calls) => {
    Atomics.store(control, DONE, 0);
    Atomics.store(control, CALLS, calls);
    Atomics.add(control, ROUND, 1);
    Atomics.notify(control, ROUND);
    for (let i = 0; i < calls; i++) work();
    for (let done = 0; done < threads - 1; done = Atomics.load(control, DONE)) Atomics.wait(control, DONE, done);
  };
}

if (!isMainThread && workerData instanceof Int32Array) {
  const work = limitWork();
  let seen = 0;
  parentPort.postMessage("ready");
  for (;;) {
    Atomics.wait(workerData, ROUND, seen);
    seen = Atomics.load(workerData, ROUND);
    for (let i = Atomics.load(workerData, CALLS); i > 0; i--) work();
    Atomics.add(workerData, DONE, 1);
    Atomics.notify(workerData, DONE);
  }
}
