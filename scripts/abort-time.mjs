// Measures for how long a run in place keeps its thread, which is what an abort waits for: node scripts/abort-time.mjs
// In processor time, so that other programs do not count.
import { backGradient, convNet, distill, distributionMatching, lenet } from "../dist/index.js";
import { noise } from "../test/child-data.mjs";

const data = noise({ count: 2000, size: 32, classes: 10 });
const large = convNet({ input: [1, 32, 32], classes: 10 });
const cases = {
  "back-gradient, LeNet, 10 images": [lenet({ size: 32 }), backGradient({ steps: 10, epochs: 3, imagesPerClass: 1 })],
  "back-gradient, ConvNet of width 128, 10 images": [large, backGradient({ steps: 5, epochs: 1, imagesPerClass: 1 })],
  "back-gradient, ConvNet of width 128, 100 images": [large, backGradient({ steps: 1, epochs: 1, imagesPerClass: 10 })],
  "distribution matching, ConvNet of width 128": [
    large,
    distributionMatching({ imagesPerClass: 10, realPerClass: 200 }),
  ],
};

for (const [name, [model, method]] of Object.entries(cases)) {
  const stop = new AbortController();
  const outer = { batch: 200, steps: 1 };
  const run = distill({ data, model, method, outer, worker: false, threads: 1, signal: stop.signal });
  const kept = [];
  let last = process.cpuUsage();
  let over = false;
  const beat = () => {
    const { user, system } = process.cpuUsage(last);
    kept.push((user + system) / 1000);
    last = process.cpuUsage();
    if (!over) setImmediate(beat);
  };
  setImmediate(beat);
  await run.result();
  over = true;
  // At first memory is taken and filled.
  const start = Math.max(...kept.slice(0, 6));
  console.log(`${name}: ${start.toFixed(0)} ms at the start, then at most ${Math.max(...kept.slice(6)).toFixed(0)} ms`);
}
