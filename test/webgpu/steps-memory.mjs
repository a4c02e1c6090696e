// Takes outer steps of a tiny network on a GPU, and prints how memory went: [step, bytes of the device's buffers, number of
// them, heap after collection, array buffers outside it].
import { pathToFileURL } from "node:url";
import { observe, withDevices } from "../../bench/webgpu/observe.mjs";
import { noise } from "../child-data.mjs";

const [library, optionsText] = process.argv.slice(2);
const { backGradient, conv2d, createEngine, distill, flatten, linear, maxPool2d, relu, sequential } = await import(
  library
);
const { webgpu, steps, samples: wanted } = JSON.parse(optionsText);

process.env.EGL_PLATFORM ??= "surfaceless";
const { create } = await import(pathToFileURL(webgpu).href);
let counts;
const gpu = withDevices(create(["backend=opengles"]), (device) => {
  counts = observe(device);
});
Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true });

const data = noise({ count: 60, size: 8, classes: 3 });
const model = sequential(
  [1, 8, 8],
  [conv2d({ out: 4, kernel: 3, padding: 1 }), relu(), maxPool2d({ kernel: 2 }), flatten(), linear({ out: 3 })],
);
const method = backGradient({ steps: 1, epochs: 1, imagesPerClass: 1 });
const engine = await createEngine({ backend: "webgpu" });
if (engine.backend.name !== "webgpu") throw new Error("there is no GPU");
const samples = [];
for await (const { step } of distill({ data, model, method, outer: { steps, batch: 24 }, engine })) {
  if (step % (steps / wanted) !== 0) continue;
  // What Dawn gave is freed in a task after the collection.
  globalThis.gc();
  await new Promise((resolve) => setTimeout(resolve));
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  samples.push([step, counts.held, counts.buffers, heapUsed, arrayBuffers]);
}
await engine.dispose();
console.log(JSON.stringify(samples));
process.exit(0);
