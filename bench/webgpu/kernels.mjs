// Each kernel on a GPU and in WebAssembly, in one process and in turn, by the clock: calls that follow each other and write the
// same operands, so that each waits for the one before it, as those of a step do.
import { Arena } from "../../dist/backend/arena.js";
import { createReferenceBackend } from "../../dist/backend/reference/backend.js";
import { arithmeticCases, expectations } from "../arithmetic.mjs";
import { networksOn } from "../layers.mjs";
import { median } from "../measure.mjs";
import { trafficCases } from "../traffic.mjs";

/**
 * How many networks have a dispatch together, and the images of each. One that is simulated takes minutes for the large ones,
 * and gets the second of LeNet only.
 */
const LOADS = [
  { networks: 1, images: 10 },
  { networks: 16, images: 10 },
  { networks: 1, images: 256 },
];
const loadsOf = (network, software) => (software ? LOADS.slice(0, network === "LeNet" ? 2 : 1) : LOADS);

/** How long the calls of a sample take together, in milliseconds, and how many samples are taken. */
const settingsOf = ({ software, quick }) => ({
  rounds: software || quick ? 3 : 9,
  target: software ? 5 : quick ? 20 : 50,
});

/** Returns the milliseconds of a call of `work` when `count` follow each other, until all of them are done. */
async function timeOf({ backend, work }, count) {
  const start = performance.now();
  for (let i = 0; i < count; i++) work();
  backend.submit();
  await backend.read(backend.base, 1);
  return (performance.now() - start) / count;
}

/** Returns how many calls take about `target` milliseconds. */
async function calibrate(contestant, target) {
  // The first call compiles the shaders.
  await timeOf(contestant, 1);
  for (let count = 1; ; count *= 2) {
    const ms = await timeOf(contestant, count);
    if (count * ms >= target / 2) return Math.max(1, Math.round(target / ms));
  }
}

/** Returns the median and the least milliseconds of a call of each of `contestants`: { backend, work }. */
async function inTurn(contestants, { rounds, target }) {
  const counts = [];
  for (const contestant of contestants) counts.push(await calibrate(contestant, target));
  const samples = contestants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, contestant] of contestants.entries()) samples[i].push(await timeOf(contestant, counts[i]));
  }
  return samples.map((each) => ({ ms: median(each), best: Math.min(...each) }));
}

/** Returns the passes of a layer for several networks side by side, each of them checked. */
async function passesOf(layer, { networks, images }, backend, arena, expected) {
  const cases = [];
  for (let k = 0; k < networks; k++) cases.push(await arithmeticCases(layer, images, backend, arena, expected));
  return cases[0].map(({ pass, flops }, i) => ({
    pass,
    flops: networks * flops,
    work: () => backend.sideBySide(networks, (k) => cases[k][i].work()),
  }));
}

/** Yields the passes of all layers of the three networks: useful GFLOP/s of both. */
export async function* arithmeticRows({ gpu, kernels, software, quick, only = () => true }) {
  const [onGpu, onKernels] = [gpu, kernels].map((backend) => networksOn(backend.plan));
  const arenas = [gpu, kernels].map((backend) => new Arena(backend));
  for (const [n, { name, layers }] of onGpu.entries()) {
    for (const [l, layer] of layers.entries()) {
      if (!only(name, layer.name)) continue;
      const expected = await expectations(layer, createReferenceBackend());
      for (const load of loadsOf(name, software)) {
        const marks = arenas.map((arena) => arena.mark());
        const theirs = onKernels[n].layers[l];
        const passes = await passesOf(layer, load, gpu, arenas[0], expected);
        const others = await passesOf(theirs, load, kernels, arenas[1], expected);
        for (const [i, { pass, flops, work }] of passes.entries()) {
          const contestants = [
            { backend: gpu, work },
            { backend: kernels, work: others[i].work },
          ];
          const [webgpu, wasm] = await inTurn(contestants, settingsOf({ software, quick }));
          const about = { network: name, layer: layer.name, size: layer.size, pass, ...load };
          const speeds = { webgpu: flops / webgpu.ms / 1e6, wasm: flops / wasm.ms / 1e6 };
          yield { ...about, ...speeds, ratio: wasm.ms / webgpu.ms, best: flops / webgpu.best / 1e6 };
        }
        for (const [i, arena] of arenas.entries()) arena.release(marks[i]);
      }
    }
  }
}

/** Yields the kernels that memory bounds: GB/s of both. */
export async function* trafficRows({ gpu, kernels, software, quick, only = () => true }) {
  const others = trafficCases(kernels, only);
  for await (const { kernel, operands, bytes, work } of trafficCases(gpu, only)) {
    const { value } = await others.next();
    const contestants = [
      { backend: gpu, work },
      { backend: kernels, work: value.work },
    ];
    const [webgpu, wasm] = await inTurn(contestants, settingsOf({ software, quick }));
    const speeds = { webgpu: bytes / webgpu.ms / 1e6, wasm: bytes / wasm.ms / 1e6 };
    yield { kernel, operands, bytes, ...speeds, ratio: wasm.ms / webgpu.ms, best: bytes / webgpu.best / 1e6 };
  }
}

/** Returns the microseconds of a dispatch that waits for the one before it and does nothing else, and of reading one float. */
export async function fixedCosts(gpu, { software, quick }) {
  const count = software ? 500 : 5000;
  const work = () => gpu.ops.fill(gpu.base, 1, 1);
  const [dispatches, reads] = [[], []];
  await timeOf({ backend: gpu, work }, count);
  for (let round = 0; round < settingsOf({ software, quick }).rounds; round++) {
    dispatches.push(await timeOf({ backend: gpu, work }, count));
    const start = performance.now();
    await gpu.read(gpu.base, 1);
    reads.push(performance.now() - start);
  }
  return { dispatch: 1000 * median(dispatches), read: 1000 * median(reads) };
}
