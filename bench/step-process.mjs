// This library taking whole steps, as a measured process (process.mjs). There are two kinds of steps:
//
//   gradient   the workload's loss and gradients on the shared inputs, through the public low-level API
//   run        outer steps of distill(): the same with the order of the data, initial weights and Adam
import { createInterface } from "node:readline";
import { createEngine } from "../dist/index.js";
import { peakMemory, timed } from "./measure.mjs";
import { gradientOf, runOf, summary } from "./run-options.mjs";
import { workloads } from "./workloads.mjs";

const { workload: id, threads, what } = JSON.parse(process.argv[2]);
const workload = workloads.find((each) => each.id === id);

const say = (values) => console.log(JSON.stringify(values));

const step =
  what === "run" ? runOf({ threads }, workload) : await gradientOf(await createEngine({ threads }), workload);
const first = await step();
for (let i = 0; i < workload.warmUps; i++) await step();
say({ result: what === "run" ? { loss: first.loss } : summary(first) });
let last = first;
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "finish") break;
  say(
    await timed(async () => {
      last = await step();
    }),
  );
}
// The same inputs must give the same bits every time.
if (what === "gradient" && JSON.stringify(summary(last)) !== JSON.stringify(summary(first))) {
  throw new Error(`${id}: the last step's result is not the first one's`);
}
if (!Number.isFinite(last.loss)) throw new Error(`${id}: the loss is ${last.loss}`);
say({ rss: peakMemory() });
process.exit(0);
