// Street View House Numbers in its second format, cropped digits: train_32x32.mat, test_32x32.mat and extra_32x32.mat. Each holds
// X [height, width, 3, n] and y [n, 1].
import { checkOptions } from "../../checks/options.ts";
import { type MatArray, type MatVariable, openMat } from "../../codecs/mat.ts";
import { permuted } from "../../codecs/permute.ts";
import { FormatError } from "../../errors.ts";
import { quote } from "../../quote.ts";
import { type DataFile, nameOf, readDataFile } from "../data-file.ts";
import type { DatasetSplit, LabelledPixels } from "../dataset.ts";
import { checkFiles, loadChecks } from "../options.ts";
import { arrayLabels } from "./array-labels.ts";
import { greyLevels } from "./grey-levels.ts";
import { fileOfEachPart, type PartsOptions, withParts } from "./parts.ts";

const classes = 10;

/** Returns whether any of these is a .mat file. */
export function isSvhn(files: readonly DataFile[]): boolean {
  return files.some(({ path }) => isMat(path));
}

function isMat(path: string): boolean {
  return /^[^/]+\.mat$/i.test(path);
}

/**
 * Reads SVHN's cropped digits from .mat files of version 5, 3 × 32 × 32: `train_32x32.mat` and `test_32x32.mat`. If the training
 * part is there, `extra_32x32.mat` is left out. These files label the digit 0 as 10: it gets the label 0, as in torchvision.
 *
 * @throws FormatError that names the file for damage, for variables other than X and y, and for labels other than digits.
 * @example
 * const { train, test } = await loadSvhn([file("train_32x32.mat"), file("test_32x32.mat")]);
 */
export async function loadSvhn(files: readonly DataFile[], options: PartsOptions = {}): Promise<DatasetSplit> {
  checkFiles("files", files);
  checkOptions(options, loadChecks);
  const { name = "svhn", source = name } = options;
  const { train, test } = fileOfEachPart(
    files.filter(({ path }) => isMat(path)),
    { ...options, source },
  );
  const read = async (file: DataFile): Promise<LabelledPixels> =>
    readSvhn(await readDataFile(file), nameOf(file), name);
  return withParts(await read(train), test && (await read(test)), { ...options, source });
}

async function readSvhn(bytes: Uint8Array, file: string, name: string): Promise<LabelledPixels> {
  const variables = await openMat(bytes, { name: file });
  const [images, labels] = [variables.get("X"), variables.get("y")];
  if (images?.shape.length !== 4 || labels === undefined) {
    throw new FormatError(`${file}: found ${listed(variables)}; expected SVHN's X [height, width, 3, n] and y [n, 1]`);
  }
  const { shape, data }: MatArray = await images.read();
  const [height, width, channels, count] = shape as [number, number, number, number];
  if (data.length === 0 || channels !== 3) {
    throw new FormatError(`${file}: found X [${shape.join(", ")}]; expected [height, width, 3, n]`);
  }
  const { pixels } = greyLevels({ shape, data }, `${file}: X`);
  return {
    ...{ name, channels, height, width, classes, labels: digitsOf(await labels.read(), count, file) },
    // Read in C order, MATLAB's memory is [n, 3, width, height].
    pixels: permuted(pixels, [count, channels, width, height], [0, 1, 3, 2]),
  };
}

/** Reads SVHN's labels and turns 10 into 0. */
function digitsOf({ shape, data }: MatArray, count: number, file: string): Uint8Array {
  // A row of labels is accepted as well as a column.
  const flat = shape.length === 2 && shape[0] === 1 ? [data.length] : shape;
  const { labels } = arrayLabels({ shape: flat, data }, count, `${file}: y`);
  const strange = labels.findIndex((label) => label > classes);
  if (strange >= 0 || (labels.includes(0) && labels.includes(classes))) {
    const got = strange >= 0 ? `${labels[strange]} at ${strange}` : `both 0 and ${classes}`;
    throw new FormatError(`${file}: y: expected digits from 1 to ${classes}, which stands for 0, got ${got}`);
  }
  return labels.map((label) => label % classes);
}

function listed(variables: ReadonlyMap<string, MatVariable>): string {
  const all = Array.from(variables, ([name, { kind, shape }]) => `${quote(name)} (${kind} ${quote([...shape])})`);
  return `${all.slice(0, 8).join(", ") || "no variables"}${all.length > 8 ? ", …" : ""}`;
}
