// Reads data sets from NumPy arrays: an .npz, or .npy files.
import { checkOptions } from "../../checks/options.ts";
import { type NumericArray, parseNpy } from "../../codecs/npy.ts";
import { openNpz } from "../../codecs/npz.ts";
import { FormatError } from "../../errors.ts";
import { quote } from "../../quote.ts";
import { type DataFile, nameOf, readDataFile } from "../data-file.ts";
import type { DatasetSplit, LabelledPixels } from "../dataset.ts";
import type { LabelOptions } from "../labels.ts";
import { checkFiles, loadChecks } from "../options.ts";
import { type ArrayImages, arrayImages } from "./array-images.ts";
import { arrayLabels } from "./array-labels.ts";
import { type Meaning, meaningOf, type Part, partWordsOf, type Role, wordsOf } from "./array-names.ts";
import { checkWhites, type White } from "./grey-levels.ts";
import { type PartsOptions, withParts } from "./parts.ts";

const maximumBytes = 2 ** 31 - 1;

/** The options of `loadArrays`. */
export interface LoadArraysOptions extends PartsOptions, LabelOptions {}

/** An array that is not parsed yet. */
interface NamedArray extends Meaning {
  /** Its name in errors. */
  readonly key: string;
  readonly parse: () => NumericArray;
}

/** Returns whether any of these files holds NumPy arrays. */
export function isArrays(files: readonly DataFile[]): boolean {
  return files.some(({ path }) => /^[^/]+\.np[yz]$/.test(path));
}

/**
 * Reads a set from an .npz, or from .npy files: `x_train`, `y_train`, `x_test` and `y_test` (Keras), `train_images` and so on
 * (MedMNIST), or `images` and `labels`. Words may come in any order and case; images are also called x, data, img or pixels,
 * labels also y, target or class. Without a test part the validation part is used for testing; without either the set is
 * divided at random, class by class (`splitByClass`).
 *
 * Images are [n, h, w], [n, c, h, w], [n, h, w, c] or [n, h·w] (`arrayImages` says how they are told apart), of uint8, bool, other
 * whole numbers from 0 to 255, or floats from 0 to 1 or 0 to 255. Labels are whole numbers, [n] or [n, 1], or one-hot rows.
 *
 * @throws FormatError that names file and array when arrays are missing, have other shapes, or hold other values.
 * @example
 * const { train, test } = await loadArrays([{ path: "mnist.npz", bytes: await readFile("mnist.npz") }]);
 */
export async function loadArrays(files: readonly DataFile[], options: LoadArraysOptions = {}): Promise<DatasetSplit> {
  checkFiles("files", files);
  checkOptions(options, loadChecks);
  const { name = "arrays", source = name, onNotice } = options;
  const from = options.labelsFrom ?? 0;
  const arrays = await namedArrays(files);
  const present = (part: Part): boolean => arrays.some((array) => array.part === part && array.role !== undefined);
  const [first, second] = [
    (["train", "whole", "test", "val"] as const).find(present),
    (["test", "val"] as const).find(present),
  ];
  if (first === undefined) throw unknown(arrays, source);
  const read = (part: Part): ReadPart => readPart(arrays, part, name, source, from, onNotice);
  const train = read(first);
  const test = second === undefined || second === first ? undefined : read(second);
  checkWhites(train.white, test?.white, source);
  if (second === "test" && second !== first && present("val")) {
    onNotice?.(`${source}: the validation part is left out`);
  }
  if (second === "val" && second !== first)
    onNotice?.(`${source}: there is no test part, so the validation part is used for testing`);
  return withParts(train.images, test?.images, { ...options, source });
}

/** Lists the arrays in `files` with the meaning of their names. When there are several .npz files, a file's name may say the part. */
async function namedArrays(files: readonly DataFile[]): Promise<NamedArray[]> {
  const inside = files.filter(({ path }) => /^[^/]+\.np[yz]$/.test(path));
  const several = inside.filter(({ path }) => path.endsWith(".npz")).length > 1;
  const arrays: NamedArray[] = [];
  for (const file of inside) {
    const [bytes, called] = [await readDataFile(file), nameOf(file)];
    const stem = file.path.slice(0, -4);
    if (file.path.endsWith(".npy")) {
      arrays.push({ key: stem, parse: () => parseNpy(bytes, { name: called }), ...meaningOf(wordsOf(stem)) });
      continue;
    }
    const members = await openNpz(bytes, { name: called, maximumBytes });
    for (const [key, parse] of members) {
      const words = unnamed(key, members.size, stem) ?? wordsOf(key);
      const part = several && partWordsOf(key).length === 0 ? partWordsOf(stem) : [];
      arrays.push({ key: several ? `${stem}: ${key}` : key, parse, ...meaningOf([...words, ...part]) });
    }
  }
  return arrays;
}

/** Gives a meaning to arrays that `numpy.savez` got without names: a single one has its file's, two are images and labels. */
function unnamed(key: string, count: number, stem: string): string[] | undefined {
  if (key === "arr_0" && count === 1) return wordsOf(stem);
  return count !== 2 ? undefined : key === "arr_0" ? ["images"] : key === "arr_1" ? ["labels"] : undefined;
}

/** Lists the names that were found, for an error. */
function listed(arrays: readonly NamedArray[]): string {
  const names = arrays.slice(0, 8).map(({ key }) => shown(key));
  return `${names.join(", ") || "no arrays"}${arrays.length > 8 ? ` and ${arrays.length - 8} more` : ""}`;
}

function shown(key: string): string {
  return /^[\w.: -]{1,60}$/.test(key) ? key : quote(key);
}

function unknown(arrays: readonly NamedArray[], source: string): FormatError {
  return new FormatError(
    `${source}: found ${listed(arrays)}; expected names such as x_train, y_train, x_test and y_test, or images and labels: ` +
      "numpy.savez(file, x_train=…, y_train=…)",
  );
}

interface ReadPart {
  readonly images: LabelledPixels;
  readonly white: White | undefined;
}

function readPart(
  arrays: readonly NamedArray[],
  part: Part,
  name: string,
  source: string,
  from: number,
  onNotice: ((notice: string) => void) | undefined,
): ReadPart {
  const clearest = (role: Role): NamedArray | undefined => {
    const candidates = arrays.filter((array) => array.role === role && array.part === part);
    const [best, next] = candidates.sort((a, b) => a.doubt - b.doubt);
    if (best !== undefined && best.doubt === next?.doubt) {
      throw new FormatError(
        `${source}: found ${shown(best.key)} and ${shown(next.key)}; expected one array of ${role}`,
      );
    }
    return best;
  };
  const [images, labels] = [clearest("images"), clearest("labels")];
  if (images === undefined || labels === undefined) {
    const [there, missing] = images ? [images, "labels"] : [labels!, "images"];
    const where = part === "whole" ? "" : ` of the ${part} part`;
    throw new FormatError(
      `${source}: found ${shown(there.key)} without ${missing} (in ${listed(arrays)}); expected the ${missing}${where} as well`,
    );
  }
  const { white, notice, count, ...pixels }: ArrayImages = arrayImages(
    images.parse(),
    `${source}: ${shown(images.key)}`,
  );
  if (notice !== undefined) onNotice?.(notice);
  return {
    white,
    images: { name, ...pixels, ...arrayLabels(labels.parse(), count, `${source}: ${shown(labels.key)}`, from) },
  };
}
