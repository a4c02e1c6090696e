// Whole steps on a GPU and on the kernels, in one process and in turn.
import { busyBetween, median, processorTimes, timed } from "../measure.mjs";
import { gradientOf, summary } from "../run-options.mjs";
import { checkAgainst, expected } from "../workloads.mjs";
import { between } from "./observe.mjs";
import { flopsOf, sized, sizesOf, stepOf } from "./workloads.mjs";

/**
 * What the losses of the first two steps may differ by, as a share. The second follows an update by Adam, whose first step has
 * the sign of each pixel's gradient alone, also of those that are next to zero.
 */
const LOSS_TOLERANCES = [1e-4, 1e-2];

/** Throws unless the gradient of the workload is the same on both engines, and PyTorch's where its sizes are the bench's. */
async function checkGradient(workload, { gpu, kernels }) {
  const onGpu = summary(await (await gradientOf(gpu.engine, workload))());
  const onKernels = summary(await (await gradientOf(kernels, workload))());
  const known = workload.reduced ? undefined : expected[workload.expected ?? workload.id];
  if (known) checkAgainst(`${workload.id} on the kernels`, onKernels, known);
  return checkAgainst(`${workload.id} on the GPU`, onGpu, known ?? onKernels);
}

function checkLoss(id, step, found, wanted) {
  if (Math.abs(found - wanted) <= LOSS_TOLERANCES[step] * Math.abs(wanted)) return;
  throw new Error(`${id}: the loss of step ${step + 1} is ${found} on the GPU, expected ${wanted}: not timed`);
}

/** Runs `step`; returns milliseconds, and the share of the machine that other processes took meanwhile. */
async function observed(step) {
  const before = processorTimes();
  const { ms, cpu } = await timed(step);
  return { ms, others: busyBetween(before, processorTimes(), cpu) };
}

const summarised = (samples) => ({
  ms: median(samples.map(({ ms }) => ms)),
  best: Math.min(...samples.map(({ ms }) => ms)),
  others: median(samples.map(({ others }) => others)),
});

/** Returns what a step of the workload takes on both, after the losses of the first two were compared. */
async function measureStep(workload, { gpu, kernels }, rounds) {
  const steps = [await stepOf(gpu.engine, workload), await stepOf(kernels, workload)];
  // The first step compiles the shaders and takes the memory.
  for (let i = 0; i < LOSS_TOLERANCES.length; i++) {
    const [onGpu, onKernels] = [await steps[0](), await steps[1]()];
    checkLoss(workload.id, i, onGpu.loss, onKernels.loss);
  }
  const samples = [[], []];
  const before = { ...gpu.counts };
  for (let round = 0; round < rounds; round++) {
    for (const [i, step] of steps.entries()) samples[i].push(await observed(step));
  }
  const { held, buffers, ...counted } = between(before, gpu.counts);
  const perStep = Object.fromEntries(Object.entries(counted).map(([name, n]) => [name, n / rounds]));
  const [webgpu, wasm] = samples.map(summarised);
  const { id, title, networks, reduced } = workload;
  return {
    ...{ id, title, networks, reduced, sizes: sizesOf(workload), gflop: flopsOf(workload) / 1e9, rounds },
    ...{ webgpu, wasm, ratio: wasm.ms / webgpu.ms, counts: { ...perStep, held, buffers } },
  };
}

/** Calls `work` with a pair of fresh engines, so that the memory of one measurement is not that of another. */
async function withEngines(open, work) {
  const engines = await open();
  const result = await work(engines);
  await engines.gpu.engine.dispose();
  await engines.kernels.dispose();
  return result;
}

/** Yields a row for each workload, as it is measured, after its gradient was compared. */
export async function* measureSteps(workloads, { open, software, quick }) {
  const rounds = software || quick ? 3 : 9;
  for (const workload of workloads.map((each) => sized(each, software))) {
    const errors = await withEngines(open, (engines) => checkGradient(workload, engines));
    const row = await withEngines(open, (engines) => measureStep(workload, engines, rounds));
    yield { ...row, errors };
  }
}
