// The steps that are compared on a GPU: those of the whole bench, LeNet also with many networks, which fill a GPU.
import { backGradientFlops, matchingFlops } from "../flops.mjs";
import { gradientOf, runOf } from "../run-options.mjs";
import { workloads as all, models } from "../workloads.mjs";

const of = (id) => all.find((workload) => workload.id === id);

/** `simulated` has what is smaller on a GPU that is simulated on the processor, where the step would take minutes. */
export const gpuWorkloads = [
  { ...of("lenet-10x3"), networks: 1, title: "LeNet", simulated: {} },
  {
    ...of("lenet-10x3"),
    id: "lenet-10x3-16",
    expected: "lenet-10x3",
    networks: 16,
    title: "LeNet",
    simulated: { steps: 2, epochs: 1, real: 64 },
  },
  {
    ...of("alexcifarnet-10x1"),
    networks: 1,
    title: "AlexCifarNet",
    simulated: { steps: 1, imagesPerStep: 10, real: 16 },
  },
  { ...of("convnet3-matching"), networks: 1, title: "ConvNet-3, matching", simulated: { real: 16 } },
];

/** Returns the workload as a device takes it. */
export function sized({ simulated, ...workload }, software) {
  const smaller = software ? simulated : {};
  return { ...workload, ...smaller, reduced: Object.keys(smaller).length > 0 };
}

/** Returns the sizes of a workload in words. */
export function sizesOf({ method, networks, steps, epochs, imagesPerStep, real }) {
  const inner =
    method === "matching" ? `${imagesPerStep} images` : `${steps}×${epochs} steps of ${imagesPerStep} images`;
  return `${networks} ${networks === 1 ? "network" : "networks"}, ${inner}, ${real} real`;
}

/** Returns a function that takes a step of the workload: an outer step of distill(), or of matching the gradient itself. */
export function stepOf(engine, workload) {
  return workload.method === "matching" ? gradientOf(engine, workload) : runOf({ engine }, workload);
}

/** The useful arithmetic of a step. */
export function flopsOf(workload) {
  const count = workload.method === "matching" ? matchingFlops : backGradientFlops;
  return workload.networks * count(models[workload.network](), workload);
}
