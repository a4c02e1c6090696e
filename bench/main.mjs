// npm run bench -- [kernels] [convolutions] [steps] [profile] [peers] [browser] [webgpu] [cluster] [--quick]: measures what docs/performance.md explains, prints
// it and keeps it. Every result is checked before it is timed.
import { existsSync } from "node:fs";
import { machine, store } from "./machine.mjs";

const sections = ["kernels", "convolutions", "steps", "profile", "peers", "browser", "webgpu", "cluster"];
const words = process.argv.slice(2);
const quick = words.includes("--quick");
const named = words.filter((word) => word !== "--quick");
const unknown = named.find((word) => !sections.includes(word));
if (unknown !== undefined) {
  console.error(`"${unknown}" expected one of ${sections.join(", ")}, --quick`);
  process.exit(2);
}
if (!existsSync(new URL("../dist/index.js", import.meta.url))) {
  console.error("the bench measures the build, and there is none: run npm run build");
  process.exit(2);
}
console.log(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, commit ${machine.commit}`);
for (const section of named.length ? named : sections) {
  const { [section]: measure, file } = await import(`./${section}.mjs`);
  const result = await measure({ quick });
  if (result) console.log(`\nkept in ${store(section, result, file)}`);
}
process.exit(0);
