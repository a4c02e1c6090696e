// Measures the whitening of a data set: the covariance of its images, and the inverse of its root (docs/math.md §15).
import { callback, number, optional, signal as signalCheck } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { outOfRange } from "../checks/refusal.ts";
import type { AbortSignal } from "../host-types.ts";
import { inverseRoot } from "../numeric/inverse-root.ts";
import { doneInParts } from "../platform/parts.ts";
import { byteProducts } from "./byte-products.ts";
import { checkDataset } from "./check-dataset.ts";
import type { Dataset } from "./dataset.ts";
import { checkUnwhitened, epsilonRange, mostWhitenedValues, type Whitening } from "./whitening.ts";

/** That of the papers with whitened colour images (MTT, FRePo). */
export const usualEpsilon = 0.1;
/** Sums of products of bytes over more images would not be exact. */
const mostImages = 300_000;

/** Options of {@link zca}. */
export interface ZcaOptions {
  /** What is added to each variance, from 1e-5 to 1,000: directions in which images hardly differ are not enlarged. Default 0.1. */
  readonly epsilon?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called many times: `stage` is "covariance" and then "root", and `share` (0 to 1) says how much of it is done. */
  readonly onProgress?:
    | ((progress: { readonly stage: "covariance" | "root"; readonly share: number }) => void)
    | undefined;
}

const { least, most } = epsilonRange;
const zcaChecks: Checks<ZcaOptions> = {
  epsilon: optional(number(`a number from ${least} to ${most}`, (value) => value >= least && value <= most)),
  signal: optional(signalCheck),
  onProgress: optional(callback),
};

/**
 * Measures how to whiten images (ZCA): W = (C + ε·I)^(−1/2), with C the covariance of all images of the data set, normalised, with
 * n − 1 in the denominator as kornia's `ZCAWhitening` has it. The result depends on the images and ε alone, to the bit: sums of
 * products of bytes are whole numbers, and the root is taken in float64 with fixed orders of sums.
 *
 * Images of CIFAR-10 (D = 3,072 values) take about 32 s of one core for the root and 1.3 s for each 1,000 images; digits
 * (D = 784) take 1 s for the root.
 *
 * @throws TypeError or RangeError for a data set whose fields do not fit, that is whitened already, that has fewer than 2 or more
 * than 300,000 images, or images of more than 4,096 values; for an epsilon out of range. The signal's reason.
 * @example
 * const { train, test } = await digits();
 * const white = await whiten({ train, test }, await zca(train));
 */
export async function zca(data: Dataset, options: ZcaOptions = {}): Promise<Whitening> {
  checkDataset("data", data);
  checkUnwhitened("data", data);
  checkOptions(options, zcaChecks);
  const { epsilon = usualEpsilon, signal, onProgress } = options;
  const { count, channels, height, width } = data;
  const size = channels * height * width;
  if (count < 2 || count > mostImages) throw outOfRange("data", `from 2 to ${mostImages} images`, count);
  if (size > mostWhitenedValues) {
    throw outOfRange("data", `images of at most ${mostWhitenedValues} values, so make them smaller first`, size);
  }
  function* told<T>(stage: "covariance" | "root", work: Generator<number, T>): Generator<void, T> {
    for (;;) {
      const { done, value } = work.next();
      if (done) return value;
      onProgress?.({ stage, share: value });
      yield;
    }
  }
  signal?.throwIfAborted();
  const products = await doneInParts(told("covariance", byteProducts(data.pixels, count, size)), signal);
  const { mean, covariance } = momentsOf(data, products);
  const root = await doneInParts(told("root", inverseRoot(covariance, size, epsilon)), signal);
  return { epsilon, mean: Float32Array.from(mean), matrix: Float32Array.from(root) };
}

/** Mean and covariance of the normalised images, the latter in the place of the products. Their lower triangle is read. */
function momentsOf(
  { count, mean, std, height, width }: Dataset,
  { sums, products }: { readonly sums: Float64Array; readonly products: Float64Array },
): { readonly mean: Float64Array; readonly covariance: Float64Array } {
  const plane = height * width;
  const size = sums.length;
  const scales = Float64Array.from(sums, (_, i) => 255 * std[Math.floor(i / plane)]!);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      // n·Σab − Σa·Σb is a whole number below 2⁵³, so nothing cancels that was rounded.
      const spread = count * products[i * size + j]! - sums[i]! * sums[j]!;
      products[i * size + j] = spread / (count * (count - 1) * scales[i]! * scales[j]!);
    }
  }
  const means = sums.map((sum, i) => {
    const channel = Math.floor(i / plane);
    return (sum / (255 * count) - mean[channel]!) / std[channel]!;
  });
  return { mean: means, covariance: products };
}
