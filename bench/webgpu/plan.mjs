// What a step asks of a GPU, counted without one: the library runs it on a device that computes nothing.
import * as checkedAugmentations from "../../dist/backend/checked-augmentations.js";
import * as checkedLayers from "../../dist/backend/checked-layers.js";
import * as checkedLosses from "../../dist/backend/checked-losses.js";
import * as checkedNorms from "../../dist/backend/checked-norms.js";
import { WebGpuBackend } from "../../dist/backend/webgpu/backend.js";
import { Engine } from "../../dist/engine/engine.js";
import { nullDevice } from "./null-device.mjs";
import { between, observe } from "./observe.mjs";

/**
 * What the time of a step is estimated from. A dispatch that waits for the one before it costs 24 to 36 µs on Vulkan (arXiv
 * 2604.02344). Bandwidth and rate are round numbers of a middling GPU, and no measurement.
 */
export const assumptions = { launch: [24e-6, 36e-6], bandwidth: 400e9, rate: 2e12 };

const none = undefined;

/** What says of every op how many floats each of its operands has (src/backend/checked.ts). */
const checked = [checkedAugmentations, checkedLayers, checkedLosses, checkedNorms].flatMap((file) =>
  Object.values(file),
);

/** Makes `backend` count in `moved` the bytes of all operands of its ops: each operand of each op once. */
function countOperands(backend) {
  const moved = { bytes: 0 };
  const add = (floats, _, ...buffers) => {
    moved.bytes += 4 * floats * buffers.filter((buffer) => buffer !== none).length;
  };
  const checks = { need: add, may: add };
  const ops = Object.assign({}, ...checked.map((of) => of(backend.ops, checks, backend)));
  for (const name in backend.ops) if (!ops[name]) throw new Error(`nobody knows the operands of the op "${name}"`);
  backend.ops = ops;
  return moved;
}

/**
 * Returns what the second step of `start(engine)`, a function that takes a step, asks of a device; the first one also compiles
 * and allocates. `moved`: bytes that its ops read and write.
 */
export async function plannedCounts(start) {
  const device = nullDevice();
  const counts = observe(device);
  const backend = new WebGpuBackend(device, { name: "no GPU", software: true, features: [], limits: device.limits });
  const moved = countOperands(backend);
  const engine = new Engine(backend);
  const step = await start(engine);
  await step();
  const before = { ...counts, moved: moved.bytes };
  await step();
  const after = { ...counts, moved: moved.bytes };
  await engine.dispose();
  return between(before, after);
}

/** Returns the seconds of each part of a step by the assumptions. They overlap on a GPU, so their sum means nothing. */
export function modelled({ dispatches, moved }, flops, { launch, bandwidth, rate } = assumptions) {
  return { launch: launch.map((each) => each * dispatches), memory: moved / bandwidth, arithmetic: flops / rate };
}
