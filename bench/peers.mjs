// `npm run bench -- peers`: the same gradients here and in PyTorch, in turn on the same cores, and plain training beside
// TensorFlow.js. Only results that agree are timed.
import { row, title } from "./print.mjs";
import { alternate, ourProcess, times } from "./process.mjs";
import { chosen, roundsOf, threadCounts } from "./steps.mjs";
import { compareTraining } from "./tensorflow.mjs";
import { torchProcess, torchVersion } from "./torch.mjs";
import { checkResult } from "./workloads.mjs";

/** Forms of PyTorch's step (peers/torch_step.py): the faster one is what counts. */
const forms = { "back-gradient": ["hvp", "full"], matching: ["matching"] };

async function compare(workload, threads, form, quick) {
  const ours = ourProcess(workload, threads, "gradient");
  const theirs = torchProcess(workload, { form, threads });
  const [first, other] = [await ours.ready, await theirs.ready];
  checkResult(`${workload.id} here`, workload, first.result);
  checkResult(`${workload.id} in PyTorch (${form})`, workload, other.result);
  if (other.blas !== "OpenBLAS") console.log(`PyTorch runs on ${other.blas} here: install libopenblas0-pthread`);
  const answers = await alternate([ours, theirs], roundsOf(workload, quick), threads);
  const [mine, its] = answers.map((each) => times(each, threads));
  const [{ rss }, { rss: theirRss }] = [await ours.finish(), await theirs.finish()];
  return {
    id: workload.id,
    title: workload.title,
    threads,
    form,
    blas: other.blas,
    ours: { ...mine, rss },
    theirs: { ...its, rss: theirRss },
    ratio: its.ms / mine.ms,
    bestRatio: its.best / mine.best,
    rssShare: rss / theirRss,
  };
}

async function compareTorch(quick) {
  const version = torchVersion();
  if (version === undefined) {
    console.log("skipped: no PyTorch in /usr/bin/python3 (Debian: python3-torch and libopenblas0-pthread)");
    return undefined;
  }
  const rows = [];
  const suite = chosen(quick);
  title(["step", "PyTorch", "threads", "ours ms", "theirs", "ratio", "best", "RSS MB", "theirs", "share", "others"]);
  for (const workload of suite) {
    for (const threads of threadCounts()) {
      for (const form of forms[workload.method]) {
        const r = await compare(workload, threads, form, quick);
        rows.push(r);
        const { ours, theirs, ratio, bestRatio } = r;
        row([
          r.id,
          form,
          threads,
          ours.ms,
          theirs.ms,
          ratio,
          bestRatio,
          ours.rss,
          theirs.rss,
          [r.rssShare],
          [theirs.others],
        ]);
      }
    }
  }
  return { version, rows };
}

export async function peers({ quick }) {
  return { quick, torch: await compareTorch(quick), tensorflow: await compareTraining(quick) };
}
