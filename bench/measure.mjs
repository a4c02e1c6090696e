// Measures time. One thread is timed by the process's CPU time, which waiting for a processor does not lengthen, several
// threads by the clock. The results are medians, with the smallest beside them.
import { readFileSync } from "node:fs";
import { cpus } from "node:os";

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Runs `work`; returns milliseconds by the clock and of this process's CPU time. */
export async function timed(work) {
  const before = process.cpuUsage();
  const start = performance.now();
  await work();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { ms, cpu: (user + system) / 1000 };
}

/** Returns the CPU milliseconds of `count` calls of `work`. */
function cpuOf(work, count) {
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Returns how many calls of `work` take about `target` milliseconds. */
function calibrate(work, target) {
  for (let count = 1; ; count *= 2) {
    const spent = cpuOf(work, count);
    if (spent >= target / 4) return Math.max(1, Math.round((count * target) / spent));
  }
}

/**
 * Returns samples of CPU milliseconds per call for each of `works`, taken in turn, so that a change of the machine's speed
 * affects all of them.
 */
export function interleave(works, { rounds, target }) {
  const counts = works.map((work) => calibrate(work, target));
  const samples = works.map(() => []);
  for (let round = 0; round < rounds; round++) {
    works.forEach((work, i) => {
      samples[i].push(cpuOf(work, counts[i]) / counts[i]);
    });
  }
  return samples;
}

/** Calls `work` for `ms` milliseconds. V8 compiles a kernel well only after many calls, and swaps it in between two. */
export function warmUp(work, ms) {
  for (const end = performance.now() + ms; performance.now() < end; ) work();
}

/** Returns the milliseconds that all processors were busy, and in all, since they were started. */
export function processorTimes() {
  let busy = 0;
  let all = 0;
  for (const { times } of cpus()) {
    all += times.user + times.nice + times.sys + times.idle + times.irq;
    busy += times.user + times.sys + times.irq;
  }
  return { busy, all };
}

/** Returns the share of the processors that was busy between two moments, from 0 to 1, beside `own` milliseconds of CPU time. */
export function busyBetween(before, after, own = 0) {
  return Math.max(0, after.busy - before.busy - own) / Math.max(1, after.all - before.all);
}

/** Returns the share of the machine's processors that is busy now. */
export async function busyShare(ms = 250) {
  const before = processorTimes();
  await new Promise((resolve) => setTimeout(resolve, ms));
  return busyBetween(before, processorTimes());
}

/** Waits at most `seconds` until the machine is idle enough for the clock to be useful; returns the busy share then. */
export async function quiet(seconds, most = 0.1) {
  const end = performance.now() + 1000 * seconds;
  for (;;) {
    const share = await busyShare();
    if (share <= most || performance.now() >= end) return share;
  }
}

/**
 * Returns the most memory that this process ever held, in MB. On Linux it does not use `maxRSS`, which begins with what the
 * parent held when it started this process.
 */
export function peakMemory() {
  try {
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024;
  }
}
