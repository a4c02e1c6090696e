// A step of gradient matching on this library's passes: gradients at θ on real and on synthetic images, the distance
// between them, and H_xθ·v along v = ∂distance/∂gradient (docs/math.md §3).
import { write } from "../dist/backend/backend.js";
import { RealBatch } from "../dist/inner/real-batch.js";
import { laneCount, Network } from "../dist/nn/network.js";
import { atOnce } from "../dist/platform/parts.js";
import { labelledBatch } from "./inputs.mjs";

/**
 * D = Σ over rows of 1 − ⟨a, b⟩ / (‖a‖‖b‖ + ε), where a and b are the rows of real and synthetic gradients that belong to
 * one output unit of a weight tensor. Returns D and puts ∂D/∂b into v.
 */
function matchingDistance(model, real, synthetic, v) {
  const EPSILON = 1e-6;
  let distance = 0;
  v.fill(0);
  for (const { shape, offset, size } of model.parameters) {
    if (shape.length < 2) continue;
    const columns = size / shape[0];
    for (let begin = offset; begin < offset + size; begin += columns) {
      let ab = 0;
      let aa = 0;
      let bb = 0;
      for (let i = begin; i < begin + columns; i++) {
        ab += real[i] * synthetic[i];
        aa += real[i] * real[i];
        bb += synthetic[i] * synthetic[i];
      }
      const [a, b] = [Math.sqrt(aa), Math.sqrt(bb)];
      const scale = a * b + EPSILON;
      distance += 1 - ab / scale;
      const alongB = b > 0 ? (ab * a) / (scale * scale * b) : 0;
      for (let i = begin; i < begin + columns; i++) v[i] = alongB * synthetic[i] - real[i] / scale;
    }
  }
  return distance;
}

/** Returns a function that takes a step and returns { loss, images, learningRates: none }. */
export function matching(model, engine, { parameters, steps, real }) {
  const { backend, arena } = engine;
  const { ops, plan } = backend;
  const [block] = steps;
  const images = block.targets.length;
  const features = model.inputShape.reduce((a, b) => a * b);
  const count = model.parameterCount;
  const [theta, dReal, dSynthetic, along, product] = Array.from({ length: 5 }, () => arena.allocate(count));
  const lanes = laneCount(model, images, plan);
  const [x, y, staging] = [features * lanes, model.classes * lanes, images * features].map((n) => arena.allocate(n));
  const network = new Network(model, backend, lanes, arena);
  const tape = network.tape(arena, x, y, { images: false, targets: false });
  const tangent = network.tangent(arena, { images: true, targets: false });
  const realBatch = new RealBatch(model, backend, arena, real.targets.length);
  const realImages = labelledBatch(real.images, real.targets);
  const loss = arena.allocate(1);
  const v = new Float32Array(count);
  write(backend, theta, parameters);
  return async () => {
    write(backend, staging, block.images);
    ops.packImages(x, staging, { features, images, lanes });
    write(backend, staging, block.targets);
    ops.oneHot(y, staging, { classes: model.classes, images, lanes });
    atOnce(realBatch.loss(theta, realImages, dReal, loss));
    network.forward(theta, tape, images);
    network.loss(tape, images);
    network.backward(theta, tape, dSynthetic);
    const gradients = await Promise.all([backend.read(dReal, count), backend.read(dSynthetic, count)]);
    const distance = matchingDistance(model, ...gradients, v);
    write(backend, along, v);
    network.forwardR(theta, along, tape, tangent, images);
    network.backwardR(theta, along, tape, tangent, product);
    ops.unpackImages(staging, tangent.dImages, { features, images, lanes });
    return { loss: distance, images: [await backend.read(staging, images * features)], learningRates: [] };
  };
}
