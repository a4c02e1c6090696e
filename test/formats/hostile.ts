// Bad files: a corpus that must be refused, and seeded mutants that must be read or refused.

import { expect } from "vitest";

/** The file's name that every reader under test is given. */
export const fileName = "evil.bin";

type Read = (bytes: Uint8Array) => unknown;

async function attempt(read: Read, bytes: Uint8Array): Promise<Error | undefined> {
  try {
    await read(bytes);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

function isGoodRefusal(error: Error): boolean {
  return error.name === "FormatError" && error.message.startsWith(fileName) && error.message.length < 1000;
}

/** Expects a FormatError that names the file from every file of the corpus. */
export async function expectRefused(corpus: readonly (readonly [what: string, bytes: Uint8Array])[], read: Read) {
  const wrong: string[] = [];
  for (const [what, bytes] of corpus) {
    const error = await attempt(read, bytes);
    if (!error) wrong.push(`${what}: accepted`);
    else if (!isGoodRefusal(error)) wrong.push(`${what}: ${error.name}: ${error.message.slice(0, 200)}`);
  }
  expect(wrong).toEqual([]);
  expect(new Set(corpus.map(([what]) => what)).size).toBeGreaterThanOrEqual(40);
}

/** Returns whole numbers below `n`, the same for the same seed. */
export function randomIntegers(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) % n;
  };
}

const telling = [0, 1, 2, 7, 8, 0x20, 0x22, 0x2c, 0x30, 0x3a, 0x5b, 0x7b, 0x7f, 0x80, 0xfe, 0xff];

function mutate(seedFile: Uint8Array, below: (n: number) => number): Uint8Array {
  let bytes = seedFile.slice();
  for (let changes = 1 + below(4); changes > 0 && bytes.length > 0; changes--) {
    const at = below(bytes.length);
    const end = Math.min(bytes.length, at + 1 + below(12));
    const kind = below(7);
    if (kind === 0) bytes[at]! ^= 1 << below(8);
    else if (kind === 1) bytes[at] = telling[below(telling.length)]!;
    else if (kind === 2) bytes.fill(below(2) * 255, at, Math.min(bytes.length, at + 4));
    else if (kind === 3) bytes = bytes.slice(0, at);
    else if (kind === 4) bytes = Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(end));
    else if (kind === 5) bytes = Uint8Array.of(...bytes.subarray(0, end), ...bytes.subarray(at));
    else bytes.copyWithin(at, below(bytes.length), Math.min(bytes.length, at + 12));
  }
  return bytes;
}

/**
 * Expects mutants of good files to be read or refused with a FormatError, each within a second. FUZZ_SEED replays a run,
 * FUZZ_SCALE makes it longer.
 */
export async function expectOnlyFormatErrors(what: string, files: readonly Uint8Array[], read: Read, count: number) {
  const mutants = count * Number(process.env.FUZZ_SCALE ?? 1);
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 32);
  console.log(`${what}: ${mutants} mutants, FUZZ_SEED=${seed}`);
  const below = randomIntegers(seed);
  let refused = 0;
  for (let i = 0; i < mutants; i++) {
    const bytes = mutate(files[i % files.length]!, below);
    const start = performance.now();
    const error = await attempt(read, bytes);
    const context = `FUZZ_SEED=${seed}, mutant ${i}`;
    expect(performance.now() - start, context).toBeLessThan(1000);
    if (!error) continue;
    refused++;
    if (!isGoodRefusal(error)) expect.fail(`${context}: ${error.stack}`);
  }
  // A mutator that changes nothing would prove nothing.
  expect(refused).toBeGreaterThan(mutants / 4);
}

/** Returns every proper prefix of a file, thinned to about `n`. */
export function truncations(bytes: Uint8Array, n: number): [string, Uint8Array][] {
  const lengths = new Set(Array.from({ length: n }, (_, i) => Math.floor((i * bytes.length) / n)));
  return Array.from(lengths, (length) => [`cut to ${length} of ${bytes.length} bytes`, bytes.slice(0, length)]);
}

/** Returns a copy with some bytes overwritten. */
export function patched(bytes: Uint8Array, at: number, ...values: number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
}

export function concat(...parts: readonly ArrayLike<number>[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
