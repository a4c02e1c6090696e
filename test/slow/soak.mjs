// Runs a tiny network for as long as asked, saves checkpoints meanwhile, and prints how memory went: [step, heap after
// collection, array buffers outside it, capacity of the kernels' memory, resident memory], all but the first in bytes.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noise } from "../child-data.mjs";

const [library, optionsText] = process.argv.slice(2);
const { backGradient, conv2d, createEngine, distill, flatten, linear, maxPool2d, relu, saveCheckpoint, sequential } =
  await import(library);
const { seconds, samples: wanted, threads } = JSON.parse(optionsText);
/** Steps between two checkpoints: a thousand times as often as a real run. */
const checkpointEvery = 100;

const data = noise({ count: 60, size: 8, classes: 3 });
const model = sequential(
  [1, 8, 8],
  [conv2d({ out: 4, kernel: 3, padding: 1 }), relu(), maxPool2d({ kernel: 2 }), flatten(), linear({ out: 3 })],
);
const method = backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, memory: "recompute" });
const engine = await createEngine({ threads });
const folder = await mkdtemp(join(tmpdir(), "distillate-soak-"));
const samples = [];
const started = performance.now();
const run = distill({
  data,
  model,
  method,
  outer: { steps: Number.MAX_SAFE_INTEGER, batch: 25 },
  networksPerStep: 2,
  engine,
});
for await (const { step } of run) {
  if (step % checkpointEvery === 0) await saveCheckpoint(join(folder, "run.safetensors"), await run.state());
  const passed = (performance.now() - started) / 1000;
  if (step !== 2 && passed < (samples.length * seconds) / wanted) continue;
  globalThis.gc();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  samples.push([step, heapUsed, arrayBuffers, 4 * engine.backend.capacity, rss]);
  if (passed >= seconds) break;
}
await engine.dispose();
await rm(folder, { recursive: true });
console.log(JSON.stringify(samples));
