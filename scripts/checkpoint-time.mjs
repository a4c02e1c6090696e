// Measures how long a checkpoint takes beside an outer step: medians over forty steps of the recipe digits-random.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backGradient, digits, distill, lenet } from "../dist/index.js";
import { saveCheckpoint } from "../dist/node.js";

const folder = mkdtempSync(join(tmpdir(), "distillate-checkpoint-"));
const { train } = await digits();
const method = backGradient({ steps: 10, epochs: 3, imagesPerClass: 1 });
const run = distill({ data: train, model: lenet(), method, outer: { steps: 40 }, threads: 1 });
const times = { step: [], checkpoint: [] };
let at = performance.now();

function lap(name) {
  const now = performance.now();
  times[name].push(now - at);
  at = now;
}

for await (const _ of run) {
  lap("step");
  await saveCheckpoint(join(folder, "run.safetensors"), await run.state());
  lap("checkpoint");
}
rmSync(folder, { recursive: true });
for (const [name, all] of Object.entries(times)) {
  const median = all.sort((a, b) => a - b)[all.length >> 1];
  console.log(`${name}: ${median.toFixed(1)} ms`);
}
