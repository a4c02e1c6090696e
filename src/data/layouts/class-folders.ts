// Folders of PNG and JPEG files, one folder for each class, as torchvision's ImageFolder reads them:
// [train/]class/picture.jpg. Also CIFAR-10 as JPEG files, whose names hold the labels.

import { checkOptions } from "../../checks/options.ts";
import { FormatError } from "../../errors.ts";
import { quote } from "../../quote.ts";
import { classSplit } from "../class-split.ts";
import { type DataFile, nameOf } from "../data-file.ts";
import type { DatasetSplit, Normalization } from "../dataset.ts";
import { type LabelledImage, readImages } from "../image-set.ts";
import { maximumClasses } from "../labels.ts";
import type { ClassSplitOptions, ImageFolderOptions, ImageOptions } from "../load-options.ts";
import { splitOf } from "../normalize.ts";
import { checkFiles, loadChecks } from "../options.ts";
import { cifar10Classes } from "./cifar.ts";

const picture = /\.(png|jpe?g)$/i;
const otherPicture = /\.(gif|webp|bmp|tiff?|avif|heic|svg)$/i;
const trainFolder = "train";
const testFolders: readonly string[] = ["test", "val", "valid", "validation"];

/** Returns whether a file was put there by some program and is not part of the set: .DS_Store, __MACOSX/… */
export function isHidden(path: string): boolean {
  return path.split("/").some((part) => part.startsWith(".") || part === "__MACOSX");
}

/**
 * Returns `files` without hidden ones, and without the folders that all of them are in, as archives have. The folders train
 * and test and the only folder around pictures have a meaning and stay.
 */
export function withoutWrappers(files: readonly DataFile[]): DataFile[] {
  const inner = files.filter(({ path }) => !isHidden(path));
  const first = inner[0]?.path ?? "";
  // Each file is looked at once for each folder: `at` is where paths begin without the folders so far.
  let at = 0;
  for (;;) {
    const end = first.indexOf("/", at);
    const top = first.slice(at, end);
    if (end < 0 || top === trainFolder || testFolders.includes(top)) break;
    const within = ({ path }: DataFile): boolean => path.startsWith(`${top}/`, at);
    const isClass = ({ path }: DataFile): boolean => path.indexOf("/", end + 1) < 0 && picture.test(path);
    if (!inner.every((file) => within(file) && !isClass(file))) break;
    at = end + 1;
  }
  return at === 0 ? inner : inner.map((file) => ({ ...file, name: file.name ?? file.path, path: file.path.slice(at) }));
}

/** Returns the pictures in `files`. A picture in another format is an error; any other file is left out. */
function pictures(files: readonly DataFile[]): DataFile[] {
  const others = files.filter(({ path }) => otherPicture.test(path));
  if (others.length > 0) {
    const more = others.length > 1 ? `, as ${others.length - 1} more have` : "";
    throw new FormatError(`${nameOf(others[0]!)}: expected only PNG and JPEG pictures, got another format${more}`);
  }
  // Names are compared by code unit, not by the host's language.
  return files.filter(({ path }) => picture.test(path)).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Returns whether these are folders of classes: some picture lies in a folder. */
export function isClassFolders(files: readonly DataFile[]): boolean {
  return files.some(({ path }) => picture.test(path) && path.includes("/"));
}

/**
 * Reads images from folders of classes, sorted by name: `class/picture.jpg`, PNG or JPEG, also in folders within a class. With
 * `train/` and one of `test/`, `val/`, `valid/`, `validation/` around them both parts are taken as they are; otherwise each
 * class is divided at random (`classSplit`). Both parts are normalised with the statistics of the training images.
 *
 * @throws FormatError that names the file when one does not decode, lies outside a class, or differs in size though no
 * `size` is given, and when the test part has other classes than the training part.
 * @example
 * const { train, test } = await loadImageFolder(await filesInArchive(bytes, "flowers.tar.gz"), { size: 32 });
 */
export async function loadImageFolder(
  files: readonly DataFile[],
  options: ImageFolderOptions = {},
): Promise<DatasetSplit> {
  checkFiles("files", files);
  checkOptions(options, loadChecks);
  const { name = "images", source = name } = options;
  const inner = pictures(withoutWrappers(files));
  if (inner.length === 0) throw new FormatError(`${source}: expected PNG or JPEG files, got none of ${files.length}`);
  const parts = new Set(inner.map(({ path }) => path.split("/")[0]!));
  const [testFolder, more] = testFolders.filter((folder) => parts.has(folder));
  const split = parts.has(trainFolder) && testFolder !== undefined;
  if (split && (more !== undefined || parts.size > 2)) {
    const other = inner.find(({ path }) => ![trainFolder, testFolder].includes(path.split("/")[0]!))!;
    throw new FormatError(`${nameOf(other)}: expected only ${trainFolder}/ and ${testFolder}/, got another folder`);
  }
  // A part without the other one is divided like a set without parts.
  const depth = split || (parts.size === 1 && (parts.has(trainFolder) || testFolder !== undefined)) ? 1 : 0;

  const classOf = (file: DataFile): string => {
    const folders = file.path.split("/");
    if (folders.length < depth + 2) throw new FormatError(`${nameOf(file)}: expected a picture in a folder of a class`);
    return folders[depth]!;
  };
  const classNames = [...new Set(inner.map(classOf))].sort();
  if (classNames.length > maximumClasses) {
    throw new FormatError(`${source}: expected at most ${maximumClasses} classes, got ${classNames.length}`);
  }
  const images = inner.map((file) => ({ file, label: classNames.indexOf(classOf(file)) }));
  const [train, test] = split
    ? [trainFolder, testFolder].map((folder) => images.filter(({ file }) => file.path.startsWith(`${folder}/`)))
    : chosen(images, classNames, options, source);
  for (const [label, className] of classNames.entries()) {
    if (!train!.some((image) => image.label === label)) {
      throw new FormatError(`${source}: expected training images of every class, got none of ${quote(className)}`);
    }
  }
  return readSplit(train!, test!, { name, classNames }, options);
}

function chosen(
  images: readonly LabelledImage[],
  classNames: readonly string[],
  options: ClassSplitOptions,
  source: string,
): LabelledImage[][] {
  const labels = images.map(({ label }) => label);
  const { train, test } = classSplit(labels, classNames.length, options);
  if (test.length === 0) throw new FormatError(`${source}: expected two pictures of some class, to test on one`);
  return [train, test].map((indices) => indices.map((index) => images[index]!));
}

/** Decodes both parts of a set to the same size and the same number of channels. */
export async function readSplit(
  train: readonly LabelledImage[],
  test: readonly LabelledImage[],
  set: { readonly name: string; readonly classNames: readonly string[] },
  options: ImageOptions & Normalization,
): Promise<DatasetSplit> {
  const { onProgress } = options;
  const total = train.length + test.length;
  const all = await readImages([...train, ...test], set, {
    ...options,
    ...(onProgress && { onProgress: ({ done }) => onProgress({ done, total }) }),
  });
  const image = all.channels * all.height * all.width;
  const part = (from: number, to: number): typeof all => ({
    ...all,
    pixels: all.pixels.subarray(from * image, to * image),
    labels: all.labels.subarray(from, to),
  });
  return splitOf(part(0, train.length), part(train.length, total), options);
}

const cifarJpeg = /^(?:.*\/)?(train|test)\/(\d{5})_(\d)\.jpe?g$/;

/** Returns whether the files are called `train/00000_6.jpg` and so on. */
export function isCifarJpeg(files: readonly DataFile[]): boolean {
  const images = files.filter(({ path }) => picture.test(path));
  return images.length > 0 && images.every(({ path }) => cifarJpeg.test(path));
}

/**
 * Reads CIFAR-10 as JPEG files, `train/00000_6.jpg`: the position in the original order, then the label. Such files are lossy:
 * a result on them is not a result on CIFAR-10, and the name of the set says so.
 *
 * @throws FormatError that names the file for a name of another form, a position left out, or pixels that do not decode.
 * @example
 * const { train, test } = await loadCifarJpeg(await filesInArchive(bytes, "cifar10-jpeg.tar.gz"));
 */
export async function loadCifarJpeg(
  files: readonly DataFile[],
  options: Omit<ImageFolderOptions, "name"> = {},
): Promise<DatasetSplit> {
  checkFiles("files", files);
  checkOptions(options, loadChecks);
  const name = "CIFAR-10 (JPEG q75)";
  const parts: Record<string, LabelledImage[]> = { train: [], test: [] };
  for (const file of pictures(files)) {
    const [, part, position, label] = cifarJpeg.exec(file.path) ?? [];
    if (part === undefined) throw new FormatError(`${nameOf(file)}: expected a name like train/00000_6.jpg`);
    const images = parts[part]!;
    if (Number(position) !== images.length) {
      throw new FormatError(`${nameOf(file)}: expected position ${images.length} next in ${part}, got ${position}`);
    }
    images.push({ file, label: Number(label) });
  }
  const { train, test } = parts as { train: LabelledImage[]; test: LabelledImage[] };
  const set = { name, classNames: cifar10Classes };
  if (train.length > 0 && test.length > 0) return readSplit(train, test, set, options);
  const [first, second] = chosen(train.length > 0 ? train : test, cifar10Classes, options, options.source ?? name);
  return readSplit(first!, second!, set, options);
}
