// Bicubic resizing of bytes, bit for bit as Pillow's Image.resize(size, BICUBIC), and so as torchvision on PIL images: cubic
// convolution with a = −0.5 (Keys, "Cubic convolution interpolation for digital image processing", 1981), stretched over the
// source when it shrinks (antialias), rows first. Both passes are rounded to bytes, and weights are in fixed point of 22
// bits. Sums are whole numbers below 2⁵³, so every host gives the same bytes.

/** One channel of an image in a larger array: pixel (x, y) is data[offset + y·rowStride + x·pixelStride]. */
export interface Plane {
  readonly data: Uint8Array;
  readonly offset: number;
  readonly rowStride: number;
  readonly pixelStride: number;
  readonly width: number;
  readonly height: number;
}

/** The size of the image after resizing, and the part of it that is wanted. */
export interface ResizeTarget {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly cropWidth: number;
  readonly cropHeight: number;
}

const one = 2 ** 22;

/** Evaluates Keys' kernel for a = −0.5. */
function cubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
  return 0;
}

interface Taps {
  /** The first source pixel of each output. */
  readonly first: Int32Array;
  /** The number of source pixels of each output. */
  readonly count: Int32Array;
  /** [outputs, most], whole numbers that sum to about 2²². */
  readonly weights: Float64Array;
  readonly most: number;
}

/** Computes how outputs `from` … `from + n − 1` of `outputs` weigh `inputs` source pixels. */
function tapsOf(inputs: number, outputs: number, from: number, n: number): Taps {
  const scale = inputs / outputs;
  const stretch = Math.max(scale, 1);
  const support = 2 * stretch;
  const most = Math.ceil(support) * 2 + 1;
  const taps = { first: new Int32Array(n), count: new Int32Array(n), weights: new Float64Array(n * most), most };
  for (let i = 0; i < n; i++) {
    const center = (from + i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(inputs, Math.trunc(center + support + 0.5)) - first;
    const weights = taps.weights.subarray(i * most, i * most + count);
    let sum = 0;
    for (let k = 0; k < count; k++) {
      weights[k] = cubic((first + k - center + 0.5) * (1 / stretch));
      sum += weights[k]!;
    }
    // Weights are rounded half away from zero.
    for (let k = 0; k < count; k++) {
      const weight = (weights[k]! / sum) * one;
      weights[k] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    taps.first[i] = first;
    taps.count[i] = count;
  }
  return taps;
}

function toByte(sum: number): number {
  return Math.min(255, Math.max(0, Math.floor((sum + one / 2) / one)));
}

/** Resizes to `target`'s size and returns the wanted part. Reuse it: the weights depend only on the sizes. */
export class Resizer {
  readonly #target: ResizeTarget;
  /** Set when every weight would be 0 or 1, and there is nothing to compute. */
  readonly #copies: boolean;
  readonly #width: number;
  readonly #columns: Taps;
  readonly #rows: Taps;
  /** The first source row that is needed, and how many are. */
  readonly #top: number;
  readonly #between: Uint8Array;

  constructor(width: number, height: number, target: ResizeTarget) {
    this.#target = target;
    this.#copies = target.width === width && target.height === height;
    this.#width = target.cropWidth;
    this.#columns = tapsOf(width, target.width, target.left, target.cropWidth);
    this.#rows = tapsOf(height, target.height, target.top, target.cropHeight);
    const last = target.cropHeight - 1;
    this.#top = this.#rows.first[0]!;
    const rows = this.#rows.first[last]! + this.#rows.count[last]! - this.#top;
    this.#between = new Uint8Array(rows * this.#width);
  }

  /** Writes [cropHeight, cropWidth] bytes to `out` from `at` on. */
  plane(source: Plane, out: Uint8Array, at: number): void {
    if (this.#copies) this.#copy(source, out, at);
    else this.#resize(source, out, at);
  }

  #resize(source: Plane, out: Uint8Array, at: number): void {
    const width = this.#width;
    const between = this.#between;
    const { data, offset, rowStride, pixelStride } = source;
    const { first, count, weights, most } = this.#columns;
    for (let y = 0; y * width < between.length; y++) {
      const row = offset + (this.#top + y) * rowStride;
      for (let x = 0; x < width; x++) {
        let sum = 0;
        let from = row + first[x]! * pixelStride;
        for (let k = x * most, end = k + count[x]!; k < end; k++, from += pixelStride) sum += weights[k]! * data[from]!;
        between[y * width + x] = toByte(sum);
      }
    }
    const rows = this.#rows;
    for (let y = 0; y < this.#target.cropHeight; y++) {
      const start = (rows.first[y]! - this.#top) * width;
      const [k0, n] = [y * rows.most, rows.count[y]!];
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += rows.weights[k0 + k]! * between[start + k * width + x]!;
        out[at + y * width + x] = toByte(sum);
      }
    }
  }

  #copy({ data, offset, rowStride, pixelStride }: Plane, out: Uint8Array, at: number): void {
    const { left, top, cropWidth, cropHeight } = this.#target;
    let to = at;
    for (let y = top; y < top + cropHeight; y++) {
      let from = offset + y * rowStride + left * pixelStride;
      for (let x = 0; x < cropWidth; x++, from += pixelStride) out[to++] = data[from]!;
    }
  }
}

/** How an image of another shape is made to fit: by its shorter side and a centre crop, or squashed. */
export type Fit = "cover" | "squash";

/**
 * Computes the size to which `fit` resizes an image of `width` × `height`, and the part of it that fills `size` [height, width].
 * "cover" is torchvision's Resize of the shorter side, then CenterCrop, with the same rounding for squares.
 */
export function fitTo(
  width: number,
  height: number,
  [outHeight, outWidth]: readonly [number, number],
  fit: Fit,
): ResizeTarget {
  const crop = { cropWidth: outWidth, cropHeight: outHeight };
  if (fit === "squash") return { width: outWidth, height: outHeight, left: 0, top: 0, ...crop };
  // The side that needs the larger factor is met exactly; the other is rounded down.
  const byWidth = outWidth * height >= outHeight * width;
  const scaledWidth = byWidth ? outWidth : Math.max(outWidth, Math.trunc((outHeight * width) / height));
  const scaledHeight = byWidth ? Math.max(outHeight, Math.trunc((outWidth * height) / width)) : outHeight;
  return {
    width: scaledWidth,
    height: scaledHeight,
    left: roundHalfEven((scaledWidth - outWidth) / 2),
    top: roundHalfEven((scaledHeight - outHeight) / 2),
    ...crop,
  };
}

/** Rounds as Python's round does. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}
