// An algorithm of one's own on the engine: gradient matching (Zhao, Mopuri, Bilen 2021), in its simplest form.
//
// Synthetic images are to give the network the same gradient as real ones. With g the synthetic and G the real gradient,
// the distance D = ½ |g − G|² changes with the images x by ∂D/∂x = H_xθ · (g − G), which is one tangent pass of the engine:
// a Hessian-vector product whose vector is the difference.
//
//   node examples/05-own-algorithm.mjs [updates, 150]
import { createEngine, digits, lenet, randomInit } from "distillate";
import { axpy, dot, initialWeights, norm, normalizedBatch, randomKey, randomUniform } from "distillate/algorithm";

const [updates = "150"] = process.argv.slice(2);
const [classes, pixels, perClass] = [10, 784, 32];

const { train } = await digits();
const model = lenet();
const engine = await createEngine();
const net = await engine.bind(model);

const real = Array.from({ length: classes }, (_, label) => {
  const ofClass = [...train.labels.keys()].filter((i) => train.labels[i] === label);
  return normalizedBatch(train, ofClass.slice(0, perClass));
});
const synthetic = Array.from({ length: classes }, (_, label) => ({
  images: randomUniform(randomKey(1, "synthetic", label), pixels, -0.1, 0.1),
  targets: Uint8Array.of(label),
}));

for (let update = 1; update <= Number(updates); update++) {
  const parameters = initialWeights(model, randomInit("pytorch"), { index: update });
  let distance = 0;
  let scale = 0;
  for (let label = 0; label < classes; label++) {
    const { parameters: wanted } = await net.gradients({ parameters, ...real[label] });
    const { parameters: got } = await net.gradients({ parameters, ...synthetic[label] });
    const vector = axpy(-1, wanted, got);
    distance += dot(vector, vector);
    scale += dot(wanted, wanted);
    const { images } = await net.hessianVectorProduct({ parameters, vector, ...synthetic[label] });
    // A step of fixed length, whatever the size of the gradient.
    axpy(-1 / norm(images), images, synthetic[label].images);
  }
  if (update === 1 || update % 25 === 0) {
    console.log(`update ${update}: |g − G|² is ${(distance / scale).toFixed(3)} of |G|²`);
  }
}
await engine.dispose();
