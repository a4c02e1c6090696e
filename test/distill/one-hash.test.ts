// One recipe, one SHA-256: on any number of threads, and on any machine.
import { describe, expect, test } from "vitest";
import { distill } from "../../src/distill/distill.ts";
import type { DistilledSet } from "../../src/distill/distilled-set.ts";
import { backGradient } from "../../src/distill/method.ts";
import { randomInit } from "../../src/distill/weight-source.ts";
import { isReproducible, setDigest } from "../../src/formats/sha256.ts";
import { lenet } from "../../src/nn/zoo.ts";
import { noise, smallConvNet } from "./noise.ts";

/** More threads than most machines have processors, more than layers have tiles, and numbers that divide neither. */
const threadCounts = [1, 2, 3, 4, 8];

/**
 * `sha256` is what this version gives on every machine. It changes with the order of a sum, and then on purpose: a
 * change that was meant to leave results alone must leave it alone.
 */
const recipes = [
  {
    name: "LeNet, two networks a step, a batch that is no whole number of chunks",
    model: lenet(),
    data: noise({ count: 150, seed: 1 }),
    method: backGradient({ steps: 3, epochs: 2, imagesPerClass: 1, learningRate: 0.05 }),
    networksPerStep: 2,
    outer: { steps: 3, batch: 75 },
    sha256: "4aecb108dfad454c9644eeefee237e2b2731ba66990cd4c8544d9e9ece936337",
  },
  {
    name: "a small convolutional network, five images a block, recomputed",
    model: smallConvNet(),
    data: noise({ count: 100, channels: 2, size: 9, classes: 3, seed: 2 }),
    method: backGradient({ steps: 4, epochs: 3, imagesPerClass: 5, learningRate: 0.1, memory: "recompute" }),
    outer: { steps: 10, batch: 40, decayEvery: 1 },
    sha256: "eef8bf8a43fab885fe280d9a1caaea1b99927e9523a08e72d12063659381c6bd",
  },
];

describe.each(recipes)("$name", ({ name: _, sha256, ...recipe }) => {
  test.each(threadCounts)("has its hash with %i threads", async (threads) => {
    const set = await distill({ ...recipe, init: randomInit(), seed: 7, threads }).result();
    expect(await setDigest(set), "seed 7").toBe(sha256);
    expect(isReproducible(set)).toBe(true);
  });
});

test("a set made with relaxed SIMD never passes for one with a hash", async () => {
  const { model, data, method } = recipes[1]!;
  const set = await distill({ model, data, method, outer: { steps: 1, batch: 4 }, threads: 1 }).result();
  const relaxed: DistilledSet = { ...set, recipe: { ...set.recipe, simd: "relaxed" } };
  expect(set.recipe).not.toHaveProperty("simd");
  expect(isReproducible(relaxed)).toBe(false);
  expect(await setDigest(relaxed)).toBe(`relaxed:${await setDigest(set)}`);
});
