// Named streams of random numbers. Each use of chance names its purpose, and streams of different purposes are independent:
// evaluating, for example, never changes the order of the data.

import { type Check, listOf, number, text, wholeNumber } from "../checks/checks.ts";
import { thing } from "../checks/options.ts";
import { outOfRange, wrongKind } from "../checks/refusal.ts";
import { draws, multiplyHigh, type RandomKey } from "./philox.ts";

/**
 * Returns the key of stream `part` of the `index`-th use of `purpose` under `seed`: streams of different names share nothing.
 * The two key words are 32-bit FNV-1a hashes of "seed/purpose/index" from two starting values; Philox does the mixing.
 *
 * The library draws for purposes of its own, such as "weights/distil" and "order"; a purpose that begins with another word is
 * free.
 *
 * @param part Which of 2³² streams of one use.
 * @throws TypeError or RangeError for an invalid seed, a purpose that is not a string, or an invalid index or part.
 * @example randomKey(1, "weights", 17, 2) // third parameter of the 18th network
 */
export function randomKey(seed: number, purpose: string, index: number = 0, part: number = 0): RandomKey {
  checkSeed(seed);
  text("purpose", purpose);
  wholeNumber("index", index, 0);
  wholeNumber("part", part, 0, 0xffffffff);
  const name = `${seed}/${purpose}/${index}`;
  return { seed: [fnv1a(name, 0x811c9dc5), fnv1a(name, 0x050c5d1f)], stream: part };
}

/**
 * Returns the first `taken` places of a random order of 0 … n − 1, in which all orders are equally likely: draws without
 * replacement. A key always gives the same order, however much of it is taken.
 *
 * @example randomOrder(2000, 4, randomKey(1, "weights/pretrained", 17)) // four of 2,000 networks
 */
export function randomOrder(n: number, taken: number, key: RandomKey): number[] {
  return placesDrawn(n, draws(taken, key));
}

/** Returns as many places of an order of 0 … n − 1 as there are draws, words of 32 bits: draw i decides place i. */
export function placesDrawn(n: number, words: ArrayLike<number>): number[] {
  // Fisher–Yates from the front. The map holds what was moved; everything else is where it began.
  const moved = new Map<number, number>();
  return Array.from(words, (word, i) => {
    const j = i + multiplyHigh(word, n - i);
    const chosen = moved.get(j) ?? j;
    moved.set(j, moved.get(i) ?? i);
    return chosen;
  });
}

function fnv1a(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 0;
}

/** Throws TypeError or RangeError unless `seed`, called `name`, is a whole number from 0 to 2⁵³ − 1. Returns it. */
export function checkSeed(seed: unknown, name: string = "seed"): number {
  const expected = `integer from 0 to ${Number.MAX_SAFE_INTEGER}`;
  if (typeof seed !== "number") throw wrongKind(name, expected, seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw outOfRange(name, expected, seed);
  return seed;
}

const word = number("a 32-bit integer", Number.isInteger);
const words = listOf("two 32-bit integers", word);

/** The check of an option that is a key, as `randomKey` gives it. */
export const keyCheck: Check = thing("a key { seed, stream }", {
  seed: (name, value) => {
    words(name, value);
    const { length } = value as readonly unknown[];
    if (length !== 2) throw outOfRange(name, "two 32-bit integers", value);
  },
  stream: word,
});

/** The check of an option that is a seed. */
export const seedCheck: Check = (name, value) => {
  checkSeed(value, name);
};
