// Your own algorithm on the engine: gradient matching (Zhao, Mopuri, Bilen 2021), in its simplest form.
//
// Synthetic images shall give the network the same gradient as real ones. With g the synthetic and G the real gradient,
// the distance D = ½ |g − G|² changes with the images x by ∂D/∂x = H_xθ · (g − G), which is one tangent pass of the engine:
// a Hessian-vector product whose vector is the difference.
//
//   node examples/05-own-algorithm.mjs [updates, 150]
import { createEngine, digits, lenet } from "distillate";

const [updates = "150"] = process.argv.slice(2);
const [classes, pixels, perClass] = [10, 784, 32];

const { train } = await digits();
const model = lenet();
const engine = await createEngine();
const net = await engine.bind(model);

/** Returns numbers around 0, the same ones for the same seed. */
function noise(length, scale, seed) {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return scale * (state / 2 ** 31 - 1);
  });
}

/** Returns the weights of a fresh network, uniform in ±√(3 / fan-in); biases are 0. */
function freshNetwork(seed) {
  const theta = new Float32Array(model.parameterCount);
  model.parameters.forEach(({ role, offset, size, fanIn }, i) => {
    if (role === "weight") theta.set(noise(size, Math.sqrt(3 / fanIn), 1000 * seed + i), offset);
  });
  return theta;
}

/** Returns real images of a class, normalised for the network. */
function realImages(label, count) {
  const images = new Float32Array(count * pixels);
  const chosen = [...train.labels.keys()].filter((i) => train.labels[i] === label).slice(0, count);
  chosen.forEach((index, i) => {
    for (let p = 0; p < pixels; p++) {
      images[i * pixels + p] = (train.pixels[index * pixels + p] / 255 - train.mean[0]) / train.std[0];
    }
  });
  return { images, targets: new Uint8Array(count).fill(label) };
}

const real = Array.from({ length: classes }, (_, label) => realImages(label, perClass));
const synthetic = Array.from({ length: classes }, (_, label) => ({
  images: noise(pixels, 0.1, label + 1),
  targets: Uint8Array.of(label),
}));

for (let update = 1; update <= Number(updates); update++) {
  const parameters = freshNetwork(update);
  let distance = 0;
  let scale = 0;
  for (let label = 0; label < classes; label++) {
    const { parameters: wanted } = await net.gradients({ parameters, ...real[label] });
    const { parameters: got } = await net.gradients({ parameters, ...synthetic[label] });
    const vector = got.map((value, i) => value - wanted[i]);
    distance += vector.reduce((sum, value) => sum + value * value, 0);
    scale += wanted.reduce((sum, value) => sum + value * value, 0);
    const { images } = await net.hessianVectorProduct({ parameters, vector, ...synthetic[label] });
    // Every step has the same length, whatever the size of the gradient.
    const length = Math.sqrt(images.reduce((sum, value) => sum + value * value, 0));
    for (let p = 0; p < pixels; p++) synthetic[label].images[p] -= images[p] / length;
  }
  if (update === 1 || update % 25 === 0) {
    console.log(`update ${update}: |g − G|² is ${(distance / scale).toFixed(3)} of |G|²`);
  }
}
await engine.dispose();
