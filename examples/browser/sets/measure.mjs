// Measures the sets that the demo page opens with, on the 1,000 test digits of the package, and writes figures.json beside this file.
//
//   node examples/browser/sets/measure.mjs [known-10 known-30 any-100]
//
// Without names it measures all. With names, the other figures stay as they are.
// What is measured is what the page shows: sets whose pixels have few bits, as plain-set.mjs reads them.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { baseline, createEngine, digits, evaluate, setDigest, trainOn, trainPool } from "distillate";
import { fromPlainText } from "./plain-set.mjs";
import { model, recipes, seed } from "./recipes.mjs";

/** Networks with random weights that test a set. */
const TRAININGS = 20;
/** The same on real images; for a known network so many random sets of them. */
const ON_REAL = 10;
const VOTERS = 5;
/** The usual training on all digits. */
const usual = { epochs: 12, batch: 64, learningRate: 0.003, decayEvery: 4, decayFactor: 0.3 };

const file = join(import.meta.dirname, "figures.json");
const { train, test } = await digits();
const engine = await createEngine({ threads: 1 });
const pixels = Float32Array.from(test.pixels, (level) => (level / 255 - test.mean[0]) / test.std[0]);
const asked = process.argv.slice(2);
const before = asked.length > 0 && existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
const figures = { ...before.sets };
const allDigits = before.allDigits ?? (await scoreOfAll());
for (const { id, init } of recipes) {
  if (asked.length > 0 && !asked.includes(id)) continue;
  const set = fromPlainText(readFileSync(join(import.meta.dirname, `${id}.txt`), "utf8"));
  const known = init.kind === "fixed";
  const on = { model, init, test, engine, seed };
  const distilled = await evaluate({ ...on, set, networks: known ? 1 : TRAININGS });
  const real = { ...on, train, like: set, networks: ON_REAL };
  figures[id] = {
    distilled: score(distilled),
    ...(!known && { vote: await votes(set, init) }),
    randomReal: score(await baseline({ ...real, kind: "random-real" })),
    classAverage: score(await baseline({ ...real, kind: "class-average" })),
    images: set.steps * set.imagesPerStep,
    gradientSteps: set.steps * set.epochs,
    weights: model.parameterCount,
    digest: await setDigest(set),
  };
  console.log(id, JSON.stringify(figures[id], null, 1));
}
await engine.dispose();
const inOrder = recipes.flatMap(({ id }) => (figures[id] ? [[id, figures[id]]] : []));
writeFileSync(file, `${JSON.stringify({ allDigits, sets: Object.fromEntries(inOrder) }, null, 2)}\n`);

/** Rounds, because figures are shown with one digit after the point. */
function rounded(share) {
  return Math.round(share * 10_000) / 10_000;
}

function score({ mean, std, networks }) {
  return { mean: rounded(mean), std: rounded(std), trainings: networks };
}

/** Scores votes of networks, each of which votes once. */
async function votes(set, init) {
  const shares = [];
  for (let vote = 0; vote < TRAININGS / VOTERS; vote++) {
    const sums = new Float64Array(test.count * set.classes);
    for (let k = 0; k < VOTERS; k++) {
      const network = await trainOn(set, { model, init, seed: 1 + vote * VOTERS + k, engine });
      const { logits } = await network.predict(pixels);
      addChances(logits, set.classes, sums);
    }
    shares.push(shareRight(sums, set.classes));
  }
  const mean = shares.reduce((a, b) => a + b) / shares.length;
  const std = Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / (shares.length - 1));
  return { ...score({ mean, std, networks: shares.length }), voters: VOTERS };
}

/** Adds the softmax of each row. */
function addChances(logits, classes, sums) {
  for (let i = 0; i < logits.length; i += classes) {
    const row = Array.from(logits.subarray(i, i + classes));
    const largest = Math.max(...row);
    const powers = row.map((value) => Math.exp(value - largest));
    const sum = powers.reduce((a, b) => a + b);
    for (const [label, power] of powers.entries()) sums[i + label] += power / sum;
  }
}

function shareRight(sums, classes) {
  const right = test.labels.filter((label, i) => {
    const row = sums.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(Math.max(...row)) === label;
  });
  return right.length / test.count;
}

/** Scores networks that are trained on all digits in the usual way, by Adam in batches. */
async function scoreOfAll() {
  const pool = await trainPool({
    ...{ data: train, test, model, init: recipes.find(({ id }) => id === "any-100").init },
    ...{ networks: 2, ...usual, seed, engine, pool: "test" },
  });
  const gradientSteps = usual.epochs * Math.ceil(train.count / usual.batch);
  return { ...score(pool.evaluation), gradientSteps };
}
