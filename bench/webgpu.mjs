// `npm run bench -- webgpu`: measures kernels and whole steps on a GPU beside the WASM kernels and, where there is CUDA, PyTorch.
import { availableParallelism } from "node:os";
import { createEngine } from "../dist/index.js";
import { row, title } from "./print.mjs";
import { findWebGpu, openGpu } from "./webgpu/host.mjs";
import { arithmeticRows, fixedCosts, trafficRows } from "./webgpu/kernels.mjs";
import { assumptions, modelled, plannedCounts } from "./webgpu/plan.mjs";
import { measureSteps } from "./webgpu/steps.mjs";
import { torchSteps } from "./webgpu/torch.mjs";
import { flopsOf, gpuWorkloads, sizesOf, stepOf } from "./webgpu/workloads.mjs";

/** Where the results are kept, in the package. */
export const file = "build/bench-webgpu.json";

/** Returns the items of `rows`, each of which is printed as it comes. */
async function collected(names, rows, cells) {
  title(names);
  const all = [];
  for await (const each of rows) {
    all.push(each);
    row(cells(each));
  }
  return all;
}

async function measureKernels({ gpu, kernels }, options) {
  const both = { gpu: gpu.engine.backend, kernels: kernels.backend, ...options };
  const costs = await fixedCosts(both.gpu, options);
  console.log(`a dependent dispatch: ${costs.dispatch.toFixed(1)} µs; reading a float: ${costs.read.toFixed(0)} µs`);
  const arithmetic = await collected(
    ["network", "layer", "size", "pass", "networks", "images", "GFLOP/s", "WASM", "ratio"],
    arithmeticRows(both),
    (r) => [r.network, r.layer, r.size, r.pass, r.networks, r.images, r.webgpu, r.wasm, r.ratio],
  );
  const traffic = await collected(["kernel", "operands", "MB", "GB/s", "WASM", "ratio"], trafficRows(both), (r) => [
    r.kernel,
    r.operands,
    r.bytes / 1e6,
    r.webgpu,
    r.wasm,
    r.ratio,
  ]);
  await gpu.engine.dispose();
  await kernels.dispose();
  return { costs, arithmetic, traffic };
}

/** Yields what each step asks of a GPU, at the sizes of the whole bench. */
async function* plannedSteps(workloads) {
  for (const workload of workloads) {
    const flops = flopsOf(workload);
    const counts = await plannedCounts((engine) => stepOf(engine, workload));
    const { id, title } = workload;
    yield { id, title, sizes: sizesOf(workload), gflop: flops / 1e9, counts, model: modelled(counts, flops) };
  }
}

/**
 * Measures all of it on `webGpu`. `only` and `workloads` choose kernels and steps; `torch` takes PyTorch's steps.
 */
export async function measureGpu(
  webGpu,
  { quick = false, only, workloads = gpuWorkloads, torch: stepsOfTorch = torchSteps } = {},
) {
  const threads = availableParallelism();
  const open = async () => ({ gpu: await openGpu(webGpu), kernels: await createEngine({ threads }) });
  const first = await open();
  const { name, software, limits } = first.gpu.engine.gpu;
  const options = { software, quick };
  console.log(`\nGPU: ${name}${software ? ", simulated on the processor" : ""}; WASM kernels on ${threads} threads`);
  if (software)
    console.log("There is no GPU here: no speed on one was measured, and these figures say nothing about any.");
  const kernels = await measureKernels(first, { ...options, ...(only && { only }) });
  const steps = await collected(
    ["step", "networks", "ms", "WASM ms", "ratio", "others", "dispatches", "submissions", "reads", "MB up", "KB down"],
    measureSteps(workloads, { open, ...options }),
    (r) => [
      ...[r.id, r.networks, r.webgpu.ms, r.wasm.ms, r.ratio, [r.webgpu.others]],
      ...[
        r.counts.dispatches,
        r.counts.submissions,
        r.counts.reads,
        r.counts.uploaded / 1e6,
        r.counts.downloaded / 1e3,
      ],
    ],
  );
  for (const { reduced, id, sizes } of steps) if (reduced) console.log(`${id} was made smaller: ${sizes}`);
  const planned = await collected(
    ["planned step", "networks", "dispatches", "MB up", "KB down", "MB moved", "GFLOP", "launches ms"],
    plannedSteps(workloads),
    ({ id, sizes, counts, gflop, model }) => {
      const launches = model.launch.map((seconds) => (1000 * seconds).toFixed(0)).join(" to ");
      const bytes = [counts.uploaded / 1e6, counts.downloaded / 1e3, counts.moved / 1e6];
      return [id, Number.parseInt(sizes, 10), counts.dispatches, ...bytes, gflop, launches];
    },
  );
  const torch = await stepsOfTorch();
  if (!torch) console.log("\nThere is no PyTorch with CUDA here: python3 has no torch, or that finds no GPU.");
  for (const { id, ms } of torch?.rows ?? []) console.log(`PyTorch on ${torch.name}, ${id}: ${ms.toFixed(1)} ms`);
  return { quick, threads, adapter: { name, software, limits }, ...kernels, steps, planned, assumptions, torch };
}

export async function webgpu({ quick }) {
  const webGpu = await findWebGpu();
  if (typeof webGpu === "string") {
    console.log(`skipped: ${webGpu}`);
    return undefined;
  }
  return measureGpu(webGpu, { quick });
}
