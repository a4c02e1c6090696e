// The machine's limit on several threads, as a measured process (process.mjs): a "step" is some tens of milliseconds.
import { createInterface } from "node:readline";
import { limitFlops, limitOnThreads } from "./limit.mjs";
import { timed } from "./measure.mjs";

const CALLS = 200;
const { threads } = JSON.parse(process.argv[2]);
const work = await limitOnThreads(threads);
const say = (values) => console.log(JSON.stringify(values));

say({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "finish") break;
  const spent = await timed(() => work(CALLS));
  const flops = threads * CALLS * limitFlops;
  say({ ...spent, gflops: flops / (threads === 1 ? spent.cpu : spent.ms) / 1e6 });
}
say({ done: true });
process.exit(0);
