// Makes the sets that the demo page opens with, and writes each beside this file (plain-set.mjs).
//
//   node examples/browser/sets/distil.mjs [known-10 known-30 any-100]
//
// The same command writes the same bytes on every machine. node examples/browser/sets/measure.mjs measures them.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { digits, distill, setDigest } from "distillate";
import { fromPlainText, toPlainText } from "./plain-set.mjs";
import { copies, model, recipes, seed } from "./recipes.mjs";
import { variations, variedDigits } from "./varied-digits.mjs";

const asked = process.argv.slice(2);
const unknown = asked.find((id) => !recipes.some((recipe) => recipe.id === id));
if (unknown !== undefined) {
  console.error(`there is no set "${unknown}": expected some of ${recipes.map(({ id }) => id).join(", ")}`);
  process.exit(2);
}

const { train } = await digits();
const data = variedDigits(train, copies, seed);
for (const { id, bits, init, method, outer } of recipes) {
  if (asked.length > 0 && !asked.includes(id)) continue;
  const run = distill({ data, model, init, method, outer, seed, threads: 1 });
  let losses = [];
  for await (const { step, steps, loss } of run) {
    losses.push(loss);
    if (step % 100 !== 0 && step !== steps) continue;
    const mean = losses.reduce((a, b) => a + b) / losses.length;
    console.log(`${id}: step ${step} of ${steps}, mean loss ${mean.toFixed(3)}`);
    losses = [];
  }
  const { recipe, ...set } = await run.result();
  // The images are of the digits in other forms, so the recipe says which.
  const varied = { copies, seed, ...variations };
  const text = toPlainText({ ...set, recipe: { ...recipe, data: { ...recipe.data, varied } } }, bits);
  writeFileSync(join(import.meta.dirname, `${id}.txt`), text);
  console.log(`${id}: ${text.length} letters, SHA-256 ${await setDigest(fromPlainText(text))}`);
}
