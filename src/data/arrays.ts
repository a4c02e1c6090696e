// Data sets as NumPy arrays: an .npz, or .npy files.

import { checkOptions } from "../checks/options.ts";
import { FormatError } from "../errors.ts";
import { type NumericArray, parseNpy } from "../formats/npy.ts";
import { parseNpz } from "../formats/npz.ts";
import { quote } from "../formats/quote.ts";
import { type ClassSplitOptions, splitParts } from "./class-split.ts";
import { type DataFile, nameOf, readDataFile, type SetNames } from "./data-file.ts";
import { type DatasetSplit, type LabelledPixels, type Normalization, splitOf } from "./dataset.ts";
import { checkFiles, loadChecks } from "./options.ts";

const maximumClasses = 256;
const maximumBytes = 2 ** 31 - 1;
/** What the arrays of a part are called: in Keras's files, in MedMNIST's, and as one would guess. */
const partNames: readonly (readonly [images: string, labels: string])[] = [
  ["x_train", "y_train"],
  ["train_images", "train_labels"],
  ["images_train", "labels_train"],
];
const wholeNames: readonly (readonly [images: string, labels: string])[] = [
  ["images", "labels"],
  ["x", "y"],
];

/** What `loadArrays` takes. */
export interface LoadArraysOptions extends SetNames, ClassSplitOptions, Normalization {}

/** Whether any of these files holds NumPy arrays. */
export function isArrays(files: readonly DataFile[]): boolean {
  return files.some(({ path }) => /^[^/]+\.np[yz]$/.test(path));
}

/**
 * A set from an .npz, or from .npy files with the same names: `x_train`, `y_train`, `x_test`, `y_test` (Keras),
 * `train_images`, `train_labels`, `test_images`, `test_labels` (MedMNIST), or `images` and `labels`, divided at random
 * class by class (`splitByClass`).
 * Images are [n, h, w] or [n, c, h, w], of uint8, or of floats from 0 to 1, which become the nearest of 256 grey levels;
 * labels are whole numbers, [n] or [n, 1].
 *
 * @throws FormatError, naming file and array: for arrays that are missing, have other shapes, or hold other values.
 */
export async function loadArrays(files: readonly DataFile[], options: LoadArraysOptions = {}): Promise<DatasetSplit> {
  checkFiles("files", files);
  checkOptions(options, loadChecks);
  const { name = "arrays", source = name } = options;
  const arrays = new Map<string, NumericArray>();
  for (const file of files) {
    const [, stem, kind] = /^([^/]+)\.np([yz])$/.exec(file.path) ?? [];
    if (stem === undefined) continue;
    const [bytes, called] = [await readDataFile(file), nameOf(file)];
    if (kind === "y") arrays.set(stem, parseNpy(bytes, { name: called }));
    else for (const [key, array] of await parseNpz(bytes, { name: called, maximumBytes })) arrays.set(key, array);
  }
  for (const [images, labels] of partNames) {
    if (!arrays.has(images)) continue;
    const forTest = (key: string): string => key.replace("train", "test");
    const train = readPart(arrays, images, labels, name, source);
    const test = readPart(arrays, forTest(images), forTest(labels), name, source);
    const sizes = ({ channels, height, width }: LabelledPixels): string => `${channels}×${height}×${width}`;
    if (sizes(train) !== sizes(test)) {
      throw new FormatError(`${source}: expected ${forTest(images)} of ${sizes(train)} each, got ${sizes(test)}`);
    }
    const classes = Math.max(train.classes, test.classes);
    return splitOf({ ...train, classes }, { ...test, classes }, options);
  }
  for (const [images, labels] of wholeNames) {
    if (!arrays.has(images)) continue;
    const { train, test } = splitParts(readPart(arrays, images, labels, name, source), options);
    return splitOf(train, test, options);
  }
  const looked = [...partNames, ...wholeNames].map(([images, labels]) => `${images} and ${labels}`).join("; ");
  const found = [...arrays.keys()].slice(0, 20).join(", ");
  throw new FormatError(`${source}: expected arrays ${looked} (and the same for test), got ${found || "none"}`);
}

function readPart(
  arrays: ReadonlyMap<string, NumericArray>,
  imagesKey: string,
  labelsKey: string,
  name: string,
  source: string,
): LabelledPixels {
  const get = (key: string): NumericArray => {
    const array = arrays.get(key);
    if (!array) throw new FormatError(`${source}: expected an array ${key}, got ${[...arrays.keys()].slice(0, 20)}`);
    return array;
  };
  const images = get(imagesKey);
  const { shape } = images;
  if ((shape.length !== 3 && shape.length !== 4) || images.data.length === 0 || (shape.length === 4 && shape[1]! > 4)) {
    throw new FormatError(
      `${source}: ${imagesKey}: expected [n, h, w] or [n, c, h, w] with up to 4 channels, got [${shape.join(", ")}]`,
    );
  }
  const labels = get(labelsKey);
  const [count] = shape as [number];
  if (labels.data.length !== count || labels.shape[0] !== count || labels.shape.length > 2) {
    throw new FormatError(
      `${source}: ${labelsKey}: expected [${count}], as many as ${imagesKey}, got [${labels.shape.join(", ")}]`,
    );
  }
  const [channels, height, width] = (shape.length === 4 ? shape.slice(1) : [1, ...shape.slice(1)]) as [
    number,
    number,
    number,
  ];
  const values = Uint8Array.from({ length: count }, (_, i) => {
    const label = Number(labels.data[i]);
    if (Number.isInteger(label) && label >= 0 && label < maximumClasses) return label;
    throw new FormatError(
      `${source}: ${labelsKey}: expected whole numbers below ${maximumClasses}, got ${quote(label)} at ${i}`,
    );
  });
  const classes = values.reduce((most, label) => Math.max(most, label), 0) + 1;
  return { name, pixels: toBytes(images, `${source}: ${imagesKey}`), labels: values, channels, height, width, classes };
}

function toBytes({ data }: NumericArray, name: string): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new FormatError(`${name}: expected uint8, float32 or float64, got whole numbers of another type`);
  }
  const bytes = new Uint8Array(data.length);
  for (let i = 0; i < bytes.length; i++) {
    const value = data[i]!;
    if (!(value >= 0 && value <= 1))
      throw new FormatError(`${name}: expected floats from 0 to 1, got ${value} at ${i}`);
    bytes[i] = Math.round(value * 255);
  }
  return bytes;
}
