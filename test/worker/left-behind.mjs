// Ends engines, runs and calls in every way a few times, and prints for each way what is alive afterwards.
import { alive, waysToEnd } from "./ways-to-end.mjs";

const [path, optionsText] = process.argv.slice(2);
const { rounds, patience } = JSON.parse(optionsText);

/** What is alive; waits a while for what ends by itself. */
async function left() {
  const end = Date.now() + patience;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const counts = alive();
    if (Date.now() > end || Object.keys(counts).length === 0) return counts;
  }
}

const ways = await waysToEnd(await import(path));
const result = { before: await left() };
for (const [name, way] of Object.entries(ways)) {
  for (let i = 0; i < rounds; i++) await way();
  result[name] = await left();
}
console.log(JSON.stringify(result));
