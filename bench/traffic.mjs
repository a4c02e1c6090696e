// The kernels that memory bounds, at sizes of a LeNet step (operands in the cache) and of an AlexCifarNet step (not), in
// bytes they must read and write. Each is checked against the reference before it is timed, the large ones on fewer
// images.

import { Arena } from "../dist/backend/arena.js";
import { write } from "../dist/backend/backend.js";
import { createReferenceBackend } from "../dist/backend/reference/backend.js";
import { fill } from "./inputs.mjs";
import { layerGroups } from "./traffic-layers.mjs";

/** The images of a case when it is checked. */
const CHECKED = 12;
/**
 * The tolerance, relative to the largest expected value: Adam's divisions and square roots round a few times. A case whose
 * sums or functions round more often has its own.
 */
const TOLERANCE = 1e-6;

// In each case `build(images)` returns how many floats every operand has, which operands are written, how many floats must
// be moved, and the call.

/** out = f(a) or f(a, b), float by float */
const elementwise = (kernel, per, reads, call) => ({
  kernel,
  build: (images) => {
    const n = per * images;
    const floats = reads === 1 ? { out: n, a: n } : { out: n, a: n, b: n };
    return { floats, written: ["out"], moved: (reads + 1) * n, call: (ops, at) => call(ops, at, n) };
  },
});

const pool = (kernel, shape) => ({
  kernel,
  build: (lanes) => {
    const sizes = { ...shape, lanes };
    const inputs = shape.channels * shape.inHeight * shape.inWidth * lanes;
    const outputs = shape.channels * shape.outHeight * shape.outWidth * lanes;
    const floats = { x: inputs, y: outputs, index: outputs };
    if (kernel === "maxPool2dForward") {
      const call = (ops, at) => ops.maxPool2dForward(at.y, at.index, at.x, sizes);
      return { floats, written: ["y", "index"], moved: inputs + 2 * outputs, call };
    }
    const prepare = (ops, at) => ops.maxPool2dForward(at.y, at.index, at.x, sizes);
    if (kernel === "maxPool2dGather") {
      const call = (ops, at) => ops.maxPool2dGather(at.y, at.index, at.x, sizes);
      return { floats, written: ["y"], moved: 3 * outputs, prepare, call };
    }
    const call = (ops, at) => ops.maxPool2dScatter(at.x, at.index, at.y, sizes);
    return { floats, written: ["x"], moved: inputs + 2 * outputs, prepare, call };
  },
});

const embed = (shape) => ({
  kernel: "embed2d",
  build: (lanes) => {
    const x = shape.channels * shape.height * shape.width * lanes;
    const out = shape.channels * shape.outHeight * shape.outWidth * lanes;
    return {
      floats: { out, x },
      written: ["out"],
      moved: x + out,
      call: (ops, at) => ops.embed2d(at.out, at.x, { ...shape, lanes }),
    };
  },
});

const pack = (features) => ({
  kernel: "packImages",
  build: (lanes) => {
    const n = features * lanes;
    const call = (ops, at) => ops.packImages(at.out, at.x, { features, images: lanes, lanes });
    return { floats: { out: n, x: n }, written: ["out"], moved: 2 * n, call };
  },
});

const adam = (per) => ({
  kernel: "adam",
  build: (images) => {
    const n = per * images;
    const options = { learningRate: 0.01, beta1: 0.5, beta2: 0.999, eps: 1e-8, step: 3 };
    // The second moment is a mean of squares.
    const prepare = (ops, at) => ops.fill(at.v, 0.01, n);
    const call = (ops, at) => ops.adam(at.x, at.m, at.v, at.g, n, options);
    return { floats: { x: n, m: n, v: n, g: n }, written: ["x", "m", "v"], moved: 7 * n, prepare, call };
  },
});

const sumRows = (rows, per) => ({
  kernel: "sumRows",
  build: (images) => {
    const length = per * images;
    const call = (ops, at) => ops.sumRows(at.out, at.x, rows, length, false);
    return { floats: { out: rows, x: rows * length }, written: ["out"], moved: rows * length, call };
  },
});

const relu = (per) => elementwise("reluForward", per, 1, (ops, at, n) => ops.reluForward(at.out, at.a, n));
const mask = (per) => elementwise("reluMask", per, 2, (ops, at, n) => ops.reluMask(at.out, at.a, at.b, n));
const axpy = (per) => elementwise("axpy", per, 2, (ops, at, n) => ops.axpy(at.out, at.a, -0.02, at.b, n));

const square = (channels, side, out, more) => ({
  channels,
  inHeight: side,
  inWidth: side,
  outHeight: out,
  outWidth: out,
  ...more,
});
const small = square(6, 28, 14, { kernelHeight: 2, kernelWidth: 2, stride: 2, padding: 0 });
const large = square(64, 32, 16, { kernelHeight: 3, kernelWidth: 3, stride: 2, padding: 1 });
const frame = (channels, side, edge) => {
  const out = side + 2 * edge;
  return { channels, height: side, width: side, outHeight: out, outWidth: out, top: edge, left: edge, spread: 1 };
};

const pools = (shape) =>
  ["maxPool2dForward", "maxPool2dGather", "maxPool2dScatter"].map((kernel) => pool(kernel, shape));

/** Operands, lanes and kernels: a network's first block on so many images, then kernels on all weights or all pixels. */
const groups = [
  [
    "LeNet, 10 images",
    10,
    [relu(6 * 28 * 28), mask(6 * 28 * 28), ...pools(small), embed(frame(6, 28, 2)), sumRows(6, 784)],
  ],
  [
    "AlexCifarNet, 100 images",
    100,
    [relu(64 * 1024), mask(64 * 1024), ...pools(large), embed(frame(64, 16, 2)), sumRows(64, 1024)],
  ],
  ["LeNet, a chunk of 8 real images", 8, [pack(784)]],
  ["AlexCifarNet, 100 images", 100, [pack(3072)]],
  ["LeNet, weights", 1, [axpy(61706)]],
  ["AlexCifarNet, weights", 1, [axpy(1756426)]],
  ["LeNet, 10 × 10 images", 100, [adam(784)]],
  ["AlexCifarNet, 10 × 100 images", 1000, [adam(3072)]],
  ...layerGroups,
];

/** Allocates and fills the operands of a case on a backend. */
function place({ floats, prepare }, backend) {
  const arena = new Arena(backend);
  const at = {};
  let seed = 30;
  for (const name in floats) {
    at[name] = arena.allocate(floats[name]);
    write(backend, at[name], fill(floats[name], seed++));
  }
  prepare?.(backend.ops, at);
  return at;
}

async function check(label, testCase, backend) {
  const reference = createReferenceBackend();
  const wanted = place(testCase, reference);
  const got = place(testCase, backend);
  testCase.call(reference.ops, wanted);
  testCase.call(backend.ops, got);
  for (const name of testCase.written) {
    const n = testCase.floats[name];
    const expected = await reference.read(wanted[name], n);
    const actual = await backend.read(got[name], n);
    const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-30);
    const { tolerance = TOLERANCE } = testCase;
    const wrong = expected.findIndex((value, i) => !(Math.abs(actual[i] - value) <= tolerance * scale));
    if (wrong >= 0)
      throw new Error(`${label}: ${name}[${wrong}] is ${actual[wrong]}, expected ${expected[wrong]}: not timed`);
  }
}

/**
 * The cases one after the other, each in memory of its own until the next: kernel, operands, bytes, work. `only`: whether a
 * kernel is wanted, by its name and operands.
 */
export async function* trafficCases(backend, only = () => true) {
  for (const [operands, images, kernels] of groups) {
    for (const { kernel, build } of kernels.filter((each) => only(each.kernel, operands))) {
      await check(`${kernel} (${operands})`, build(Math.min(images, CHECKED)), backend);
      const sized = build(images);
      const at = place(sized, backend);
      yield { kernel, operands, bytes: 4 * sized.moved, work: () => sized.call(backend.ops, at) };
    }
  }
}

/** Copies half of `bytes` onto the other half with the host's own copy, which may use wider vectors than WebAssembly. */
export function copyWork(bytes) {
  const floats = new Float32Array(2 * Math.ceil(bytes / 8));
  const half = floats.length / 2;
  const [from, to] = [floats.subarray(0, half).fill(1), floats.subarray(half)];
  return () => to.set(from);
}
