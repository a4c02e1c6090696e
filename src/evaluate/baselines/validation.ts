// Divides a training set, so that choices are made on a part of it and never on the test set (docs/math.md §5).
import { chosen, classSplit } from "../../data/class-split.ts";
import { batchInto, classCounts, type Dataset, type DatasetSplit } from "../../data/dataset.ts";

const VALIDATION_SHARE = 0.1;
const VALIDATION_MOST = 2000;

/** The images that baselines use, and those by which they are chosen; no image is in both. */
export interface ValidationSplit {
  readonly rest: Dataset;
  readonly validation: Dataset;
}

/** Throws RangeError unless some class has two images, one of them to hold back. */
export function checkValidation(train: Dataset): void {
  if (classCounts(train).some((count) => count > 1)) return;
  const expected = "two images of some class, one of them for baselines to choose by";
  throw new RangeError(`"train" expected ${expected}, got one image of each class at most`);
}

/** Copies images, as networks see them too. */
function part(train: Dataset, places: readonly number[]): Dataset {
  const { mean, std, whitened } = train;
  if (!whitened) return { ...chosen(train, places), count: places.length, mean, std };
  const size = whitened.mean.length;
  const images = new Float32Array(places.length * size);
  batchInto(train, places, images);
  return { ...chosen(train, places), count: places.length, mean, std, whitened: { ...whitened, images } };
}

/**
 * Holds back a tenth of each class, about 2,000 images at most; both parts are normalised as `train` is. Throws as
 * `checkValidation` does.
 */
export function splitValidation(train: Dataset): ValidationSplit {
  checkValidation(train);
  const testShare = Math.min(VALIDATION_SHARE, VALIDATION_MOST / train.count);
  const places = classSplit(train.labels, train.classes, { testShare });
  return { rest: part(train, places.train), validation: part(train, places.test) };
}

/** Returns data to choose options by: what is held back of the training images stands for the test images, which are left out. */
export function validationSplit({ train }: DatasetSplit): DatasetSplit {
  const { rest, validation } = splitValidation(train);
  const name = `${train.name}, validation split`;
  return { train: { ...rest, name }, test: { ...validation, name } };
}
