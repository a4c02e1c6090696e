// The sets that the demo page opens with, and how each is made. The settings were chosen on the last 1,000 of the 9,000 training digits
// and on drawings of the tests' own (test/browser/own-drawings.ts); no test digit was looked at.
import { backGradient, convNet, fixedInit, randomInit } from "distillate";

/** The seed of everything that is drawn. */
export const seed = 1;
/** How many varied pictures of each digit sets are made from. */
export const copies = 8;

/** A small network that is trained in some ten milliseconds: 5,826 weights. */
export const model = convNet({ input: [1, 28, 28], classes: 10, width: 8, depth: 2 });

/** One network, which every browser draws from the same seed. */
const known = fixedInit(seed, "pytorch");
/** Any network that is drawn like that one. */
const any = randomInit("pytorch");

const taught = (steps, epochs) => backGradient({ steps, epochs, imagesPerClass: 1, initialNoise: 0.1, momentum: 0.9 });

const outer = { batch: 256, learningRate: 0.01, cosineTo: 0 };
/** For one network LAMB has the lower loss, for any network Adam with short steps. */
const lamb = (steps) => ({ ...outer, steps, optimizer: "lamb" });
const adam = (steps) => ({ ...outer, steps, clip: 2 });

/**
 * What one network learns in a few steps is sharp, so its pixels have more bits. How many was decided on sets like these that were made
 * from the first 8,000 training digits, by what they give on the last 1,000 (docs/results.md).
 */
export const recipes = [
  { id: "known-10", bits: 7, init: known, method: taught(1, 10), outer: lamb(1200) },
  { id: "known-30", bits: 6, init: known, method: taught(3, 5), outer: lamb(1000) },
  { id: "any-100", bits: 4, init: any, method: taught(10, 3), outer: adam(1200) },
];
