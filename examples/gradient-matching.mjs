// A method of one's own, for examples/07-own-method.mjs and for pages: gradient matching (Zhao, Mopuri, Bilen 2021) in its
// simplest form. The synthetic images shall give a fresh network the gradient g that real ones give it, G. The distance
// D = ½ |g − G|² has the derivative H_xθ (g − G): one tangent pass.

/** One image of each class. Networks train on them for `epochs` steps at one learning rate. */
export const gradientMatching = {
  name: "gradient-matching",
  // Workers import the method from this file, so the file calls nothing and imports nothing.
  module: import.meta.url,
  options: { epochs: 30, learningRate: 0.1, initialNoise: 0.1 },
  outer: { learningRate: 0.05, batch: 256 },

  allocate({ options, problem, tools }) {
    const { classes, inputShape } = problem.model;
    const labels = Array.from({ length: classes }, (_, k) => k);
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
        const [channels, height, width] = inputShape;
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
    const { classes, parameterCount } = problem.model;
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
