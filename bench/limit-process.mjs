// Measures the machine's limit on several threads, as a measured process (process.mjs). A "step" is about 100 ms: processors
// count their busy time in hundredths of a second, so that disturbances of a shorter step could not be seen.
import { createInterface } from "node:readline";
import { limitFlops, limitOnThreads } from "./limit.mjs";
import { timed } from "./measure.mjs";

const CALLS = 2000;
const { threads } = JSON.parse(process.argv[2]);
const work = await limitOnThreads(threads);
const say = (values) => console.log(JSON.stringify(values));

say({ gflop: (threads * CALLS * limitFlops) / 1e9 });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "finish") break;
  const spent = await timed(() => work(CALLS));
  say(spent);
}
say({ done: true });
process.exit(0);
