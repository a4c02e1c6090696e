// What a run was estimated to take is what its process grows by, for each method, where different parts of it take the most.
import { expect, test } from "vitest";
import { runChild } from "../child.ts";

/** What Node itself takes while a run goes on, as the documentation of estimateMemory has it. */
const host = { process: 10e6, thread: 10e6, worker: 20e6 };

/** A call of the library: the name of a function, and what it is given. */
type Call = readonly [name: string, ...given: readonly unknown[]];

interface Row {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly model: Call;
  readonly method: Call;
  readonly images?: Call;
  readonly experts?: Readonly<Record<"networks" | "epochs", number>>;
  /** Other options of the run. One thread unless they say otherwise. */
  readonly options: { readonly threads?: number; readonly workers?: number; readonly [name: string]: unknown };
}

const digits = { data: { count: 6000, size: 28, classes: 10 } };
const photographs = { data: { count: 3000, size: 32, channels: 3, classes: 10 } };
const lenet: { model: Call } = { model: ["lenet"] };
const colourLenet: { model: Call } = { model: ["lenet", { channels: 3, size: 32 }] };
const convNet: { model: Call } = { model: ["convNet", { input: [1, 28, 28], classes: 10 }] };
/** Its batches are one piece. */
const batchNormed: { model: Call } = {
  model: ["convNet", { input: [1, 28, 28], classes: 10, norm: "batch", width: 32 }],
};
const strategies = ["color", "crop", "cutout", "flip", "scale", "rotate"];
/** More than 50 steps keep a second earlier state. */
const lasting = 60;

/** Back-gradient, LeNet 10 × 3. */
const backGradients = [
  { images: 60_000, threads: 1, memory: "store", imagesPerClass: 1 },
  { images: 9_000, threads: 1, memory: "store", imagesPerClass: 5 },
  { images: 60_000, threads: 1, memory: "recompute", imagesPerClass: 1 },
  { images: 60_000, threads: 2, memory: "store", imagesPerClass: 1 },
  { images: 9_000, threads: 4, memory: "store", imagesPerClass: 5 },
].map(
  ({ images, threads, memory, imagesPerClass }): Row => ({
    name: `back-gradient on ${images} images, ${imagesPerClass} a class, ${memory}`,
    data: { ...digits.data, count: images },
    ...lenet,
    method: ["backGradient", { steps: 10, epochs: 3, imagesPerClass, memory }],
    options: { outer: { steps: 5 }, threads },
  }),
);

const others: readonly Row[] = [
  {
    name: "back-gradient with a large batch in one piece",
    ...{ ...digits, ...batchNormed },
    method: ["backGradient", { steps: 2, epochs: 1, imagesPerClass: 1 }],
    options: { outer: { steps: 2, batch: 256 } },
  },
  {
    name: "back-gradient on workers",
    ...{ ...digits, ...lenet },
    method: ["backGradient", { steps: 10, epochs: 3, imagesPerClass: 5 }],
    options: { outer: { steps: 5 }, networksPerStep: 4, workers: 2 },
  },
  {
    name: "a long window, stored",
    ...{ ...digits, ...lenet },
    method: ["windows", { imagesPerClass: 1, window: 120, totalSteps: 121, leastSteps: 0, memory: "store" }],
    options: { outer: { steps: 3, batch: 128 } },
  },
  {
    name: "a window of 1000 images a step, recomputed, with learned labels",
    ...{ ...digits, ...lenet },
    method: [
      "windows",
      {
        ...{ imagesPerClass: 100, batchPerClass: 100, window: 30, totalSteps: 30, leastSteps: 0 },
        ...{ memory: "recompute", labels: "learned" },
      },
    ],
    options: { outer: { steps: 2, batch: 128 } },
  },
  {
    name: "bases of 8830 images, a window",
    ...{ ...photographs, ...colourLenet },
    method: ["windows", { imagesPerClass: 10, window: 10, totalSteps: 10, leastSteps: 0, batchPerClass: 10 }],
    images: ["memories", { bases: 32 }],
    options: { outer: { steps: 2, batch: 128 } },
  },
  {
    name: "FRePo with a pool of 60",
    ...{ ...digits, ...lenet },
    method: ["frepo", { imagesPerClass: 10, poolSize: 60 }],
    options: { outer: { steps: lasting, batch: 128 } },
  },
  {
    name: "FRePo with a pool of 40 on workers",
    ...{ ...digits, ...lenet },
    method: ["frepo", { imagesPerClass: 1, poolSize: 40 }],
    options: { outer: { steps: lasting, batch: 128 }, networksPerStep: 2, workers: 2 },
  },
  {
    name: "FRePo with a wide network",
    ...{ ...digits, ...convNet },
    method: ["frepo", { imagesPerClass: 3 }],
    options: { outer: { steps: 2, batch: 128 }, threads: 2 },
  },
  {
    name: "FRePo on whitened images",
    ...colourLenet,
    data: { ...photographs.data, count: 10_000, whitened: true },
    method: ["frepo", { imagesPerClass: 10 }],
    options: { outer: { steps: 3 } },
  },
  {
    name: "distribution matching with 1000 images, which may diverge",
    ...{ ...photographs, ...colourLenet },
    method: ["distributionMatching", { imagesPerClass: 100, realPerClass: 32 }],
    options: { outer: { steps: lasting, onDivergence: "halve", average: 0.9, optimizer: "adam" } },
  },
  {
    name: "distribution matching of augmented images with a wide network",
    ...{ ...digits, ...convNet },
    method: ["distributionMatching", { imagesPerClass: 5, augment: strategies, realPerClass: 64 }],
    options: { outer: { steps: 2 } },
  },
  {
    name: "distribution matching with 2000 tiles, 4 threads",
    ...{ ...photographs, ...colourLenet },
    method: ["distributionMatching", { imagesPerClass: 50 }],
    images: ["formation", { factor: 2 }],
    options: { outer: { steps: 3 }, threads: 4 },
  },
  {
    name: "gradient matching with a wide network",
    ...{ ...digits, ...convNet },
    method: ["gradientMatching", { imagesPerClass: 3, realPerClass: 32, networkSteps: 1 }],
    options: { outer: { steps: 2 } },
  },
  {
    name: "gradient matching of 1000 augmented images",
    ...{ ...photographs, ...colourLenet },
    method: ["gradientMatching", { imagesPerClass: 100, augment: strategies, realPerClass: 64 }],
    options: { outer: { steps: 2 } },
  },
  {
    name: "trajectory matching with ten experts",
    ...{ ...digits, ...lenet },
    method: ["trajectoryMatching", { imagesPerClass: 10, steps: 30 }],
    experts: { networks: 10, epochs: 30 },
    options: { outer: { steps: 3 } },
  },
  {
    name: "KIP with 2000 images",
    ...{ ...digits, ...lenet },
    method: ["kip", { imagesPerClass: 200 }],
    options: { outer: { steps: 2 } },
  },
  {
    name: "label solve with 2000 images",
    data: { ...digits.data, count: 12_000 },
    ...lenet,
    method: ["labelSolve", { imagesPerClass: 200 }],
    options: {},
  },
];

test.each([...backGradients, ...others])(
  "$name: the process grows by the estimate to 10 %",
  async ({ name, options, ...row }) => {
    const { threads = 1, workers = 0 } = options;
    const { total, grown } = await runChild<{ total: number; grown: number }>(
      new URL("./peak-memory.mjs", import.meta.url),
      { ...row, options: { threads, ...options } },
    );
    const expected = total + host.process + (threads - 1) * host.thread + workers * host.worker;
    console.log(name, { threads, workers, total, grown, ratio: grown / expected });
    expect(Math.abs(grown / expected - 1)).toBeLessThan(0.1);
  },
);
