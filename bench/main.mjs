// npm run bench -- [kernels] [convolutions] [steps] [profile] [peers] [browser] [webgpu] [cluster] [WORKLOAD...] [--quick]: measures
// what docs/performance.md explains, prints it and keeps it. Every result is checked before it is timed. A workload's name, such as
// lenet-10x3, restricts steps, profile and peers to it, and alone stands for these three; what was measured of some workloads only is
// printed and not kept.
import { existsSync } from "node:fs";
import { machine, store } from "./machine.mjs";

const sections = ["kernels", "convolutions", "steps", "profile", "peers", "browser", "webgpu", "cluster"];
/** Those that measure workloads. */
const ofWorkloads = ["steps", "profile", "peers"];
const words = process.argv.slice(2);
const quick = words.includes("--quick");
if (!existsSync(new URL("../dist/index.js", import.meta.url))) {
  console.error("the bench measures the build, and there is none: run npm run build");
  process.exit(2);
}
const { workloads } = await import("./workloads.mjs");
const known = [...sections, ...workloads.map(({ id }) => id), "--quick"];
const unknown = words.find((word) => !known.includes(word));
if (unknown !== undefined) {
  console.error(`"${unknown}" expected one of ${known.join(", ")}`);
  process.exit(2);
}
const named = words.filter((word) => sections.includes(word));
const chosen = workloads.filter(({ id }) => words.includes(id));
console.log(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, commit ${machine.commit}`);
const usual = chosen.length ? ofWorkloads : sections;
for (const section of named.length ? named : usual) {
  const { [section]: measure, file } = await import(`./${section}.mjs`);
  const result = await measure({ quick, workloads: chosen.length ? chosen : workloads });
  const partial = chosen.length > 0 && ofWorkloads.includes(section);
  if (result && !partial) console.log(`\nkept in ${store(section, result, file)}`);
}
process.exit(0);
