// Measures how long an abort takes to end a run, for a large network in each place: node scripts/abort-time.mjs
import { backGradient, convNet, distill, distributionMatching } from "../dist/index.js";
import { noise } from "../test/child-data.mjs";

const data = noise({ count: 2000, size: 32, classes: 10 });
const model = convNet({ input: [1, 32, 32], classes: 10 });
const methods = {
  "back-gradient": backGradient({ steps: 10, epochs: 3, imagesPerClass: 1 }),
  "distribution matching": distributionMatching({ imagesPerClass: 10, realPerClass: 200 }),
};
const places = {
  "in place": { worker: false, threads: 1 },
  "in a worker": { worker: true, threads: 1 },
  "on two workers": { worker: false, workers: 2, threads: 1 },
};
const rounds = 4;

for (const [method, chosen] of Object.entries(methods)) {
  for (const [place, where] of Object.entries(places)) {
    let slowest = 0;
    for (let i = 0; i < rounds; i++) {
      const stop = new AbortController();
      const run = distill({
        data,
        model,
        method: chosen,
        outer: { batch: 1000 },
        networksPerStep: 2,
        ...where,
        signal: stop.signal,
      });
      const result = run.result();
      await new Promise((resolve) => setTimeout(resolve, 500 + 67 * i));
      const abortedAt = performance.now();
      stop.abort();
      await result;
      slowest = Math.max(slowest, performance.now() - abortedAt);
    }
    console.log(`${method}, ${place}: the slowest of ${rounds} aborts took ${Math.round(slowest)} ms`);
  }
}
