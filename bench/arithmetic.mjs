// The kernels that arithmetic bounds: the forward, backward-data and backward-weights passes of a convolution or linear
// layer, as the layers call them. Each is checked before it is timed, at the same size: four of its images are those given
// to the float64 reference, and must give the reference's results.
import { Arena } from "../dist/backend/arena.js";
import { write } from "../dist/backend/backend.js";
import { none } from "../dist/backend/buffer.js";
import { isGradientTransformed, isTransformed, winogradFloats } from "../dist/backend/wasm/winograd-plan.js";
import { fill, hash } from "./inputs.mjs";

/** The tolerance, relative to the largest expected value: a few hundred float32 roundings, far below any wrong index. */
const TOLERANCE = 1e-5;
/** The same for a convolution by transformed tiles (assembly/winograd.ts). */
const TRANSFORMED_TOLERANCE = 1e-4;
/** The number of images that the reference computes too. */
const CHECKED = 4;

/** Returns the buffers of one layer's passes for `images` images on a backend, and the three passes. */
function bind(layer, images, backend, arena) {
  const { ops } = backend;
  const lanes = layer.lanes(images);
  if (layer.kind === "linear") {
    const { inFeatures, outFeatures } = layer;
    const shape = { inFeatures, outFeatures, lanes };
    const [inputs, outputs, weights] = [inFeatures * lanes, outFeatures * lanes, inFeatures * outFeatures];
    const [x, dy, w, bias] = [inputs, outputs, weights, outFeatures].map((n) => arena.allocate(n));
    const [y, dx, dw] = [outputs, inputs, weights].map((n) => arena.allocate(n));
    return {
      operands: { x, dy, w, bias, y, dx, dw },
      tolerance: TOLERANCE,
      transformed: { forward: false, backwardData: false, backwardWeights: false },
      pad() {},
      forward: () => ops.linearForward(y, x, w, bias, shape, false),
      backwardData: () => ops.linearBackwardData(dx, dy, w, shape, false),
      backwardWeights: () => ops.linearBackwardWeights(dw, dy, x, shape, false),
    };
  }
  const { inChannels, height, width, outChannels, outHeight, outWidth, kernel, padding } = layer;
  const sizes = { inChannels, outChannels, outHeight, outWidth, kernelHeight: kernel, kernelWidth: kernel, lanes };
  const padded = { inHeight: height + 2 * padding, inWidth: width + 2 * padding };
  const edge = { channels: inChannels, height, width, top: padding, left: padding, spread: 1, lanes };
  const pad = { ...edge, outHeight: padded.inHeight, outWidth: padded.inWidth };
  const forward = { ...sizes, ...padded, stride: 1 };
  const data = { ...sizes, inHeight: height, inWidth: width, padding };
  const inputs = inChannels * height * width * lanes;
  const outputs = outChannels * outHeight * outWidth * lanes;
  const weights = outChannels * inChannels * kernel * kernel;
  const [x, dy, w, bias] = [inputs, outputs, weights, outChannels].map((n) => arena.allocate(n));
  const [y, dx, dw] = [outputs, inputs, weights].map((n) => arena.allocate(n));
  const xPadded = arena.allocate(inChannels * padded.inHeight * padded.inWidth * lanes);
  const transformed = isTransformed(forward);
  const workspace = transformed ? arena.allocate(winogradFloats(forward)) : none;
  const gradientWorkspace = isGradientTransformed(forward) ? workspace : none;
  return {
    operands: { x, dy, w, bias, y, dx, dw },
    tolerance: transformed ? TRANSFORMED_TOLERANCE : TOLERANCE,
    transformed: { forward: transformed, backwardData: transformed, backwardWeights: gradientWorkspace !== none },
    pad: () => ops.embed2d(xPadded, x, pad),
    forward: () => ops.conv2dForward(y, xPadded, w, bias, forward, false, workspace),
    backwardData: () => ops.conv2dBackwardData(dx, dy, w, data, false, workspace),
    backwardWeights: () => ops.conv2dBackwardWeights(dw, dy, xPadded, forward, false, gradientWorkspace),
  };
}

/** Returns the floats of each operand for one image, and for weights in all. */
function counts(layer) {
  if (layer.kind === "linear") {
    const { inFeatures, outFeatures } = layer;
    return { inputs: inFeatures, outputs: outFeatures, weights: inFeatures * outFeatures, bias: outFeatures };
  }
  const { inChannels, height, width, outChannels, outHeight, outWidth, kernel } = layer;
  return {
    inputs: inChannels * height * width,
    outputs: outChannels * outHeight * outWidth,
    weights: outChannels * inChannels * kernel * kernel,
    bias: outChannels,
  };
}

/** Returns values [features, lanes]: the images at `places` are those of [features, CHECKED], the others `other(index)`. */
function spread(values, lanes, places, other) {
  const out = Float32Array.from({ length: (values.length / CHECKED) * lanes }, (_, i) => other(i));
  for (let f = 0; f < values.length / CHECKED; f++) {
    places.forEach((place, i) => {
      out[f * lanes + place] = values[f * CHECKED + i];
    });
  }
  return out;
}

/** Returns values [features, CHECKED] of the images at `places` of [features, lanes]. */
function gather(values, lanes, places) {
  return Float64Array.from({ length: (values.length / lanes) * CHECKED }, (_, i) => {
    return values[Math.floor(i / CHECKED) * lanes + places[i % CHECKED]];
  });
}

function compare(label, actual, expected, tolerance) {
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-30);
  expected.forEach((value, i) => {
    if (Math.abs(actual[i] - value) <= tolerance * scale) return;
    throw new Error(`${label}: ${actual[i]} at ${i} of ${expected.length}, expected ${value}: not timed`);
  });
}

/** Inputs of the checked images, and what the reference makes of them. */
export async function expectations(layer, reference) {
  const { inputs, outputs, weights, bias } = counts(layer);
  const given = {
    x: fill(inputs * CHECKED, 10),
    dy: fill(outputs * CHECKED, 12),
    w: fill(weights, 11, 0.1),
    bias: fill(bias, 13, 0.05),
  };
  const arena = new Arena(reference);
  const bound = bind(layer, CHECKED, reference, arena);
  for (const name in given) write(reference, bound.operands[name], given[name]);
  bound.pad();
  const results = {};
  for (const [pass, name, n] of passes(layer, CHECKED)) {
    bound[pass]();
    results[name] = await reference.read(bound.operands[name], n);
  }
  return { given, results };
}

/** Returns each pass, its output and the floats of that. */
function passes(layer, lanes) {
  const { inputs, outputs, weights } = counts(layer);
  return [
    ["forward", "y", outputs * lanes],
    ["backwardData", "dx", inputs * lanes],
    ["backwardWeights", "dw", weights],
  ];
}

/**
 * Returns the three passes of `layer` for `images` images on `backend`, checked and ready to be timed: pass, work, useful
 * flops. Those are the products of real images by direct summation, from the layer's sizes; a `transformed` pass needs fewer.
 */
export async function arithmeticCases(layer, images, backend, arena, { given, results }) {
  const lanes = layer.lanes(images);
  const bound = bind(layer, images, backend, arena);
  const { operands } = bound;
  const places = Array.from({ length: CHECKED }, (_, i) => Math.floor((i * (images - 1)) / (CHECKED - 1)));
  const real = (seed) => (i) => (i % lanes < images ? hash(i, seed) : 0);
  write(backend, operands.x, spread(given.x, lanes, places, real(20)));
  write(backend, operands.w, given.w);
  write(backend, operands.bias, given.bias);
  // Only the checked images have a gradient here, so that the weights' gradient is theirs alone.
  write(
    backend,
    operands.dy,
    spread(given.dy, lanes, places, () => 0),
  );
  bound.pad();
  for (const [pass, name, n] of passes(layer, lanes)) {
    bound[pass]();
    const values = await backend.read(operands[name], n);
    const label = `${layer.name} (${layer.size}) ${pass}, ${images} images`;
    compare(label, name === "dw" ? values : gather(values, lanes, places), results[name], bound.tolerance);
  }
  write(backend, operands.dy, spread(given.dy, lanes, places, real(22)));
  return passes(layer, lanes).map(([pass]) => ({
    pass,
    work: bound[pass],
    transformed: bound.transformed[pass],
    flops: layer.flops * images,
  }));
}
