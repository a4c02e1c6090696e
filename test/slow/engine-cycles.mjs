// Makes and ends engines, one after the other, and nothing else. Prints resident memory, in bytes, after the first ones and
// at the end.
const [library, optionsText] = process.argv.slice(2);
const { createEngine } = await import(library);
const { first, cycles, ...options } = JSON.parse(optionsText);

const resident = [];
for (let i = 1; i <= first + cycles; i++) {
  const engine = await createEngine(options);
  await engine.dispose();
  if (i !== first && i !== first + cycles) continue;
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  resident.push(process.memoryUsage().rss);
}
console.log(JSON.stringify(resident));
