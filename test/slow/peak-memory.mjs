// Runs LeNet, and prints what was estimated and by how much the process grew, in bytes.
const [library, optionsText] = process.argv.slice(2);
const { backGradient, distill, estimateMemory, lenet } = await import(library);
const { images, threads, memory, imagesPerClass } = JSON.parse(optionsText);

const before = process.memoryUsage().rss;
const pixels = new Uint8Array(images * 784);
for (let i = 0; i < pixels.length; i++) pixels[i] = Math.imul(i, 2654435761) >>> 24;
const data = {
  name: "noise",
  pixels,
  labels: Uint8Array.from({ length: images }, (_, i) => i % 10),
  count: images,
  channels: 1,
  height: 28,
  width: 28,
  classes: 10,
  mean: [0.5],
  std: [0.3],
};
const method = backGradient({ steps: 10, epochs: 3, imagesPerClass, memory });
const options = { data, model: lenet(), method, outer: { steps: 5 }, threads };
const { total } = estimateMemory(options);
await distill(options).result();
const grown = process.resourceUsage().maxRSS * 1024 - before;
console.log(JSON.stringify({ total, grown }));
