// Runs a tiny network for many outer steps, and prints how memory went: [step, heap after collection, array buffers
// outside it, capacity of the kernels' memory], all in bytes.
import { noise } from "../child-data.mjs";

const [library, optionsText] = process.argv.slice(2);
const { backGradient, conv2d, createEngine, distill, flatten, linear, maxPool2d, relu, sequential } = await import(
  library
);
const { steps, every, threads } = JSON.parse(optionsText);

const data = noise({ count: 60, size: 8, classes: 3 });
const model = sequential(
  [1, 8, 8],
  [conv2d({ out: 4, kernel: 3, padding: 1 }), relu(), maxPool2d({ kernel: 2 }), flatten(), linear({ out: 3 })],
);
const method = backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, memory: "recompute" });
const engine = await createEngine({ threads });
const samples = [];
for await (const { step } of distill({
  data,
  model,
  method,
  outer: { steps, batch: 25 },
  networksPerStep: 2,
  engine,
})) {
  if (step !== 2 && step % every !== 0) continue;
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  samples.push([step, heapUsed, arrayBuffers, 4 * engine.backend.capacity]);
}
await engine.dispose();
console.log(JSON.stringify(samples));
