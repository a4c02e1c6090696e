// Trains LeNet in this library, as a measured process (process.mjs): a step is one of SGD.
import { createInterface } from "node:readline";
import { createEngine, lenet } from "../dist/index.js";
import { RealBatch } from "../dist/inner/real-batch.js";
import { cyclic, fill, labelledBatch, weights } from "./inputs.mjs";
import { peakMemory, timed } from "./measure.mjs";

const { images, learningRate, warmUps } = JSON.parse(process.argv[2]);
const model = lenet();
const { backend, arena } = await createEngine({ threads: 1 });
const count = model.parameterCount;
const [theta, gradient] = [arena.allocate(count), arena.allocate(count)];
const batch = new RealBatch(model, backend, arena, images);
const real = labelledBatch(fill(images * 784, 300, 1.5), cyclic(images, 10));
backend.write(theta, weights(model));

function step() {
  const loss = batch.loss(theta, real, gradient);
  backend.ops.axpy(theta, theta, -learningRate, gradient, count);
  return loss;
}

const say = (values) => console.log(JSON.stringify(values));
const losses = [step(), step(), step()];
for (let i = 0; i < warmUps; i++) step();
say({ result: { losses } });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "finish") break;
  say(await timed(step));
}
say({ rss: peakMemory() });
process.exit(0);
