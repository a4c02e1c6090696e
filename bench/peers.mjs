// `npm run bench -- peers`: computes the same gradients here and in PyTorch, in turn on the same cores, and compares plain
// training with TensorFlow.js. Only results that agree are timed.
import { row, title } from "./print.mjs";
import { alternate, ourProcess, times } from "./process.mjs";
import { roundsOf, threadCounts } from "./steps.mjs";
import { compareTraining } from "./tensorflow.mjs";
import { torchProcess, torchVersion } from "./torch.mjs";
import { checkResult } from "./workloads.mjs";

/** The forms of PyTorch's step (peers/torch_step.py), of which the faster one counts. */
const forms = { "back-gradient": ["hvp", "full"], matching: ["matching"] };

/** Times a workload in this library, in turn with each form of PyTorch's step. */
async function compare(workload, threads, quick) {
  const ours = ourProcess(workload, threads, "gradient");
  checkResult(`${workload.id} here`, workload, (await ours.ready).result);
  const rows = [];
  for (const form of forms[workload.method]) {
    const theirs = torchProcess(workload, { form, threads });
    const { result, blas } = await theirs.ready;
    checkResult(`${workload.id} in PyTorch (${form})`, workload, result);
    if (blas !== "OpenBLAS") console.log(`PyTorch runs on ${blas} here: install libopenblas0-pthread`);
    const answers = await alternate([ours, theirs], roundsOf(workload, quick), threads);
    const [mine, its] = answers.map((each) => times(each, threads));
    const { rss } = await theirs.finish();
    const ratios = { ratio: its.ms / mine.ms, bestRatio: its.best / mine.best };
    rows.push({
      id: workload.id,
      title: workload.title,
      threads,
      form,
      blas,
      ours: mine,
      theirs: { ...its, rss },
      ...ratios,
    });
  }
  const { rss } = await ours.finish();
  return rows.map((row) => ({ ...row, ours: { ...row.ours, rss }, rssShare: rss / row.theirs.rss }));
}

async function compareTorch({ quick, workloads }) {
  const version = torchVersion();
  if (version === undefined) {
    console.log("skipped: no PyTorch in /usr/bin/python3 (Debian: python3-torch and libopenblas0-pthread)");
    return undefined;
  }
  const rows = [];
  title(["step", "PyTorch", "threads", "ours ms", "theirs", "ratio", "best", "RSS MB", "theirs", "share", "others"]);
  for (const workload of workloads) {
    for (const threads of threadCounts()) {
      for (const r of await compare(workload, threads, quick)) {
        rows.push(r);
        const { form, ours, theirs, ratio, bestRatio, rssShare } = r;
        const cells = [ours.ms, theirs.ms, ratio, bestRatio, ours.rss, theirs.rss, [rssShare], [theirs.others]];
        row([r.id, form, threads, ...cells]);
      }
    }
  }
  return { version, rows };
}

export async function peers({ quick, workloads }) {
  return { quick, torch: await compareTorch({ quick, workloads }), tensorflow: await compareTraining(quick) };
}
