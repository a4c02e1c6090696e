// Makes and ends engines or runs, one after the other, and prints how memory went: [rounds, heap after collection,
// resident memory], in bytes.
import { waysToEnd } from "../worker/ways-to-end.mjs";

const [path, optionsText] = process.argv.slice(2);
const { way, rounds, samples } = JSON.parse(optionsText);

const round = (await waysToEnd(await import(path)))[way];
const result = [];
for (let i = 1; i <= rounds; i++) {
  await round();
  if (i % (rounds / samples) !== 0) continue;
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  const { heapUsed, rss } = process.memoryUsage();
  result.push([i, heapUsed, rss]);
}
console.log(JSON.stringify(result));
