// Makes batches as networks take them, for those who feed their own.
import { wrongKind } from "../checks/refusal.ts";
import { arrayKind } from "../kinds.ts";
import { checkDataset } from "./check-dataset.ts";
import { batchInto, type Dataset } from "./dataset.ts";

/** Images and labels of a batch, as `gradients` and the other calls of a bound network take them. */
export interface NormalizedBatch {
  /** [n, channels, height, width], normalised: (byte / 255 − mean) / std. Whitened, if the data set is. */
  readonly images: Float32Array;
  /** Class indices, [n]. */
  readonly targets: Uint8Array;
}

/**
 * Returns the images at `indices`, normalised with the data set's mean and std, or whitened if it is, and their labels.
 *
 * @param indices n numbers below `data.count`, in any order, also repeated.
 * @throws TypeError unless `indices` is an array, RangeError for an index outside of the data; TypeError or RangeError for a data
 * set whose fields do not fit.
 * @example
 * const order = randomPermutation(randomKey(1, "my-order", epoch), train.count);
 * const { images, targets } = normalizedBatch(train, order.subarray(0, 256));
 */
export function normalizedBatch(data: Dataset, indices: ArrayLike<number>): NormalizedBatch {
  const { channels, height, width, labels } = checkDataset("data", data);
  if (!Array.isArray(indices) && arrayKind(indices) === undefined) {
    throw wrongKind("indices", "an array of whole numbers", indices);
  }
  const images = new Float32Array(indices.length * channels * height * width);
  batchInto(data, indices, images);
  return { images, targets: Uint8Array.from(indices, (index) => labels[index]!) };
}
