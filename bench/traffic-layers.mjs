// Losses, norms and mean poolings as cases of traffic.mjs: what they move, and the calls.

/** The tolerance of powers, logarithms and sums over a plane of pixels. */
const TOLERANCE = 1e-5;

const ROUNDED = { tolerance: TOLERANCE };

/** The softmax cross-entropy of ten classes, its gradient, and the tangent of that. */
const classes = 10;
const loss = (kernel) => ({
  kernel,
  build: (images) => {
    const n = classes * images;
    const shape = { classes, images, lanes: images };
    if (kernel === "crossEntropy") {
      const call = (ops, at) => ops.crossEntropy(at.losses, at.p, at.dz, undefined, at.z, at.y, shape);
      const floats = { losses: images, p: n, dz: n, z: n, y: n };
      return { floats, written: ["losses", "p", "dz"], moved: 4 * n + images, call, ...ROUNDED };
    }
    const call = (ops, at) => ops.crossEntropyR(at.rdz, undefined, at.p, at.y, at.rz, shape);
    return { floats: { rdz: n, p: n, y: n, rz: n }, written: ["rdz"], moved: 4 * n, call, ...ROUNDED };
  },
});

/** Instance norm, a set for each channel of an image. */
const instanceNorm = (channels, area) => ({
  kernel: "normForward",
  build: (images) => {
    const n = channels * area * images;
    const shape = { channels, groups: channels, area, images, lanes: images, acrossImages: false };
    const floats = { y: n, statistics: 2 * channels * images, x: n, weight: channels, bias: channels };
    const call = (ops, at) => ops.normForward(at.y, at.statistics, at.x, at.weight, at.bias, 1e-5, shape);
    return { floats, written: ["y"], moved: 2 * n, call, ...ROUNDED };
  },
});

/** Local response norm over four channels. */
const responseNorm = (channels, area) => ({
  kernel: "localResponseNormForward",
  build: (lanes) => {
    const n = channels * area * lanes;
    const shape = { channels, area, size: 4, alpha: 0.001 / 9, beta: 0.75, k: 1, lanes };
    const call = (ops, at) => ops.localResponseNormForward(at.y, at.s, at.x, shape);
    return { floats: { y: n, s: n, x: n }, written: ["y", "s"], moved: 3 * n, call, ...ROUNDED };
  },
});

/** Mean pooling of windows of 2×2. */
const meanPool = (kernel, channels, side) => ({
  kernel,
  build: (lanes) => {
    const sides = { inHeight: side, inWidth: side, outHeight: side / 2, outWidth: side / 2 };
    const windows = { kernelHeight: 2, kernelWidth: 2, strideHeight: 2, strideWidth: 2, padding: 0 };
    const shape = { channels, ...sides, ...windows, lanes };
    const inputs = channels * side * side * lanes;
    const [floats, moved] = [{ x: inputs, y: inputs / 4 }, 1.25 * inputs];
    if (kernel === "avgPool2dForward") {
      return { floats, written: ["y"], moved, call: (ops, at) => ops.avgPool2dForward(at.y, at.x, shape) };
    }
    return { floats, written: ["x"], moved, call: (ops, at) => ops.avgPool2dBackward(at.x, at.y, shape) };
  },
});

/** Operands, lanes and kernels, as in traffic.mjs. */
export const layerGroups = [
  ["10 classes, 1,024 images", 1024, [loss("crossEntropy"), loss("crossEntropyR")]],
  ["AlexCifarNet, 100 images", 100, [responseNorm(64, 256)]],
  [
    "ConvNet, 12 images",
    12,
    [instanceNorm(128, 1024), meanPool("avgPool2dForward", 128, 32), meanPool("avgPool2dBackward", 128, 32)],
  ],
];
