// This library taking whole steps, as a measured process (process.mjs). There are two kinds of steps:
//
//   gradient   the workload's loss and gradients on the shared inputs, through the public low-level API
//   run        outer steps of distill(): the same with the order of the data, initial weights and Adam
import { createInterface } from "node:readline";
import * as library from "../dist/index.js";
import { byClass, cyclic, fill, hash, risingRates, weights } from "./inputs.mjs";
import { matching } from "./matching.mjs";
import { peakMemory, timed } from "./measure.mjs";
import { models, workloads } from "./workloads.mjs";

const { workload: id, threads, what } = JSON.parse(process.argv[2]);
const workload = workloads.find((each) => each.id === id);
const model = models[workload.network]();
const features = model.inputShape.reduce((a, b) => a * b);
const { steps, epochs, imagesPerStep, real, learningRate, warmUps } = workload;

/** Returns a function that takes a step and returns { loss, images: [gradients of each block], learningRates }. */
async function gradient() {
  const inputs = {
    parameters: weights(model),
    steps: Array.from({ length: steps }, (_, s) => ({
      images: fill(imagesPerStep * features, 200 + s),
      targets: byClass(imagesPerStep, 10),
    })),
    real: { images: fill(real * features, 300, 1.5), targets: cyclic(real, 10) },
  };
  const engine = await library.createEngine({ threads });
  if (workload.method === "matching") return matching(model, engine, inputs);
  const network = await engine.bind(model);
  const learningRates = risingRates(learningRate, steps * epochs);
  return () => network.metaGradient({ ...inputs, epochs, learningRates });
}

/** Returns a function that takes an outer step of a run and returns { loss }. */
async function run() {
  const [channels, height, width] = model.inputShape;
  const count = 2 * real;
  const data = {
    name: "hash",
    pixels: Uint8Array.from({ length: count * features }, (_, i) => 128 * (1 + hash(i, 300))),
    labels: Uint8Array.from(cyclic(count, 10)),
    ...{ count, channels, height, width, classes: 10 },
    mean: new Array(channels).fill(0.5),
    std: new Array(channels).fill(0.25),
  };
  const method = library.backGradient({ steps, epochs, imagesPerClass: imagesPerStep / 10, learningRate });
  const init = epochs > 1 && steps === 1 ? library.fixedInit() : library.randomInit();
  const outer = { batch: real, steps: 1e6 };
  const outerSteps = library.distill({ data, model, method, init, outer, threads })[Symbol.asyncIterator]();
  return async () => (await outerSteps.next()).value;
}

/** Returns the values that expected.json holds of a result. */
function summary({ loss, images, learningRates }) {
  let squares = 0;
  let projection = 0;
  let i = 0;
  for (const block of images) {
    for (const value of block) {
      squares += value * value;
      projection += value * hash(i++, 999);
    }
  }
  return { loss, images: Math.sqrt(squares), projection, learningRates: Array.from(learningRates) };
}

const say = (values) => console.log(JSON.stringify(values));

const step = what === "run" ? await run() : await gradient();
const first = await step();
for (let i = 0; i < warmUps; i++) await step();
say({ result: what === "run" ? { loss: first.loss } : summary(first) });
let last = first;
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "finish") break;
  say(
    await timed(async () => {
      last = await step();
    }),
  );
}
// The same inputs must give the same bits every time.
if (what === "gradient" && JSON.stringify(summary(last)) !== JSON.stringify(summary(first))) {
  throw new Error(`${id}: the last step's result is not the first one's`);
}
if (!Number.isFinite(last.loss)) throw new Error(`${id}: the loss is ${last.loss}`);
say({ rss: peakMemory() });
process.exit(0);
