// `npm run bench -- steps`: measures whole outer steps, each in a process of its own, on one thread and on two.
import { availableParallelism } from "node:os";
import { backGradientFlops, matchingFlops } from "./flops.mjs";
import { row, title } from "./print.mjs";
import { alternate, limitProcess, ourProcess, times } from "./process.mjs";
import { checkResult, models } from "./workloads.mjs";

/** The numbers of threads to measure. */
export const threadCounts = () => (availableParallelism() > 1 ? [1, 2] : [1]);

export const roundsOf = ({ rounds }, quick) => (quick ? Math.ceil(rounds / 5) : rounds);

/**
 * Measures steps of one kind on each number of threads, in turn with each other and with the limit: their time, the limit then,
 * peak memory, and how many times as fast they are as on one thread.
 */
async function measure(workload, what, quick) {
  const counts = threadCounts();
  const limits = counts.map((threads) => limitProcess(threads));
  const ours = counts.map((threads) => ourProcess(workload, threads, what));
  const gflops = await Promise.all(limits.map(async ({ ready }) => (await ready).gflop));
  const errors = [];
  const results = [];
  for (const [i, threads] of counts.entries()) {
    const { result } = await ours[i].ready;
    results.push(result);
    errors.push(
      what === "gradient" ? checkResult(`${workload.id} on ${threads} threads`, workload, result) : undefined,
    );
  }
  const answers = await alternate([...limits, ...ours], roundsOf(workload, quick), counts.at(-1));
  const rows = [];
  for (const [i, threads] of counts.entries()) {
    await limits[i].finish();
    const { rss } = await ours[i].finish();
    const limit = (1000 * gflops[i]) / times(answers[i], threads).ms;
    const time = times(answers[counts.length + i], threads);
    rows.push({ ...time, threads, limit, rss, errors: errors[i], result: results[i] });
  }
  return rows.map((row) => ({ ...row, gain: rows[0].clock / row.clock }));
}

/** Measures the gradient of a workload and, if distill() runs it, its outer step, against the useful flops. */
async function measureWorkload(workload, quick) {
  const model = models[workload.network]();
  const matching = workload.method === "matching";
  const flops = (matching ? matchingFlops : backGradientFlops)(model, workload);
  const gradients = await measure(workload, "gradient", quick);
  const steps = matching ? gradients : await measure(workload, "run", quick);
  return steps.map(({ threads, ms, best, clock, gain, limit, rss, busy, others, result }, i) => {
    const speed = flops / ms / 1e6;
    const { errors, ms: gradientMs, gain: gradientGain } = gradients[i];
    return {
      id: workload.id,
      title: workload.title,
      threads,
      gflop: flops / 1e9,
      ...{ gradientMs, gradientGain, ms, best, clock, gain },
      ...{ gflops: speed, limit, share: speed / limit, rss, busy, others, errors },
      loss: result.loss,
    };
  });
}

export async function steps({ quick, workloads }) {
  const rows = [];
  title([
    "step",
    "threads",
    "GFLOP",
    "gradient",
    "gain",
    "step ms",
    "best",
    "gain",
    "GFLOP/s",
    "limit",
    "share",
    "RSS MB",
    "busy",
    "others",
  ]);
  for (const workload of workloads) {
    const measured = await measureWorkload(workload, quick);
    for (const r of measured) {
      rows.push(r);
      const { id, threads, gflop, gradientMs, gradientGain, ms, best, gain, gflops, limit, share, rss } = r;
      const cells = [
        gflop,
        gradientMs,
        gradientGain,
        ms,
        best,
        gain,
        gflops,
        limit,
        [share],
        rss,
        [r.busy],
        [r.others],
      ];
      row([id, threads, ...cells]);
    }
    // A run's first loss is a function of recipe and seed, whatever the number of threads.
    const losses = new Set(measured.map(({ loss }) => loss));
    if (losses.size > 1) throw new Error(`${workload.id}: the loss depends on the threads: ${[...losses]}`);
  }
  return { quick, rows };
}
