// The split of a training set that choices are made on, so that the test set has no say in any.
import { splitByClass } from "../../data/class-split.ts";
import type { Dataset } from "../../data/dataset.ts";

const VALIDATION_SHARE = 0.1;
const VALIDATION_MOST = 2000;

/** What baselines take images from, and what they are chosen by; no image is in both. */
export interface ValidationSplit {
  readonly pool: Dataset;
  readonly validation: Dataset;
}

/** Holds back a tenth of each class, about 2,000 images at most; both parts are normalised as `train` is. */
export function splitValidation(train: Dataset): ValidationSplit {
  const testShare = Math.min(VALIDATION_SHARE, VALIDATION_MOST / train.count);
  const parts = splitByClass(train, { testShare });
  const { mean, std } = train;
  return { pool: { ...parts.train, mean, std }, validation: { ...parts.test, mean, std } };
}
