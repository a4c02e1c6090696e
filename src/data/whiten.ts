// Whitens images: x′ = W·(x − μ). Each sum is float64 in the order of the columns of W and rounded once to float32, so an image has
// the same bits whoever whitens it and beside whichever others. docs/math.md §15 has the formulas.
import { callback, optional, signal as signalCheck } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import type { AbortSignal } from "../host-types.ts";
import { inParts } from "../platform/parts.ts";
import { checkSetOrSplit } from "./check-dataset.ts";
import { batchInto, type Dataset, type DatasetSplit } from "./dataset.ts";
import { checkUnwhitened, checkWhitening, type Whitening } from "./whitening.ts";

/** Options of {@link whiten}. */
export interface WhitenOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called between images. */
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}

const whitenChecks: Checks<WhitenOptions> = { signal: optional(signalCheck), onProgress: optional(callback) };

/** Images that are whitened together, so that W is read from memory once for all of them. */
const imagesTogether = 64;
/** Images and rows of W whose products are summed at a time. */
const tile = 4;

/**
 * Returns the data set with whitened images beside its pixels; of a split both parts. From then on networks see these: `distill`,
 * `evaluate`, `baseline` and all others take them by themselves. They take 4 bytes a value, four times what the pixels take.
 *
 * An image of D values costs D² products: 10,000 of CIFAR-10 take about 55 s of one core, 10,000 digits 4 s.
 *
 * @param whitening That of `zca(train)`, or of a distilled set, whose `mean` and `std` the data must have then.
 * @throws TypeError or RangeError for data whose fields do not fit or that are whitened already, and for a whitening of other
 * images; the signal's reason.
 * @example
 * const whitening = await zca(train, { epsilon: 0.1 });
 * const white = await whiten({ train, test }, whitening);
 */
export async function whiten<T extends Dataset | DatasetSplit>(
  data: T,
  whitening: Whitening,
  options: WhitenOptions = {},
): Promise<T> {
  checkSetOrSplit("data", data);
  checkOptions(options, whitenChecks);
  const sets: readonly Dataset[] = "train" in data ? [data.train, data.test] : [data];
  for (const set of sets) {
    checkUnwhitened("data", set);
    checkWhitening("whitening", whitening, set);
  }
  const total = sets.reduce((sum, { count }) => sum + count, 0);
  let before = 0;
  const white: Dataset[] = [];
  for (const set of sets) {
    white.push(
      await whitenSet(set, whitening, options, (done) => options.onProgress?.({ done: before + done, total })),
    );
    before += set.count;
  }
  return ("train" in data ? { train: white[0], test: white[1] } : white[0]) as T;
}

async function whitenSet(
  set: Dataset,
  { epsilon, mean, matrix }: Whitening,
  { signal }: WhitenOptions,
  onDone: (images: number) => void,
): Promise<Dataset> {
  const images = new Float32Array(set.count * mean.length);
  const rows = (from: number, out: Float32Array): void => {
    batchInto(
      set,
      Uint32Array.from({ length: out.length / mean.length }, (_, i) => from + i),
      out,
    );
  };
  signal?.throwIfAborted();
  await inParts(whitenInto(images, { mean, matrix }, rows, onDone), signal);
  return { ...set, whitened: { epsilon, mean, matrix, images } };
}

/** Returns images [n, c, h, w], which are normalised, whitened. Yields while it works, for `inParts` or `atOnce`. */
export function* whitenRows(images: ArrayLike<number>, whitening: Whitening): Generator<void, Float32Array> {
  const out = new Float32Array(images.length);
  const size = whitening.mean.length;
  yield* whitenInto(out, whitening, (from, rows) => {
    for (let i = 0; i < rows.length; i++) rows[i] = images[from * size + i]!;
  });
  return out;
}

/**
 * Fills `out` [n, D] with whitened images. `rows` fills an array with the normalised images from a place on, and `onDone` hears how
 * many are whitened.
 */
function* whitenInto(
  out: Float32Array,
  { mean, matrix }: Pick<Whitening, "mean" | "matrix">,
  rows: (from: number, out: Float32Array) => void,
  onDone?: (images: number) => void,
): Generator<void> {
  const size = mean.length;
  const count = out.length / size;
  const most = Math.min(imagesTogether, count);
  const staged = new Float32Array(most * size);
  const centred = new Float64Array(Math.ceil(most / tile) * tile * size);
  const weights = new Float64Array(tile * size);
  for (let from = 0; from < count; from += most) {
    const n = Math.min(most, count - from);
    const images = staged.subarray(0, n * size);
    rows(from, images);
    centred.fill(0);
    for (let i = 0; i < n; i++) {
      const to = (i - (i % tile)) * size + (i % tile);
      for (let j = 0; j < size; j++) centred[to + j * tile] = images[i * size + j]! - mean[j]!;
    }
    for (let row = 0; row < size; row += tile) {
      interleave(weights, matrix, row, size);
      for (let i = 0; i < n; i += tile)
        multiplyTile(out, from + i, row, Math.min(tile, n - i), centred, i * size, weights);
      yield;
    }
    onDone?.(from + n);
  }
}

/** Puts four rows of the matrix side by side, [D, 4]; those beyond its last as zeros. */
function interleave(weights: Float64Array, matrix: Float32Array, row: number, size: number): void {
  weights.fill(0);
  const rows = Math.min(tile, size - row);
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < size; j++) weights[j * tile + r] = matrix[(row + r) * size + j]!;
  }
}

/** Writes values `row` … `row` + 3 of four images, of which so many exist. */
function multiplyTile(
  out: Float32Array,
  image: number,
  row: number,
  images: number,
  centred: Float64Array,
  at: number,
  weights: Float64Array,
): void {
  let [a0, a1, a2, a3, b0, b1, b2, b3] = [0, 0, 0, 0, 0, 0, 0, 0];
  let [c0, c1, c2, c3, d0, d1, d2, d3] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < weights.length; i += tile) {
    const [x, y, z, u] = [centred[at + i]!, centred[at + i + 1]!, centred[at + i + 2]!, centred[at + i + 3]!];
    let w = weights[i]!;
    a0 += w * x;
    b0 += w * y;
    c0 += w * z;
    d0 += w * u;
    w = weights[i + 1]!;
    a1 += w * x;
    b1 += w * y;
    c1 += w * z;
    d1 += w * u;
    w = weights[i + 2]!;
    a2 += w * x;
    b2 += w * y;
    c2 += w * z;
    d2 += w * u;
    w = weights[i + 3]!;
    a3 += w * x;
    b3 += w * y;
    c3 += w * z;
    d3 += w * u;
  }
  const size = weights.length / tile;
  const values = Math.min(tile, size - row);
  const sums = [a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3];
  for (let i = 0; i < images; i++) {
    for (let r = 0; r < values; r++) out[(image + i) * size + row + r] = sums[i * tile + r]!;
  }
}
