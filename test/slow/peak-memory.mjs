// Runs LeNet, and prints what was estimated and by how much the process grew, in bytes.
import { noise } from "../child-data.mjs";

const [library, optionsText] = process.argv.slice(2);
const { backGradient, distill, estimateMemory, lenet } = await import(library);
const { images, threads, memory, imagesPerClass } = JSON.parse(optionsText);

const before = process.memoryUsage().rss;
const data = noise({ count: images, size: 28, classes: 10 });
const method = backGradient({ steps: 10, epochs: 3, imagesPerClass, memory });
const options = { data, model: lenet(), method, outer: { steps: 5 }, threads };
const { total } = estimateMemory(options);
await distill(options).result();
const grown = process.resourceUsage().maxRSS * 1024 - before;
console.log(JSON.stringify({ total, grown }));
