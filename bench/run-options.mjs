// The steps of a workload on an engine: the gradient on the shared inputs, and outer steps of distill().
import * as library from "../dist/index.js";
import { byClass, cyclic, fill, hash, risingRates, weights } from "./inputs.mjs";
import { matching } from "./matching.mjs";
import { models } from "./workloads.mjs";

const featuresOf = (model) => model.inputShape.reduce((a, b) => a * b);

/** Returns a function that takes a step and returns { loss, images: [gradients of each block], learningRates }. */
export async function gradientOf(engine, { network, method, steps, epochs, imagesPerStep, real, learningRate }) {
  const model = models[network]();
  const features = featuresOf(model);
  const inputs = {
    parameters: weights(model),
    steps: Array.from({ length: steps }, (_, s) => ({
      images: fill(imagesPerStep * features, 200 + s),
      targets: byClass(imagesPerStep, 10),
    })),
    real: { images: fill(real * features, 300, 1.5), targets: cyclic(real, 10) },
  };
  if (method === "matching") return matching(model, engine, inputs);
  const bound = await engine.bind(model);
  const learningRates = risingRates(learningRate, steps * epochs);
  return () => bound.metaGradient({ ...inputs, epochs, learningRates });
}

/** Returns the options of distill() for a workload, without those that say where it runs. */
export function runOptions({ network, steps, epochs, imagesPerStep, real, learningRate, networks = 1 }) {
  const model = models[network]();
  const features = featuresOf(model);
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
  return { data, model, method, init, networksPerStep: networks, outer: { batch: real, steps: 1e6 } };
}

/** Returns a function that takes an outer step of a run and returns { loss }. `place`: an engine, or threads. */
export function runOf(place, workload) {
  const outerSteps = library.distill({ ...runOptions(workload), ...place })[Symbol.asyncIterator]();
  return async () => (await outerSteps.next()).value;
}

/** Returns the values that expected.json holds of a result. */
export function summary({ loss, images, learningRates }) {
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
