// Measures what a distilled set loses when its blocks of images come in another order than the one that they were learned in.
//
//   node scripts/order-robustness.mjs FILE… [--data data/mnist] [--networks 50] [--seed 1] [--block-epochs 30]
//
// A set with learned learning rates is replayed in its learned order, and with its blocks shuffled for each pass. A set that networks train
// on by SGD is cut into blocks of one image of each class, which networks take in the same order in every pass, or shuffled, at the
// learning rate and momentum of its protocol. Both times the networks begin with the same weights.
import { parseArgs } from "node:util";
import { digits, evaluate, modelFromDescription, randomInit } from "../dist/index.js";
import { loadDataset, loadDistilled } from "../dist/node.js";

const { values, positionals: files } = parseArgs({
  options: {
    data: { type: "string" },
    networks: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    "block-epochs": { type: "string", default: "30" },
  },
  allowPositionals: true,
});
const [networks, seed, epochs] = [values.networks, values.seed, values["block-epochs"]].map(Number);
if (files.length === 0) {
  console.error("expected the files of distilled sets");
  process.exit(2);
}
const { test: images } = values.data === undefined ? await digits() : await loadDataset(values.data);

for (const file of files) {
  const set = inBlocks(await loadDistilled(file));
  const model = modelFromDescription(set.recipe.model);
  const { scheme = "xavier-normal" } = set.recipe.init;
  const test = { ...images, mean: set.mean, std: set.std };
  const measure = (order) => evaluate({ set, model, init: randomInit(scheme), networks, test, seed, order });
  const [learned, shuffled] = [await measure("learned"), await measure("shuffled")];
  const loss = 100 * (learned.mean - shuffled.mean);
  console.log(`${file} (${set.steps} blocks of ${set.imagesPerStep}, ${set.epochs} passes)`);
  console.log(`  in one order ${text(learned)}, shuffled ${text(shuffled)}: shuffling costs ${loss.toFixed(1)} points`);
}

/** Returns a set with learned rates as it is, and any other as blocks of one image of each class at the rate of its protocol. */
function inBlocks(set) {
  const { training, classes, imagesPerStep, channels, height, width } = set;
  if (training === undefined) return set;
  if (training.optimizer !== "sgd")
    throw new RangeError(`expected a set that networks train on by sgd, got ${training.optimizer}`);
  const blocks = imagesPerStep / classes;
  const size = channels * height * width;
  const [pixels, targets] = [new Float32Array(set.images.length), new Float32Array(set.targets.length)];
  for (let b = 0; b < blocks; b++) {
    for (let k = 0; k < classes; k++) {
      const [from, to] = [k * blocks + b, b * classes + k];
      pixels.set(set.images.subarray(from * size, (from + 1) * size), to * size);
      targets.set(set.targets.subarray(from * classes, (from + 1) * classes), to * classes);
    }
  }
  const { momentum, weightDecay, learningRate } = training;
  const learningRates = new Float32Array(blocks * epochs).fill(learningRate);
  const { training: _, ...rest } = set;
  const schedule = { steps: blocks, epochs, imagesPerStep: classes, learningRates, momentum, weightDecay };
  return { ...rest, ...schedule, images: pixels, targets };
}

function text({ mean, std }) {
  return `${(100 * mean).toFixed(1)} ± ${(100 * std).toFixed(1)} %`;
}
