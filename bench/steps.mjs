// `npm run bench -- steps`: measures whole outer steps, each in a process of its own, on one thread and on two.
import { availableParallelism } from "node:os";
import { backGradientFlops, matchingFlops } from "./flops.mjs";
import { row, title } from "./print.mjs";
import { alternate, limitProcess, ourProcess, times } from "./process.mjs";
import { checkResult, models, workloads } from "./workloads.mjs";

/** The numbers of threads to measure. */
export const threadCounts = () => (availableParallelism() > 1 ? [1, 2] : [1]);

export const roundsOf = ({ rounds }, quick) => (quick ? Math.ceil(rounds / 5) : rounds);

/** Measures steps of one kind in turn with the limit: their time, the limit then, peak memory. */
async function measure(workload, threads, what, quick) {
  const limit = limitProcess(threads);
  const ours = ourProcess(workload, threads, what);
  const { gflop } = await limit.ready;
  const { result } = await ours.ready;
  const errors =
    what === "gradient" ? checkResult(`${workload.id} on ${threads} threads`, workload, result) : undefined;
  const [ofLimit, ofStep] = await alternate([limit, ours], roundsOf(workload, quick), threads);
  await limit.finish();
  const { rss } = await ours.finish();
  return { ...times(ofStep, threads), limit: (1000 * gflop) / times(ofLimit, threads).ms, rss, errors, result };
}

/** Measures the gradient of a workload and, if distill() runs it, its outer step, against the useful flops. */
async function measureWorkload(workload, threads, quick) {
  const model = models[workload.network]();
  const matching = workload.method === "matching";
  const flops = (matching ? matchingFlops : backGradientFlops)(model, workload);
  const gradient = await measure(workload, threads, "gradient", quick);
  const step = matching ? gradient : await measure(workload, threads, "run", quick);
  const speed = flops / step.ms / 1e6;
  const { errors } = gradient;
  const { ms, best, clock, limit, rss, busy, others } = step;
  return {
    id: workload.id,
    title: workload.title,
    threads,
    gflop: flops / 1e9,
    gradientMs: gradient.ms,
    ...{ ms, best, clock, gflops: speed, limit, share: speed / limit, rss, busy, others, errors },
    loss: step.result.loss,
  };
}

export async function steps({ quick }) {
  const rows = [];
  title([
    "step",
    "threads",
    "GFLOP",
    "gradient",
    "step ms",
    "best",
    "GFLOP/s",
    "limit",
    "share",
    "RSS MB",
    "busy",
    "others",
  ]);
  for (const workload of workloads) {
    for (const threads of threadCounts()) {
      const r = await measureWorkload(workload, threads, quick);
      rows.push(r);
      row([
        r.id,
        threads,
        r.gflop,
        r.gradientMs,
        r.ms,
        r.best,
        r.gflops,
        r.limit,
        [r.share],
        r.rss,
        [r.busy],
        [r.others],
      ]);
    }
    // A run's first loss is a function of recipe and seed, whatever the number of threads.
    const losses = new Set(rows.filter(({ id }) => id === workload.id).map(({ loss }) => loss));
    if (losses.size > 1) throw new Error(`${workload.id}: the loss depends on the threads: ${[...losses]}`);
  }
  return { quick, rows };
}
