// Outer steps of a run with several networks, as a measured process (process.mjs): on the workers of a cluster, or on workers of its own.
import { createInterface } from "node:readline";
import { cluster } from "../../dist/cluster.js";
import { timed } from "../measure.mjs";
import { runOf } from "../run-options.mjs";

const { workload, url, workers = 0 } = JSON.parse(process.argv[2]);
const place = url === undefined ? { workers } : { networks: cluster(url) };
const step = runOf({ threads: 1, ...place }, workload);
let { loss } = await step();

console.log(JSON.stringify({ loss }));
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "finish") break;
  const taken = await timed(async () => {
    ({ loss } = await step());
  });
  console.log(JSON.stringify({ ...taken, loss }));
}
console.log(JSON.stringify({ loss }));
process.exit(0);
