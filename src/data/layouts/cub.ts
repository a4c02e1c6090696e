// Reads Caltech-UCSD Birds 200-2011 in its own layout.
import { checkOptions } from "../../checks/options.ts";
import { FormatError } from "../../errors.ts";
import { quote, shortName } from "../../quote.ts";
import { type DataFile, nameOf } from "../data-file.ts";
import type { DatasetSplit } from "../dataset.ts";
import type { LabelledImage } from "../image-set.ts";
import { maximumClasses } from "../labels.ts";
import type { ImageFolderOptions } from "../load-options.ts";
import { checkFiles, loadChecks } from "../options.ts";
import { readSplit } from "./class-folders.ts";
import { filesBeside, TextLines } from "./text-files.ts";

const labelsFile = /^(.*\/)?image_class_labels\.txt$/;

/** Returns whether CUB's file of labels is there. */
export function isCub(files: readonly DataFile[]): boolean {
  return files.some(({ path }) => labelsFile.test(path));
}

/**
 * Reads CUB-200-2011: `images.txt` (number, path in `images/`), `image_class_labels.txt` (number, class from 1) and
 * `train_test_split.txt` (number, 1 for training). Images are squashed to `size`, by default 224. Classes have the names of
 * the folders of their images.
 *
 * @throws FormatError that names file and line for a missing file, a number that is not in all three, or a class out of range.
 * @example
 * const { train, test } = await loadCub(await filesInArchive(bytes, "CUB_200_2011.tgz"), { size: 64 });
 */
export async function loadCub(files: readonly DataFile[], options: ImageFolderOptions = {}): Promise<DatasetSplit> {
  checkFiles("files", files);
  checkOptions(options, loadChecks);
  const { name = "cub200", source = name, size = 224, fit = "squash" } = options;
  const set = filesBeside(files, labelsFile, source);
  /** Maps the first field of each line to the second, in the order of the lines. */
  const table = async (path: string, pattern: RegExp, expected: string): Promise<Map<string, string>> => {
    const values = new Map<string, string>();
    const lines = await TextLines.of(set.get(path), set.size);
    for (let fields = lines.next(); fields !== undefined; fields = lines.next()) {
      const [id, value] = fields;
      if (fields.length !== 2 || !/^\d{1,9}$/.test(id!) || !pattern.test(value!) || values.has(id!)) {
        throw lines.bad(`a new number and ${expected}`, fields.join(" "));
      }
      values.set(id!, value!);
    }
    return values;
  };
  const paths = await table("images.txt", /^[^/]+\/.+$/, "a path class/image");
  const labels = await table("image_class_labels.txt", /^[1-9]\d{0,2}$/, "a class from 1 on");
  const parts = await table("train_test_split.txt", /^[01]$/, "0 or 1");

  const classNames: string[] = [];
  const [train, test]: [LabelledImage[], LabelledImage[]] = [[], []];
  const lookUp = (values: Map<string, string>, id: string, path: string): string => {
    const value = values.get(id);
    if (value === undefined)
      throw new FormatError(`${nameOf(set.get(path))}: expected a line for image ${id}, got none`);
    return value;
  };
  const used = new Set<string>();
  for (const [id, path] of paths) {
    // A picture that comes twice could be in both parts, or be decoded as often as a file can repeat its name.
    if (used.has(path)) {
      throw new FormatError(`${nameOf(set.get("images.txt"))}: expected each path once, got ${quote(path)} again`);
    }
    used.add(path);
    const label = Number(lookUp(labels, id, "image_class_labels.txt")) - 1;
    const folder = path.split("/")[0]!;
    if (label >= maximumClasses || (classNames[label] ?? folder) !== folder) {
      throw new FormatError(
        `${nameOf(set.get("image_class_labels.txt"))}: expected a class up to ${maximumClasses} with one folder of ` +
          `images, got ${label + 1} for ${shortName(path)}`,
      );
    }
    classNames[label] = folder;
    const part = lookUp(parts, id, "train_test_split.txt") === "1" ? train : test;
    part.push({ file: set.get(`images/${path}`), label });
  }
  const missing = Array.from(classNames).indexOf(undefined as unknown as string);
  if (missing >= 0) {
    throw new FormatError(`${nameOf(set.get("images.txt"))}: expected images of class ${missing + 1}, got none`);
  }
  if (train.length === 0 || test.length === 0) {
    throw new FormatError(`${nameOf(set.get("train_test_split.txt"))}: expected images of both parts, got one part`);
  }
  return readSplit(train, test, { name, classNames }, { ...options, size, fit });
}
