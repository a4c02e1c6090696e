// MNIST → USPS on the paper's own division of the USPS digits: its training and test digits are a random four fifths and a
// random fifth of all 9,298 (7,438 and 1,860). The files of this data set have the postal service's division, whose test
// digits are harder. It needs pools of LeNets trained on MNIST (`distillate train mnist-usps`).
//
//   node scripts/usps-as-in-the-paper.mjs DATA --pool DIR --test-pool DIR [--outer-steps 800] [--threads 1]
import { parseArgs } from "node:util";
import { padded, resized, splitByClass } from "../dist/data.js";
import { baseline, distill, evaluate, lenet, pretrained, trainPool } from "../dist/index.js";
import { loadDataset, loadPool } from "../dist/node.js";
import { findRecipe, recipeOptions } from "../dist/recipes.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pool: { type: "string" },
    "test-pool": { type: "string" },
    "outer-steps": { type: "string", default: "800" },
    threads: { type: "string", default: "1" },
  },
});
const steps = Number(values["outer-steps"]);
const threads = Number(values.threads);

/** Joins all digits in one set. */
function joined({ train, test }) {
  const { mean: _, std: __, ...images } = train;
  const pixels = new Uint8Array(train.pixels.length + test.pixels.length);
  pixels.set(train.pixels);
  pixels.set(test.pixels, train.pixels.length);
  const labels = Uint8Array.from([...train.labels, ...test.labels]);
  return { ...images, pixels, labels, count: train.count + test.count };
}

const percent = ({ mean, std }) => `${(100 * mean).toFixed(1)} ± ${(100 * std).toFixed(1)} %`;
const usps = await loadDataset(positionals[0]);
const { train, test } = padded(resized(splitByClass(joined(usps), { testShare: 0.2, seed: 1 }), 22), 3);
console.log(`${train.count} digits to learn from, ${test.count} to test on`);

const model = lenet();
const schedule = { epochs: 20, batch: 128, learningRate: 1e-3, decayEvery: 10, decayFactor: 0.3, seed: 1, threads };
const full = await trainPool({ ...schedule, data: train, test, model, networks: 4 });
console.log(`trained on all of them: ${percent(full.evaluation)}`);

const init = pretrained(await loadPool(values["test-pool"]));
const recipe = { ...findRecipe("mnist-usps"), outer: { ...findRecipe("mnist-usps").outer, epochs: undefined, steps } };
const run = distill({ ...recipeOptions(recipe, train, await loadPool(values.pool)), threads });
const judges = { model, init, test, networks: 20, seed: 1, threads };
for await (const { step } of run) {
  if (step % 400 !== 0 && step !== steps) continue;
  const set = await run.snapshot();
  if (step <= 400) console.log(`before: ${percent(await evaluate({ ...judges, set, epochs: 0 }))}`);
  console.log(`outer step ${step}: ${percent(await evaluate({ ...judges, set }))}`);
}
const like = await run.result();
for (const kind of ["random-real", "class-average", "k-means"]) {
  console.log(`${kind}: ${percent(await baseline({ ...judges, train, kind, like }))}`);
}
