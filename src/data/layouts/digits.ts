// The data set that ships with the package, so that a first distillation needs no download: real handwritten digits,
// MNIST's first 10,000 training images (scripts/make-digits.mjs says where they come from and how they are ordered).
import type { DatasetSplit } from "../dataset.ts";
import { subset } from "../subsets.ts";
import { digitFiles } from "./digit-files.ts";
import { loadIdx } from "./idx.ts";

const trainImages = 9000;

/**
 * Loads 9,000 training and 1,000 test digits, 28×28 grey, with the classes in the same proportions in both. They are
 * normalised with MNIST's usual mean 0.1307 and std 0.3081. Both parts come from MNIST's *training* set, so its official test
 * set stays unseen; an accuracy on these 1,000 is not an accuracy on MNIST's 10,000.
 *
 * @example
 * const { train, test } = await digits();
 */
export async function digits(): Promise<DatasetSplit> {
  const { images, labels } = await digitFiles();
  const all = await loadIdx({
    images,
    labels,
    name: "digits",
    imagesName: "assets/digits-images.idx3.gz",
    labelsName: "assets/digits-labels.idx1.gz",
    classes: 10,
    mean: [0.1307],
    std: [0.3081],
  });
  return { train: subset(all, 0, trainImages), test: subset(all, trainImages, all.count) };
}
