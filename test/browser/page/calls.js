// Every call of the library with every method, so small that a page makes them all in seconds. Plain JavaScript, for Node and pages.

/** Images [n, 1, 8, 8] of three classes, whose pixels tell the class a little. */
function data(library, count, seed) {
  const pixels = Uint8Array.from({ length: count * 64 }, (_, i) => {
    const [image, place] = [Math.floor(i / 64), i % 64];
    return ((image + seed) * 73 + place * 29 + (place % 3 === image % 3 ? 90 : 0)) % 256;
  });
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 3);
  return library.datasetFromArrays({ name: "drawn", pixels, labels, shape: [1, 8, 8], classes: 3 });
}

export function calls(library) {
  const { backGradient, distributionMatching, frepo, gradientMatching, kip, labelSolve, trajectoryMatching, windows } =
    library;
  const [train, test] = [data(library, 30, 1), data(library, 12, 2)];
  const model = library.convNet({ input: [1, 8, 8], classes: 3, width: 4, depth: 1 });
  const init = library.randomInit();
  const pool = (more) =>
    library.trainPool({ data: train, test, model, networks: 2, epochs: 2, batch: 10, keepEpochs: true, ...more });
  const distilled = async (method, more, run = {}) => {
    const set = await library
      .distill({ data: train, model, method, outer: { steps: 2, batch: 10 }, seed: 3, ...run, ...more })
      .result();
    return library.setDigest(set);
  };
  const set = async (more) =>
    library
      .distill({
        ...{ data: train, model, method: backGradient({ steps: 2, epochs: 2, imagesPerClass: 1 }), seed: 4 },
        ...{ outer: { steps: 1, batch: 10 }, ...more },
      })
      .result();
  const ready = {
    ...{ classes: 3, channels: 1, height: 8, width: 8, steps: 1, epochs: 2, imagesPerStep: 3 },
    ...{
      images: new Float32Array(192).map((_, i) => (i % 7) - 3),
      targets: Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
    },
    ...{ learningRates: Float32Array.of(0.05, 0.05), mean: train.mean, std: train.std, recipe: {} },
  };
  const trained = async (more) => {
    const network = await library.trainOn(ready, { model, ...more });
    const { classes } = await network.predict(Float32Array.from({ length: 128 }, (_, i) => (i % 5) / 5));
    const parameters = [...network.parameters];
    await network.dispose();
    return { classes: [...classes], parameters };
  };
  const bound = async ({ engine, ...more }) => {
    const made = engine ?? (await library.createEngine(more));
    const network = await made.bind(model);
    const { logits } = await network.forward({
      parameters: new Float32Array(model.parameterCount).fill(0.01),
      images: new Float32Array(64).fill(0.5),
    });
    if (!engine) await made.dispose();
    return [...logits];
  };
  const test_ = { set: ready, model, init, test, networks: 2 };
  return {
    trainOn: trained,
    bind: bound,
    evaluate: async (more) => (await library.evaluate({ ...test_, ...more })).accuracies,
    "evaluate on two workers": async ({ engine: _, ...more }) =>
      (await library.evaluate({ ...test_, workers: 2, ...more })).accuracies,
    "back-gradient": (more) => distilled(backGradient({ steps: 2, epochs: 2, imagesPerClass: 1 }), more),
    "back-gradient on two workers": ({ engine: _, ...more }) =>
      distilled(backGradient({ steps: 2, epochs: 2, imagesPerClass: 1 }), more, { networksPerStep: 2, workers: 2 }),
    formation: (more) =>
      distilled(backGradient({ steps: 2, epochs: 2, imagesPerClass: 1 }), more, {
        images: library.formation({ factor: 2 }),
      }),
    "distribution-matching": (more) => distilled(distributionMatching({ imagesPerClass: 1, realPerClass: 4 }), more),
    frepo: (more) => distilled(frepo({ imagesPerClass: 1, poolSize: 2, maxAge: 1 }), more),
    "gradient-matching": (more) =>
      distilled(gradientMatching({ imagesPerClass: 1, realPerClass: 4, networkSteps: 2 }), more),
    kip: (more) => distilled(kip({ imagesPerClass: 1 }), more),
    "label-solve": (more) => distilled(labelSolve({ imagesPerClass: 1 }), more),
    "trajectory-matching": async (more) => {
      const trajectories = await pool(more);
      const method = trajectoryMatching({
        ...{ imagesPerClass: 1, steps: 2, expertEpochs: 1, maxStartEpoch: 1, learningRate: 0.01 },
      });
      return distilled(method, more, { init: library.experts(trajectories) });
    },
    windows: (more) =>
      distilled(windows({ imagesPerClass: 2, batchPerClass: 1, window: 2, leastSteps: 1, totalSteps: 4 }), more),
    trainPool: async (more) => (await pool(more)).evaluation.accuracies,
    baseline: async (more) =>
      (await library.baseline({ kind: "k-means", train, test, model, init, like: ready, networks: 2, ...more }))
        .accuracies,
    judge: async (more) =>
      (await library.judge({ set: ready, protocol: "paper", model, train, test, networks: 20, ...more })).trainings,
    nearestNeighbors: async (more) =>
      (await library.nearestNeighbors({ points: "class-average", train, test, perClass: 1, ...more })).accuracies,
    verify: async (more) => {
      const { same, steps } = await library.verify({ set: await set(more), data: train, ...more });
      return { same, steps };
    },
  };
}
