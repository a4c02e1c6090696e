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
    sha256: "fb2ac427b6c147fe1b96aa4e640c21d34c11161a88ae5344efe1337d91e36b8b",
  },
  {
    name: "a small convolutional network, five images a block, recomputed",
    model: smallConvNet(),
    data: noise({ count: 100, channels: 2, size: 9, classes: 3, seed: 2 }),
    method: backGradient({ steps: 4, epochs: 3, imagesPerClass: 5, learningRate: 0.1, memory: "recompute" }),
    outer: { steps: 10, batch: 40, decayEvery: 1 },
    sha256: "cc58670681618969d95ab26d38043c2ee929ade97b9b59c222f7741cdb95c2d9",
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
