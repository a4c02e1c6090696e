// `npm run bench -- convolutions`: the ways of a convolution beside each other, as layers whose passes transform their weights each
// time: direct sums, Winograd's tiles, and the frequency domain where the planner takes it. Errors are those of all outputs against
// the float64 reference.
import { Arena } from "../dist/backend/arena.js";
import { write } from "../dist/backend/backend.js";
import { createReferenceBackend } from "../dist/backend/reference/backend.js";
import { createWasmBackend } from "../dist/backend/wasm/backend.js";
import { conv2d } from "../dist/nn/conv2d.js";
import { fill } from "./inputs.mjs";
import { interleave, median, warmUp } from "./measure.mjs";
import { row, title } from "./print.mjs";

/** Channels in and out, side of the planes, side of the kernel, and the images that are timed. */
const layers = [
  { of: "AlexCifarNet", sizes: [64, 64, 16, 5], images: [12, 32, 100] },
  { of: "ConvNet-3 of width 128", sizes: [128, 128, 16, 3], images: [32] },
  { of: "ConvNet-3 of width 128", sizes: [128, 128, 8, 3], images: [12, 32] },
  { of: "ConvNet-3 of width 64", sizes: [64, 64, 16, 3], images: [32] },
  { of: "ConvNet-3 for images of 28×28, width 128", sizes: [128, 128, 14, 3], images: [32] },
];

const passes = ["forward", "backward", "forwardR", "backwardR"];
/** Convolutions of a pass. */
const products = { forward: 1, backward: 2, forwardR: 2, backwardR: 4 };

/** The ways, as plans that differ from the kernels' in nothing else. */
const ways = {
  direct: ({ frequency: _, ...plan }) => ({
    ...plan,
    conv2d: (s) => ({ ...plan.conv2d(s), workspace: 0, weightWorkspace: 0 }),
  }),
  tiles: ({ frequency: _, ...plan }) => plan,
  frequency: (plan) => plan,
};

/** A layer on a backend: its passes, and how to read their outputs. */
function bound({ backend, plan }, [inChannels, outChannels, side, kernel], lanes) {
  const { ops } = backend;
  const arena = new Arena(backend);
  const shape = [inChannels, side, side];
  const layer = conv2d({ out: outChannels, kernel, padding: (kernel - 1) / 2 }).bind(shape, { ops, plan, lanes });
  const [x, y] = [inChannels, outChannels].map((channels) => channels * side * side * lanes);
  const w = outChannels * (inChannels * kernel * kernel + 1);
  const floats = { x, w, v: w, dy: y, rx: x, rdy: y, y, dx: x, dw: w, ry: y, rdx: x, rdw: w };
  const at = Object.fromEntries(Object.entries(floats).map(([name, n]) => [name, arena.allocate(n)]));
  ["x", "w", "v", "dy", "rx", "rdy"].forEach((name, i) => {
    write(backend, at[name], fill(floats[name], 10 + i, name === "w" || name === "v" ? 0.1 : 1));
  });
  const room = () => arena.allocate(Math.max(1, layer.savedFloats));
  const workspace = arena.allocate(Math.max(1, layer.workspaceFloats.all));
  const tape = { x: at.x, y: at.y, saved: room(), dx: at.dx, dy: at.dy };
  const tangent = { rx: at.rx, ry: at.ry, saved: room(), rdx: at.rdx, rdy: at.rdy };
  return {
    forward: () => layer.forward(tape, at.w, undefined, workspace),
    backward: () => layer.backward(tape, at.w, at.dw, false, workspace),
    forwardR: () => layer.forwardR(tape, tangent, at.w, at.v, workspace),
    backwardR: () => layer.backwardR(tape, tangent, at.w, at.v, at.rdw, workspace),
    read: (name) => backend.read(at[name], floats[name]),
  };
}

/** The root mean square of a − b as a share of that of b. */
function rms(a, b) {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    size += b[i] ** 2;
  }
  return Math.sqrt(difference / size);
}

/** The largest error of a pass's outputs on as few images as each way takes. */
async function errors(layer, sizes, images) {
  const reference = createReferenceBackend();
  const exact = bound({ backend: reference, plan: reference.plan }, sizes, images);
  for (const pass of passes) exact[pass]();
  const outputs = { forward: ["y"], backward: ["dx", "dw"], forwardR: ["ry"], backwardR: ["rdx", "rdw"] };
  const found = {};
  for (const [way, each] of Object.entries(layer)) {
    for (const pass of passes) each[pass]();
    found[way] = {};
    for (const pass of passes) {
      const all = await Promise.all(
        outputs[pass].map(async (name) => rms(await each.read(name), await exact.read(name))),
      );
      found[way][pass] = Math.max(...all);
    }
  }
  return found;
}

/** Measures a layer with a number of images: GFLOP/s of direct sums by way and pass, and errors if they are wanted. */
async function measure({ of, sizes }, images, rounds, withErrors) {
  const backends = await Promise.all(Object.keys(ways).map(() => createWasmBackend({ threads: 1 })));
  const layer = Object.fromEntries(
    Object.entries(ways).map(([way, plan], i) => [
      way,
      bound({ backend: backends[i], plan: plan(backends[i].plan) }, sizes, images),
    ]),
  );
  const [inChannels, outChannels, side, kernel] = sizes;
  const gflop = (2 * inChannels * outChannels * side * side * kernel * kernel * images) / 1e9;
  const size = `${inChannels}→${outChannels}, ${kernel}×${kernel}, ${side}×${side}`;
  const wrong = withErrors ? await errors(layer, sizes, images) : undefined;
  const rows = passes.map((pass) => {
    const works = Object.values(layer).map((each) => each[pass]);
    for (const work of works) warmUp(work, 100);
    const speeds = interleave(works, { rounds, target: 50 }).map((ms) => (1000 * products[pass] * gflop) / median(ms));
    const [direct, tiles, frequency] = speeds;
    return {
      of,
      size,
      images,
      pass,
      direct,
      tiles,
      frequency,
      errors: wrong && Object.fromEntries(Object.keys(ways).map((way) => [way, wrong[way][pass]])),
    };
  });
  for (const backend of backends) await backend.dispose();
  return rows;
}

export async function convolutions({ quick }) {
  const rows = [];
  title(["layer", "images", "pass", "direct", "tiles", "frequency", "rms: direct", "tiles", "frequency"]);
  for (const layer of layers) {
    for (const images of layer.images) {
      const withErrors = images === layer.images[0] && !quick;
      for (const each of await measure(layer, images, quick ? 3 : 7, withErrors)) {
        rows.push(each);
        const wrong = Object.values(each.errors ?? {}).map((error) => error.toExponential(1));
        row([each.size, images, each.pass, each.direct, each.tiles, each.frequency, ...wrong]);
      }
    }
  }
  return { quick, rows };
}
