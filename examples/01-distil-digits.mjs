// Distils 100 images of digits, says how well fresh networks learn from them, and saves them with a picture.
//
//   node examples/01-distil-digits.mjs [outer steps, 600] [folder, runs/example]
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { backGradient, contactSheet, digits, distill, evaluate, lenet, randomInit } from "distillate";
import { saveDistilled, writeFileAtomic } from "distillate/node";

const [outerSteps = "600", folder = "runs/example"] = process.argv.slice(2);

const { train, test } = await digits();
const model = lenet();
const method = backGradient({ steps: 10, epochs: 3, imagesPerClass: 1, initialNoise: 0.1 });
const run = distill({ data: train, model, method, init: randomInit(), outer: { steps: Number(outerSteps) }, seed: 1 });
for await (const { step, steps, loss } of run) {
  if (step % 10 === 0 || step === steps) console.log(`outer step ${step} of ${steps}: loss ${loss.toFixed(3)}`);
}

const set = await run.result();
const { mean, std, networks } = await evaluate({ set, model, init: randomInit(), networks: 5, test });
console.log(`${(100 * mean).toFixed(1)} ± ${(100 * std).toFixed(1)} % over ${networks} networks`);

await mkdir(folder, { recursive: true });
await saveDistilled(join(folder, "digits.safetensors"), set);
await writeFileAtomic(join(folder, "digits.png"), await contactSheet(set));
console.log(`saved in ${folder}`);
