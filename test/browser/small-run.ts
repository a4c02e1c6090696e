// A run for tests of WebGPU in pages.

/** What images may differ by from the kernels', as a share of the largest. */
export const runTolerance = 2e-3;

/** A run of 20 outer steps with a small network, for Node and for pages. Plain JavaScript. */
export const run = `({ backGradient, sequential, conv2d, relu, maxPool2d, flatten, linear }) => {
  const pixels = Uint8Array.from({ length: 90 * 100 }, (_, i) => (i * i * 7 + i * 13) % 251);
  const labels = Uint8Array.from({ length: 90 }, (_, i) => i % 3);
  const shape = { channels: 1, height: 10, width: 10, classes: 3 };
  return {
    data: { name: "noise", pixels, labels, count: 90, ...shape, mean: [0.5], std: [0.3] },
    model: sequential([1, 10, 10],
      [conv2d({ out: 5, kernel: 3 }), relu(), maxPool2d({ kernel: 2 }), flatten(), linear({ out: 3 })]),
    method: backGradient({ steps: 2, epochs: 2, imagesPerClass: 1, learningRate: 0.05 }),
    outer: { steps: 20, batch: 30 },
    networksPerStep: 2,
    seed: 11,
  };
}`;
