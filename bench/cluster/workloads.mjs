// The runs on a cluster that are measured: in the shapes of the paper with 100 images, and runs of as many bytes in which a network takes next to no
// time, so that what is left is the cluster's part.

const paper = { method: "back-gradient", steps: 10, imagesPerStep: 10, real: 1024 };
const bytesOnly = { ...paper, epochs: 1, real: 10, learningRate: 0.001 };

/** `few` and `many` networks a step tell what a step takes and what a network does; `rounds` steps of each are measured. */
export const clusterWorkloads = [
  {
    title: "LeNet, 10×3, 100 images",
    id: "lenet",
    computing: { ...paper, network: "lenet", epochs: 3, learningRate: 0.02 },
    moving: { ...bytesOnly, network: "linearOfDigits" },
    samples: 60,
    rounds: 8,
  },
  {
    title: "AlexCifarNet, 10×1, 100 images",
    id: "alexcifarnet",
    computing: { ...paper, network: "alexCifarNet", epochs: 1, learningRate: 0.001 },
    moving: { ...bytesOnly, network: "linearOfPhotographs" },
    samples: 12,
    rounds: 2,
  },
];

/** Networks a step, by which the parts of a step and of a network are told apart. */
export const few = 4;
export const many = 36;
