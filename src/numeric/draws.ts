// Makes addressed random draws on the host, with the bits of the kernels (`uniform` and `normal` of backend/ops.ts) on every
// machine, because it uses only whole numbers and float32 operations that are rounded one by one.
import { type Check, number, wholeNumber } from "../checks/checks.ts";
import { logFloat32, sinOfTurn } from "./float32.ts";
import { draws, multiplyHigh, type RandomKey } from "./philox.ts";
import { keyCheck } from "./random.ts";

const f32 = Math.fround;
const unit = 0x1000000;
/** More floats than a typed array holds on any host are refused before memory is asked for. */
const mostDraws = 0xffffffff;

const finite: Check = number("a finite number", Number.isFinite);
const spread: Check = number("a finite number >= 0", (value) => value >= 0 && Number.isFinite(value));

/**
 * Returns `n` draws from U(low, high), float32: draw i is low + (high − low)·u, where u is the top 24 bits of draw i of the stream, as a
 * share of 2²⁴. The same key gives the same bits on every host, and a short run begins a long one.
 *
 * @throws TypeError or RangeError for an invalid key, an invalid `n`, or a bound that is not finite.
 * @example
 * const images = randomUniform(randomKey(1, "images"), 10 * 784, -0.1, 0.1);
 */
export function randomUniform(key: RandomKey, n: number, low: number = 0, high: number = 1): Float32Array {
  checkStream(key, n);
  finite("low", low);
  finite("high", high);
  const from = f32(low);
  const span = f32(f32(high) - from);
  const words = draws(n, key);
  const out = new Float32Array(n);
  for (let i = 0; i < n; i++) out[i] = from + f32(span * ((words[i]! >>> 8) / unit));
  return out;
}

/**
 * Returns `n` draws from N(mean, std²), float32, by Box–Muller: draws a and b of the stream give two of them (`Ops.normal`). The same key
 * gives the same bits on every host, those of the kernels, and a short run begins a long one.
 *
 * @throws TypeError or RangeError for an invalid key, an invalid `n`, a mean that is not finite, or a `std`
 * that is not a finite number >= 0.
 * @example
 * const images = randomNormal(randomKey(1, "images"), 10 * 784);
 */
export function randomNormal(key: RandomKey, n: number, mean: number = 0, std: number = 1): Float32Array {
  checkStream(key, n);
  finite("mean", mean);
  spread("std", std);
  const centre = f32(mean);
  const scale = f32(std);
  const words = draws(n + (n % 2), key);
  const out = new Float32Array(n);
  // Where n is odd, the array has no place for the last value: writing it does nothing.
  for (let i = 0; i < n; i += 2) {
    const u = ((words[i]! >>> 8) + 1) / unit;
    const turn = words[i + 1]! >>> 8;
    const radius = f32(scale * f32(Math.sqrt(f32(-2 * logFloat32(u)))));
    out[i] = centre + f32(radius * sinOfTurn(turn, 1));
    out[i + 1] = centre + f32(radius * sinOfTurn(turn, 0));
  }
  return out;
}

/**
 * Returns a random order of 0 … n − 1; all orders are equally likely. Fisher–Yates from i = n − 1 down to 1 swaps i with
 * ⌊draw i · (i + 1) / 2³²⌋. Each pass over a data set takes its images in such an order.
 *
 * @throws TypeError or RangeError for an invalid key, or an invalid `n`.
 * @example
 * const order = randomPermutation(randomKey(1, "order", epoch), data.count);
 * const batch = normalizedBatch(data, order.subarray(0, 256));
 */
export function randomPermutation(key: RandomKey, n: number): Uint32Array {
  checkStream(key, n);
  const words = draws(n, key);
  const out = new Uint32Array(n);
  for (let i = 0; i < n; i++) out[i] = i;
  for (let i = n - 1; i > 0; i--) {
    const j = multiplyHigh(words[i]!, i + 1);
    const value = out[i]!;
    out[i] = out[j]!;
    out[j] = value;
  }
  return out;
}

function checkStream(key: unknown, n: unknown): void {
  keyCheck("key", key);
  wholeNumber("n", n, 0, mostDraws);
}
