// Runs whose bytes must be the same everywhere: small, but they use convolutions, poolings, norms and activations with
// transcendental functions, in float32 and through the reverse sweep and that of a window. Plain JavaScript, for Node and pages.

export function recipes({ backGradient, windows, digits, lenet, sequential, ...layers }) {
  const { conv2d, instanceNorm2d, tanh, avgPool2d, softplus, maxPool2d, dropout, flatten, linear } = layers;
  const net = sequential(
    [1, 28, 28],
    [
      conv2d({ out: 6, kernel: 5, stride: 2, padding: 2 }),
      instanceNorm2d(),
      tanh(),
      avgPool2d({ kernel: 2 }),
      conv2d({ out: 9, kernel: 3, padding: 1 }),
      softplus(),
      maxPool2d({ kernel: 2 }),
      dropout({ p: 0.2 }),
      flatten(),
      linear({ out: 10 }),
    ],
  );
  return [
    async () => ({
      data: (await digits()).train,
      model: lenet(),
      method: backGradient({ steps: 3, epochs: 2, imagesPerClass: 1 }),
      outer: { steps: 2, batch: 100 },
      networksPerStep: 2,
      seed: 3,
    }),
    async () => ({
      data: (await digits()).train,
      model: net,
      method: backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, momentum: 0.9 }),
      outer: { steps: 2, batch: 75 },
      seed: 4,
    }),
    async () => ({
      data: (await digits()).train,
      model: net,
      method: windows({
        ...{ imagesPerClass: 2, batchPerClass: 1, window: 3, leastSteps: 1, totalSteps: 6 },
        ...{ labels: "learned", rate: "learned" },
      }),
      outer: { steps: 2, batch: 75 },
      networksPerStep: 2,
      seed: 5,
    }),
  ];
}
