// What whitens images (ZCA), and the checks of it. zca.ts measures it, whiten.ts applies it.
import { shown } from "../checks/refusal.ts";
import { arrayKind, isObject } from "../kinds.ts";
import { quote } from "../quote.ts";

/** The values of an image beyond which no covariance is measured: its matrix takes 134 MB as it is. */
export const mostWhitenedValues = 4096;

/** What a whitening may add to the variances. Less takes more terms of the root, and would only enlarge rounding noise. */
export const epsilonRange = { least: 1e-5, most: 1000 };

/** Whitens images by x′ = W·(x − μ): x is an image normalised with its data set's mean and std, of D = channels·height·width values. */
export interface Whitening {
  /** W = (C + epsilon·I)^(−1/2), with C the covariance of the training images. */
  readonly epsilon: number;
  /** μ, the mean normalised training image, [channels, height, width]. */
  readonly mean: Float32Array;
  /** W, which is symmetric, [D, D]. */
  readonly matrix: Float32Array;
}

/** A whitening with the images that it made. */
export interface WhitenedImages extends Whitening {
  /** [count, channels, height, width]: what networks see in the place of the normalised pixels. */
  readonly images: Float32Array;
}

/** Returns a whitening without images, which shares its arrays. */
export function whiteningOf({ epsilon, mean, matrix }: Whitening): Whitening {
  return { epsilon, mean, matrix };
}

interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Throws TypeError or RangeError that names the field after `name`, unless `value` is a whitening for such images whose arrays
 * have their lengths. Values are looked at by `whiteningFault`. Returns it.
 */
export function checkWhitening(name: string, value: unknown, { channels, height, width }: ImageShape): Whitening {
  if (!isObject(value)) {
    throw new TypeError(`"${name}" expected a whitening, as zca() of distillate/data gives it, got ${shown(value)}`);
  }
  const { epsilon, mean, matrix } = value as unknown as Whitening;
  if (typeof epsilon !== "number") throw new TypeError(`"${name}.epsilon" expected a number, got ${shown(epsilon)}`);
  const values = channels * height * width;
  if (values > mostWhitenedValues) {
    throw new RangeError(`"${name}" expected images of at most ${mostWhitenedValues} values, got ${values}`);
  }
  const lengths = { mean: [values], matrix: [values, values] };
  for (const [field, array] of Object.entries({ mean, matrix }) as [keyof typeof lengths, unknown][]) {
    checkFloats(`${name}.${field}`, array, lengths[field]);
  }
  return value as unknown as Whitening;
}

/** Throws as `checkWhitening` does, and unless there are `count` whitened images. */
export function checkWhitenedImages(name: string, value: unknown, count: number, shape: ImageShape): void {
  checkWhitening(name, value, shape);
  const { channels, height, width } = shape;
  checkFloats(`${name}.images`, (value as WhitenedImages).images, [count, channels, height, width]);
}

function checkFloats(name: string, array: unknown, shape: readonly number[]): void {
  if (arrayKind(array) !== "Float32Array") throw new TypeError(`"${name}" expected Float32Array, got ${shown(array)}`);
  const length = shape.reduce((product, size) => product * size, 1);
  const { length: got } = array as Float32Array;
  if (got !== length) throw new RangeError(`"${name}" expected [${shape.join(", ")}], ${length} numbers, got ${got}`);
}

/** Returns the first invalid value of a whitening whose arrays have their lengths, or undefined if all are valid. */
export function whiteningFault({
  epsilon,
  mean,
  matrix,
}: Whitening): { readonly field: keyof Whitening; readonly expected: string; readonly got: string } | undefined {
  if (!(epsilon > 0 && epsilon < Number.POSITIVE_INFINITY)) {
    return { field: "epsilon", expected: "a finite number above 0", got: quote(epsilon) };
  }
  for (const [field, values] of [
    ["mean", mean],
    ["matrix", matrix],
  ] as const) {
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) return { field, expected: "finite values", got: `${quote(values[at])} at ${at}` };
  }
  return undefined;
}

/** Throws RangeError for a data set that is whitened already. */
export function checkUnwhitened(name: string, data: { readonly whitened?: unknown }): void {
  if (data.whitened === undefined) return;
  throw new RangeError(
    `"${name}" expected images that are not whitened, got whitened ones: first divide and convert images, and whiten them last`,
  );
}

/** What images were made with before networks saw them. */
interface Seen {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly whitening?: Whitening | undefined;
}

/** Says how the images of a data set were made. */
export function seenOf({
  mean,
  std,
  whitened,
}: Omit<Seen, "whitening"> & { readonly whitened?: Whitening | undefined }): Seen {
  return { mean, std, whitening: whitened };
}

/**
 * Throws RangeError unless these images were whitened exactly as those were, or neither. Images that are whitened must have been
 * normalised alike too. A network that learned from the ones would read the others wrongly.
 */
export function checkSameWhitening(name: string, images: Seen, others: Seen, whose: string): void {
  const [ours, theirs] = [images.whitening, others.whitening];
  if (!ours && !theirs) return;
  if (!theirs) {
    throw new RangeError(
      `"${name}" expected images that are not whitened, as those of ${whose}, got whitened ones: give them as they were before whiten()`,
    );
  }
  const advice = `whiten(data, whitening) of distillate/data makes them, with the whitening, mean and std of ${whose}`;
  if (!ours)
    throw new RangeError(
      `"${name}" expected images whitened as those of ${whose}, got images without whitening: ${advice}`,
    );
  const same = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
    if (a === b) return true;
    if (a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
    return true;
  };
  const alike = same(images.mean, others.mean) && same(images.std, others.std) && same(ours.mean, theirs.mean);
  if (alike && same(ours.matrix, theirs.matrix)) return;
  throw new RangeError(
    `"${name}" expected images whitened as those of ${whose}, got images with another whitening: ${advice}`,
  );
}
