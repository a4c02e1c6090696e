// Runs bundled tests in this process, one file after the other up to the first failure, which it prints. Each argument is a
// module, with a pattern of names after a # if not all its tests run. Exit code 0: all passed; 1: one failed. Where a test
// hangs the process kills itself.
import { writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { startTests } from "@vitest/runner";

/** Processor seconds that one test may take, and seconds that it may wait without computing. */
const limits = { busy: 60, idle: 30, wait: 600 };

const ticks = new Int32Array(new SharedArrayBuffer(4));
const watch = `
  const { workerData: { ticks, limits } } = require("node:worker_threads");
  const spent = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6; };
  let seen = -1, at = Date.now(), busy = spent();
  let recent = { at: Date.now(), busy: spent() };
  setInterval(() => {
    const now = Atomics.load(ticks, 0);
    if (now !== seen) { seen = now; at = Date.now(); busy = spent(); recent = { at, busy }; return; }
    if (Date.now() - recent.at > limits.idle * 1000) {
      if (spent() - recent.busy < 0.25) process.kill(process.pid, "SIGKILL");
      recent = { at: Date.now(), busy: spent() };
    }
    if (spent() - busy > limits.busy || Date.now() - at > limits.wait * 1000) process.kill(process.pid, "SIGKILL");
  }, 500);
`;
new Worker(watch, { eval: true, workerData: { ticks, limits } }).unref();

function end(code, message) {
  writeSync(1, message);
  // Kernel threads that wait would keep it alive.
  process.exit(code);
}

process.on("unhandledRejection", (error) => end(1, `unhandled: ${error}`));

function namesOf(task) {
  return task.suite ? [...namesOf(task.suite), task.name] : [task.name];
}

let count = 0;
const check = (task) => {
  if (task.result?.state !== "fail") return;
  const [error] = task.result.errors ?? [];
  end(1, `${task.file.name}: ${namesOf(task).join(" › ")}: ${error?.message ?? "failed"}`.slice(0, 600));
};

const runner = {
  config: {
    ...{ root: process.cwd(), setupFiles: [], name: "mutant", passWithNoTests: false, allowOnly: false, retry: 0 },
    ...{ sequence: { seed: 1, hooks: "stack", setupFiles: "list" }, maxConcurrency: 1, tags: [], strictTags: false },
    ...{ testTimeout: 1e9, hookTimeout: 1e9, includeTaskLocation: false },
  },
  importFile: (file) => import(file),
  onBeforeTryTask: () => void Atomics.add(ticks, 0, 1),
  onAfterRunTask(task) {
    count += 1;
    Atomics.add(ticks, 0, 1);
    check(task);
  },
  onAfterRunSuite: check,
};

for (const argument of process.argv.slice(2)) {
  const [file, pattern] = argument.split("#");
  runner.config.testNamePattern = pattern && new RegExp(pattern);
  const [{ result }] = await startTests([{ filepath: file }], runner);
  if (result?.state === "fail") end(1, `${file}: ${result.errors?.[0]?.message ?? "failed"}`.slice(0, 600));
}
end(count > 0 ? 0 : 1, count > 0 ? `${count} tests passed` : "there were no tests");
