// A method of one's own, run by the library like any other: in place and on workers, with the same bits.
//
// Gradient matching (Zhao, Mopuri, Bilen 2021) in its simplest form: the synthetic images shall give a fresh network the
// gradient g that real ones give it, G. The distance D = ½ |g − G|² has the derivative H_xθ (g − G): one tangent pass.
//
//   node examples/07-own-method.mjs [outer steps, 200]
import { isMainThread } from "node:worker_threads";
import { digits, distill, evaluate, lenet, randomInit, setDigest } from "distillate";

const { classes } = lenet();
const labels = Array.from({ length: classes }, (_, k) => k);

/** One image of each class. Networks train on them for `epochs` steps at one learning rate. */
export const gradientMatching = {
  name: "gradient-matching",
  // Workers import the method from here.
  module: import.meta.url,
  options: { epochs: 30, learningRate: 0.1, initialNoise: 0.1 },
  outer: { learningRate: 0.05, batch: 256 },

  allocate({ options, problem, tools }) {
    const synthetic = tools.synthetic({ steps: 1, imagesPerStep: classes });
    return {
      synthetic,
      learned: [synthetic.images],
      carried: [],
      start(staging) {
        synthetic.startNoise(staging, options.initialNoise, () => tools.key("gradient-matching/pixels"));
        synthetic.startLabels(staging, () => labels);
      },
      set(rows) {
        const [channels, height, width] = problem.model.inputShape;
        const { epochs, learningRate } = options;
        return {
          ...{ steps: 1, epochs, imagesPerStep: classes, channels, height, width, classes },
          images: Float32Array.from(rows.get("images")),
          targets: synthetic.oneHot(() => labels),
          learningRates: new Float32Array(epochs).fill(learningRate),
        };
      },
    };
  },

  network({ problem, backend, memory, tools }, { synthetic }) {
    const { ops } = backend;
    const { parameterCount } = problem.model;
    const network = tools.network(classes);
    const { images, targets } = synthetic.blocks;
    const tape = network.tape(memory.activations, images, targets, { images: false, targets: false });
    const tangent = network.tangent(memory.scratch, { images: true, targets: false });
    const real = tools.realImages();
    const [theta, ofReal, difference] = [tools.parameters(), tools.parameters(), tools.parameters()];
    const share = { loss: memory.gradients.allocate(1), gradients: [tangent.dImages] };
    return {
      share,
      record(step, k) {
        tools.weights(theta, step, k);
        real.loss(step, theta, ofReal, share.loss);
        network.forward(theta, tape, classes);
        network.loss(tape, classes);
        network.backward(theta, tape, difference);
        ops.axpy(difference, difference, -1, ofReal, parameterCount);
        network.forwardR(theta, difference, tape, tangent, classes);
        network.backwardR(theta, difference, tape, tangent, undefined);
        ops.dot(share.loss, difference, difference, parameterCount);
        ops.scale(share.loss, 0.5, share.loss, 1);
      },
    };
  },
};

if (isMainThread) {
  const { train, test } = await digits();
  const [steps = 200] = process.argv.slice(2).map(Number);
  const options = { data: train, model: lenet(), method: gradientMatching, networksPerStep: 2, outer: { steps } };
  const [set, inPlace] = [await distill({ ...options, workers: 2 }).result(), await distill(options).result()];
  const { mean } = await evaluate({ set, model: lenet(), init: randomInit(), networks: 5, test });
  console.log(`${(100 * mean).toFixed(1)} % of the test digits are read after training on ten images`);
  console.log(`in place the same bits: ${(await setDigest(inPlace)) === (await setDigest(set))}`);
}
