// Trains LeNet in this library, as a measured process (process.mjs): a step is one of SGD.
import { createInterface } from "node:readline";
import { write } from "../dist/backend/backend.js";
import { createEngine, lenet } from "../dist/index.js";
import { RealBatch } from "../dist/inner/real-batch.js";
import { cyclic, fill, labelledBatch, weights } from "./inputs.mjs";
import { peakMemory, timed } from "./measure.mjs";

const { images, learningRate, warmUps } = JSON.parse(process.argv[2]);
const model = lenet();
const { backend, arena } = await createEngine({ threads: 1 });
const count = model.parameterCount;
const [theta, gradient, loss] = [count, count, 1].map((n) => arena.allocate(n));
const batch = new RealBatch(model, backend, arena, images);
const real = labelledBatch(fill(images * 784, 300, 1.5), cyclic(images, 10));
write(backend, theta, weights(model));

async function step() {
  batch.loss(theta, real, gradient, loss);
  backend.ops.axpy(theta, theta, -learningRate, gradient, count);
  const [value] = await backend.read(loss, 1);
  return value;
}

const say = (values) => console.log(JSON.stringify(values));
const losses = [await step(), await step(), await step()];
for (let i = 0; i < warmUps; i++) await step();
say({ result: { losses } });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "finish") break;
  say(await timed(step));
}
say({ rss: peakMemory() });
process.exit(0);
