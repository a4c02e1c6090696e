// Trains a fresh network from a distilled file, which takes milliseconds, and lets it read real digits.
//
//   node examples/02-train-from-a-file.mjs [file, runs/example/digits.safetensors]
import { createEngine, digits, modelFromDescription, trainOn } from "distillate";
import { loadDistilled } from "distillate/node";

const [file = "runs/example/digits.safetensors"] = process.argv.slice(2);

const set = await loadDistilled(file);
const model = modelFromDescription(set.recipe.model);
const engine = await createEngine();
const startedAt = performance.now();
const network = await trainOn(set, { model, engine, seed: 7 });
console.log(`trained on ${set.steps * set.imagesPerStep} images in ${Math.round(performance.now() - startedAt)} ms`);

const { test } = await digits();
const [mean, std] = [set.mean[0], set.std[0]];
const ten = Float32Array.from(test.pixels.subarray(0, 10 * 784), (byte) => (byte / 255 - mean) / std);
const { classes } = await network.predict(ten);
console.log(`digits    ${[...test.labels.subarray(0, 10)].join(" ")}`);
console.log(`read as   ${[...classes].join(" ")}`);
await engine.dispose();
