// CIFAR-10 and CIFAR-100 in their binary layout: records of one label (CIFAR-100: coarse, then fine) and 3 × 32 × 32
// bytes, red, green, blue plane, row by row. There is no header, so only the length of a file and its labels can be checked.

import { byteSource, listOf, oneOf, optional, text } from "../../checks/checks.ts";
import { type Checks, checkOptions, thing } from "../../checks/options.ts";
import { maybeGunzip } from "../../codecs/gzip.ts";
import { FormatError } from "../../errors.ts";
import { type ByteSource, bytesOf } from "../data-file.ts";
import type { Dataset, LabelledPixels, Normalization } from "../dataset.ts";
import { type LabelOptions, labelRange } from "../labels.ts";
import type { CifarLabels } from "../load-options.ts";
import { datasetOf } from "../normalize.ts";
import { labelChecks, normalizationChecks } from "../options.ts";

const side = 32;
const image = 3 * side * side;
/** The most images in any file of the sets. */
const maximumImages = 50_000;

/** The names of CIFAR-10's classes, in the order of their labels. */
export const cifar10Classes: readonly string[] = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck",
];

const layouts = {
  cifar10: { prefix: 1, at: 0, classes: 10, classNames: cifar10Classes },
  fine: { prefix: 2, at: 1, classes: 100 },
  coarse: { prefix: 2, at: 0, classes: 20 },
} as const;

/** The options of `loadCifar`. */
export interface LoadCifarOptions extends Normalization, LabelOptions {
  /** The files in order, each gzipped or not, with any number of whole records. */
  readonly files: readonly { readonly bytes: ByteSource; readonly name: string }[];
  /** Default "cifar10". */
  readonly labels?: CifarLabels | undefined;
  /** The name of the data set. Default "cifar10" or "cifar100". */
  readonly name?: string | undefined;
}

const cifarChecks: Checks<LoadCifarOptions> = {
  files: listOf(
    "an array of files { bytes, name }",
    thing("a file { bytes, name }", { bytes: byteSource, name: text }),
  ),
  labels: optional(oneOf("cifar10", "fine", "coarse")),
  name: optional(text),
  ...normalizationChecks,
  ...labelChecks,
};

/** Reads the images of `loadCifar`, without normalising them. */
export async function readCifar(options: LoadCifarOptions): Promise<LabelledPixels> {
  checkOptions(options, cifarChecks);
  const { files, labels: kind = "cifar10", name = kind === "cifar10" ? "cifar10" : "cifar100" } = options;
  if (files.length === 0) throw new RangeError(`"files" expected at least one file, got none`);
  const from = options.labelsFrom ?? 0;
  const { prefix, at, ...classes } = layouts[kind];
  const record = prefix + image;
  const contents: { bytes: Uint8Array; name: string }[] = [];
  for (const file of files) {
    const maximumBytes = maximumImages * record;
    const bytes = await maybeGunzip(await bytesOf(file.bytes), { name: file.name, maximumBytes });
    if (bytes.length === 0 || bytes.length % record !== 0 || bytes.length > maximumBytes) {
      throw new FormatError(
        `${file.name}: expected 1 to ${maximumImages} records of ${record} bytes, got ${bytes.length} bytes: the last ` +
          `record begins at byte ${bytes.length - (bytes.length % record)}`,
      );
    }
    contents.push({ bytes, name: file.name });
  }

  const count = contents.reduce((sum, { bytes }) => sum + bytes.length / record, 0);
  const pixels = new Uint8Array(count * image);
  const labels = new Uint8Array(count);
  let i = 0;
  for (const { bytes, name: file } of contents) {
    for (let start = 0; start < bytes.length; start += record, i++) {
      const label = bytes[start + at]!;
      if (label < from || label >= from + classes.classes) {
        const expected = `expected a label ${labelRange(from, classes.classes)}`;
        throw new FormatError(`${file}: ${expected} at byte ${start + at}, got ${label}`);
      }
      labels[i] = label - from;
      pixels.set(bytes.subarray(start + prefix, start + record), i * image);
    }
  }
  return { name, pixels, labels, channels: 3, height: side, width: side, ...classes };
}

/**
 * Reads CIFAR-10 or CIFAR-100 from its binary files (`data_batch_1.bin`, `test.bin` and so on), 3 × 32 × 32. Give a test set
 * the mean and std of its training set.
 *
 * @throws FormatError with file name and byte offset for an incomplete record, or a label out of range.
 * @example
 * const train = await loadCifar({ files: [{ bytes, name: "train.bin" }], labels: "fine" });
 */
export async function loadCifar(options: LoadCifarOptions): Promise<Dataset> {
  return datasetOf(await readCifar(options), options);
}
