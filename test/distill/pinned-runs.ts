// Runs whose bytes every version must keep, with the SHA-256 of their results.
import { digits } from "../../src/data/layouts/digits.ts";
import { whiten } from "../../src/data/whiten.ts";
import { zca } from "../../src/data/zca.ts";
import { backGradient } from "../../src/distill/methods/back-gradient/options.ts";
import { distributionMatching } from "../../src/distill/methods/distribution-matching/options.ts";
import { windows } from "../../src/distill/methods/windows/options.ts";
import { alexCifarNet, convNet, lenet } from "../../src/nn/zoo.ts";
import type { DistillOptions } from "../../src/run/in-place/distill.ts";
import { noise, smallConvNet } from "./noise.ts";

/** A run, and the digest of its set on any number of threads and workers, on any host. */
export interface PinnedRun extends Omit<DistillOptions, "engine"> {
  readonly name: string;
  readonly sha256: string;
}

const { train } = await digits();
const colours = noise({ count: 90, channels: 3, size: 10, classes: 3, seed: 6 });

export const pinnedRuns: readonly PinnedRun[] = [
  {
    name: "three outer steps of LeNet on digits, 10 × 3 × 1",
    sha256: "c12c4675c800ac8b0e8e8d3eca4bbb764310e2f4ddbd2a2e57b9125ce9fc4279",
    model: lenet(),
    data: train,
    method: backGradient({ steps: 10, epochs: 3, imagesPerClass: 1 }),
    outer: { steps: 3, batch: 64 },
    seed: 1,
  },
  {
    name: "two networks a step, a batch that is no whole number of chunks",
    sha256: "7f2d7506e8ba9c9859e76b7eb853135f3500b21391899d3d31df4238d30eba33",
    model: lenet(),
    data: noise({ count: 150, seed: 1 }),
    method: backGradient({ steps: 3, epochs: 2, imagesPerClass: 1, learningRate: 0.05 }),
    networksPerStep: 2,
    outer: { steps: 3, batch: 75 },
    seed: 7,
  },
  {
    name: "a small convolutional network, five images of a class in a block, recomputed",
    sha256: "57df8c11f03164454dd3f70b61103f0bcfca65b04d102bb889cbd37f382cba02",
    model: smallConvNet(),
    data: noise({ count: 100, channels: 2, size: 9, classes: 3, seed: 2 }),
    method: backGradient({ steps: 4, epochs: 3, imagesPerClass: 5, learningRate: 0.1, memory: "recompute" }),
    outer: { steps: 10, batch: 40, decayEvery: 1 },
    seed: 7,
  },
  {
    name: "two outer steps of ConvNet-3, 32 channels wide",
    sha256: "4364b63cc9a092a8e7002cd27b2c33cf9eddabe7b1db9fb54b75ac925554ff7e",
    model: convNet({ input: [1, 16, 16], classes: 3, width: 32 }),
    data: noise({ count: 40, size: 16, classes: 3, seed: 3 }),
    method: backGradient({ steps: 2, epochs: 2, imagesPerClass: 2, learningRate: 0.05 }),
    outer: { steps: 2, batch: 20 },
    seed: 1,
  },
  {
    name: "an outer step of two AlexCifarNets",
    sha256: "a87a268b20ecf6c2828bf83a80670c0f57511e79ab49afc81e75ea4f71660478",
    model: alexCifarNet({ classes: 3 }),
    data: noise({ count: 20, channels: 3, size: 32, classes: 3, seed: 4 }),
    method: backGradient({ steps: 1, epochs: 1, imagesPerClass: 1, learningRate: 0.01 }),
    networksPerStep: 2,
    outer: { steps: 1, batch: 10 },
    seed: 1,
  },
  {
    name: "an outer step of a ConvNet-3, 64 channels wide, in the frequency domain",
    sha256: "257daac3e8d7fa08d3b176e2693134faf12dc90b62b21a37bd44d607190a356a",
    model: convNet({ input: [3, 32, 32], classes: 3, width: 64 }),
    data: noise({ count: 80, channels: 3, size: 32, classes: 3, seed: 5 }),
    method: backGradient({ steps: 1, epochs: 2, imagesPerClass: 3, learningRate: 0.01 }),
    outer: { steps: 1, batch: 40 },
    seed: 1,
  },
  {
    name: "windows of Adam over sub-batches, with labels and a rate that are learned",
    sha256: "cb29d3e153c5d1cfff63f583e45d8bd8aa21e9c8032b7f68602bcbcdeb1cf267",
    model: convNet({ input: [1, 12, 12], classes: 3, width: 8, depth: 2 }),
    data: noise({ count: 40, size: 12, classes: 3, seed: 5 }),
    method: windows({
      ...{ imagesPerClass: 4, batchPerClass: 3, window: 5, leastSteps: 2, totalSteps: 12, memory: "recompute" },
      ...{ labels: "learned", rate: "learned" },
    }),
    networksPerStep: 2,
    outer: { steps: 3, batch: 20 },
    seed: 1,
  },
  {
    name: "windows of SGD over augmented sub-batches",
    sha256: "f43c4c68dbed68d8ee07511b5093f2a531138ebbe78bb2378e89458bf6fcd39c",
    model: convNet({ input: [3, 10, 10], classes: 3, width: 8, depth: 2 }),
    data: noise({ count: 40, channels: 3, size: 10, classes: 3, seed: 5 }),
    method: windows({
      ...{ imagesPerClass: 4, batchPerClass: 3, window: 5, leastSteps: 2, totalSteps: 12, optimizer: "sgd" },
      ...{ memory: "recompute", augment: ["color", "crop", "cutout", "flip", "scale", "rotate"] },
    }),
    networksPerStep: 2,
    outer: { steps: 3, batch: 20 },
    seed: 1,
  },
  {
    name: "distribution matching of augmented images",
    sha256: "018d060afb3a5b6b8c0c8021368ecd5caafedfd654c5502b10048aede8cff162",
    model: convNet({ input: [3, 10, 10], classes: 3, width: 8, depth: 2 }),
    data: noise({ count: 90, channels: 3, size: 10, classes: 3, seed: 5 }),
    method: distributionMatching({
      imagesPerClass: 2,
      realPerClass: 20,
      augment: ["color", "crop", "cutout", "flip", "scale", "rotate"],
    }),
    networksPerStep: 2,
    outer: { steps: 6 },
    seed: 3,
  },
  {
    name: "distribution matching of whitened images",
    sha256: "b3e58faf4ecce0feba32aa19f3f1a18b0b1fd2b124776634b82af1405f999a69",
    model: convNet({ input: [3, 10, 10], classes: 3, width: 8, depth: 2 }),
    data: await whiten(colours, await zca(colours)),
    method: distributionMatching({ imagesPerClass: 2, realPerClass: 20 }),
    outer: { steps: 3 },
    seed: 3,
  },
];
