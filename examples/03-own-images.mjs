// Distils your own pictures: a folder with a folder of PNG or JPEG files for each class, or a zip or tar.gz of it.
//
//   node examples/03-own-images.mjs FOLDER|ARCHIVE [outer steps, 200] [picture, runs/own.png]
import { backGradient, contactSheet, distill, evaluate, fixedInit, lenet } from "distillate";
import { loadDataset, writeFileAtomic } from "distillate/node";

const [path, outerSteps = "200", picture = "runs/own.png"] = process.argv.slice(2);

// LeNet takes squares of 32 pixels: pictures are scaled by their shorter side and cropped to the middle.
const { train, test } = await loadDataset(path, { size: 32 });
console.log(`${train.count} pictures to learn from, ${test.count} to test on: ${train.classNames.join(", ")}`);

const model = lenet({ channels: train.channels, size: 32, classes: train.classes });
const method = backGradient({ steps: 1, epochs: 3, imagesPerClass: 1, initialNoise: 0.1 });
const init = fixedInit();
const run = distill({ data: train, model, method, init, outer: { steps: Number(outerSteps), batch: 256 }, seed: 1 });
for await (const { step, loss } of run) if (step % 20 === 0) console.log(`outer step ${step}: loss ${loss.toFixed(3)}`);

const set = await run.result();
const { mean } = await evaluate({ set, model, init, test });
console.log(
  `${train.classes} synthetic pictures teach their network ${(100 * mean).toFixed(1)} % of the test pictures`,
);
await writeFileAtomic(picture, await contactSheet(set));
console.log(`saved ${picture}`);
