// Runs what it is told, and prints what was estimated and by how much the process grew, in bytes.
import { noise } from "../child-data.mjs";

const [library, optionsText] = process.argv.slice(2);
const given = JSON.parse(optionsText);
const calls = await import(library);

/** Calls the function of the library that has the first part as its name, with the others. */
const made = ([name, ...args]) => calls[name](...args);

const before = process.memoryUsage().rss;
const data = noise(given.data);
const model = made(given.model);
const options = {
  ...given.options,
  ...{ data, model, method: made(given.method) },
  ...(given.images && { images: made(given.images) }),
  ...(given.experts && { init: calls.experts(trajectories(given.experts)) }),
};
const { total } = calls.estimateMemory(options);
await calls.distill(options).result();
const grown = process.resourceUsage().maxRSS * 1024 - before;
console.log(JSON.stringify({ total, grown }));

/** Makes weights of networks before their training and after each of so many epochs, no two alike. */
function trajectories({ networks, epochs }) {
  let shift = 0;
  const network = () => {
    shift += 104_729;
    return Float32Array.from({ length: model.parameterCount }, (_, i) => ((7919 * i + shift) % 1000) / 1e4 - 0.05);
  };
  return Array.from({ length: networks }, () => Array.from({ length: epochs + 1 }, network));
}
