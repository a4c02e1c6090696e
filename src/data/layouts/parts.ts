// Makes the two parts of a set, whether or not its files have a test part.
import { FormatError } from "../../errors.ts";
import { quote } from "../../quote.ts";
import { splitParts } from "../class-split.ts";
import type { DataFile, Notices, SetNames } from "../data-file.ts";
import type { DatasetSplit, LabelledPixels, Normalization } from "../dataset.ts";
import type { ClassSplitOptions } from "../load-options.ts";
import { splitOf } from "../normalize.ts";
import { meaningOf, type Part, wordsOf } from "./array-names.ts";

/**
 * Returns the file of each part, when a part is one file: the names say "train", "test" and "val"; without a file called
 * train, one with another name is the training part. Others are left out, and `onNotice` is called with their names.
 *
 * @throws FormatError for several files of one part.
 */
export function fileOfEachPart(
  files: readonly DataFile[],
  { name = "files", source = name, onNotice }: SetNames & Notices,
): { readonly train: DataFile; readonly test: DataFile | undefined } {
  if (files.length === 0) throw new FormatError(`${source}: expected a file that this reader takes, found none`);
  const of = (part: Part): DataFile | undefined => {
    const found = files.filter(({ path }) => meaningOf(wordsOf(path)).part === part);
    if (found.length < 2) return found[0];
    const names = found.slice(0, 8).map((file) => quote(file.path));
    throw new FormatError(
      `${source}: found ${names.join(", ")}; expected one file, or two with "train" and "test" in their names`,
    );
  };
  const [training, held] = [of("train"), of("test") ?? of("val")];
  const train = training ?? of("whole") ?? held!;
  const test = held === train ? undefined : held;
  const others = files.filter((file) => file !== train && file !== test).map(({ path }) => quote(path));
  if (others.length > 0) onNotice?.(`${source}: left out ${others.slice(0, 8).join(", ")}`);
  return { train, test };
}

/** The options of a reader whose files may lack a test part. */
export interface PartsOptions extends SetNames, ClassSplitOptions, Normalization, Notices {}

/**
 * Makes one set of a training and a test part. Without a test part the images are divided, class by class (`splitByClass`),
 * and `onNotice` says so.
 *
 * @throws FormatError when the parts have images of different sizes, or when no class has two images to divide.
 */
export function withParts(
  train: LabelledPixels,
  test: LabelledPixels | undefined,
  options: PartsOptions = {},
): DatasetSplit {
  const { source = options.name ?? train.name, testShare = 0.2, onNotice } = options;
  if (test !== undefined) {
    const sizes = ({ channels, height, width }: LabelledPixels): string => `${channels}×${height}×${width}`;
    if (sizes(train) !== sizes(test)) {
      throw new FormatError(`${source}: expected test images of ${sizes(train)}, as for training, got ${sizes(test)}`);
    }
    const classes = Math.max(train.classes, test.classes);
    return splitOf({ ...train, classes }, { ...test, classes }, options);
  }
  if (new Set(train.labels).size === train.labels.length) {
    throw new FormatError(
      `${source}: found no test part and no class with two images; expected two of some class, to test on one`,
    );
  }
  const { train: first, test: second } = splitParts(train, options);
  onNotice?.(
    `${source}: there is no test part, so ${Number((100 * testShare).toPrecision(3))} % of each class, chosen at random, are the test images`,
  );
  return splitOf(first, second, options);
}
