// Mixes held-out pictures, always in the same way: data sets come sorted by class, or by who wrote the digits.
import type { Dataset } from "distillate";

/** The most held-out pictures on which a network is tested, so that it takes no time that a visitor notices. */
const mostTested = 1000;
const SEED = 20_181_127;

const chosen = new WeakMap<Dataset, Dataset>();

/** Returns all of `test`, or a thousand of its pictures, chosen at random; the same ones each time. */
export function heldOut(test: Dataset): Dataset {
  if (test.count <= mostTested) return test;
  const known = chosen.get(test);
  if (known) return known;
  const order = shuffled(test.count, SEED).subarray(0, mostTested).sort();
  const size = test.channels * test.height * test.width;
  const pixels = new Uint8Array(order.length * size);
  const labels = new Uint8Array(order.length);
  for (const [i, index] of order.entries()) {
    pixels.set(test.pixels.subarray(index * size, (index + 1) * size), i * size);
    labels[i] = test.labels[index]!;
  }
  const some = { ...test, pixels, labels, count: order.length };
  chosen.set(test, some);
  return some;
}

/**
 * Returns the positions of all labels in a mixed order: one of each class, in random order, then another of each class that
 * has more, and so on. So neighbours show different classes, as far as there are any.
 */
export function mixedOrder(labels: Uint8Array, seed: number = SEED): Uint32Array {
  const random = randomNumbers(seed);
  const byClass = new Map<number, number[]>();
  for (const at of shuffled(labels.length, seed)) {
    const members = byClass.get(labels[at]!) ?? [];
    byClass.set(labels[at]!, members);
    members.push(at);
  }
  const order = new Uint32Array(labels.length);
  let placed = 0;
  const left = [...byClass.values()];
  while (placed < order.length) {
    shuffle(left, random);
    for (const members of left) {
      const next = members.pop();
      if (next !== undefined) order[placed++] = next;
    }
  }
  return order;
}

function shuffled(count: number, seed: number): Uint32Array {
  return shuffle(
    Uint32Array.from({ length: count }, (_, i) => i),
    randomNumbers(seed),
  );
}

/** Exchanges each place with one before it, or itself (Fisher and Yates). */
function shuffle<T extends { [i: number]: unknown; readonly length: number }>(list: T, random: () => number): T {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

/** Returns a generator of numbers from 0 up to, not including, 1: a counter whose bits are mixed (the finisher of MurmurHash3). */
function randomNumbers(seed: number): () => number {
  let counter = seed >>> 0;
  return () => {
    counter = (counter + 0x9e3779b9) >>> 0;
    let bits = counter;
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
  };
}
