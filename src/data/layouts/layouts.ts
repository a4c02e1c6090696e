// Recognises the layout of a folder or an archive by the names of its files.

import { checkOptions } from "../../checks/options.ts";
import { FormatError } from "../../errors.ts";
import { quote } from "../../quote.ts";
import { type DataFile, nameOf, readDataFile } from "../data-file.ts";
import type { DatasetSplit, LabelledPixels } from "../dataset.ts";
import type { CifarLabels, LoadDatasetOptions } from "../load-options.ts";
import { checkFiles, loadChecks } from "../options.ts";
import { filesInArchive, isArchiveName } from "./archive.ts";
import { isArrays, loadArrays } from "./arrays.ts";
import { readCifar } from "./cifar.ts";
import { isCifarJpeg, isClassFolders, loadCifarJpeg, loadImageFolder, withoutWrappers } from "./class-folders.ts";
import { isCsv, loadCsv } from "./csv.ts";
import { isCub, loadCub } from "./cub.ts";
import { isIdxFiles, loadIdxFiles } from "./idx-files.ts";
import { withParts } from "./parts.ts";
import { isSvhn, loadSvhn } from "./svhn.ts";
import { refusalOf } from "./unread-files.ts";
import { readUsps } from "./usps.ts";
import { isVoc, loadVoc } from "./voc.ts";

interface Layout {
  /** The layout's name in an error that lists what can be read. */
  readonly what: string;
  matches(files: readonly DataFile[]): boolean;
  load(files: readonly DataFile[], options: LoadDatasetOptions): Promise<DatasetSplit>;
}

const cifar10File = /^(data_batch_[^/]*|test_batch)\.bin(\.gz)?$/;
const cifar100File = /^(train|test)\.bin(\.gz)?$/;
const uspsFile = /^zip\.(train|test)(\.gz)?$/;

/** The layouts in the order in which they are tried: the more specific first. */
const layouts: readonly Layout[] = [
  { what: "MNIST's idx files", matches: isIdxFiles, load: loadIdxFiles },
  {
    what: "CIFAR-10 (data_batch_1.bin, …)",
    matches: (files) => has(files, /^test_batch\.bin/) || files.every(({ path }) => cifar10File.test(path)),
    load: (files, options) => cifar(files, cifar10File, "cifar10", options),
  },
  {
    what: "CIFAR-100 (train.bin)",
    matches: (files) => has(files, cifar100File),
    load: (files, options) => cifar(files, cifar100File, options.cifar100Labels ?? "fine", options),
  },
  { what: "USPS (zip.train)", matches: (files) => has(files, uspsFile), load: usps },
  { what: "PASCAL VOC", matches: isVoc, load: loadVoc },
  { what: "CUB-200-2011", matches: isCub, load: loadCub },
  { what: "NumPy arrays (.npz, .npy)", matches: isArrays, load: loadArrays },
  { what: "CIFAR-10 as JPEG (train/00000_6.jpg)", matches: isCifarJpeg, load: loadCifarJpeg },
  { what: "folders of PNG or JPEG files (class/picture.jpg)", matches: isClassFolders, load: loadImageFolder },
  // These two come last, because tables lie beside pictures too.
  { what: "SVHN (.mat)", matches: isSvhn, load: loadSvhn },
  { what: "tables of pixels (.csv)", matches: isCsv, load: loadCsv },
];

function has(files: readonly DataFile[], pattern: RegExp): boolean {
  return files.some(({ path }) => pattern.test(path));
}

async function cifar(
  files: readonly DataFile[],
  pattern: RegExp,
  labels: CifarLabels,
  options: LoadDatasetOptions,
): Promise<DatasetSplit> {
  const ofSet = files.filter(({ path }) => pattern.test(path)).sort((a, b) => (a.path < b.path ? -1 : 1));
  const part = async (wanted: readonly DataFile[]): Promise<LabelledPixels> => {
    const contents: { bytes: Uint8Array; name: string }[] = [];
    for (const file of wanted) contents.push({ bytes: await readDataFile(file), name: nameOf(file) });
    const { name, labelsFrom = 0 } = options;
    return readCifar({ files: contents, labels, labelsFrom, ...(name !== undefined && { name }) });
  };
  return twoParts(ofSet, part, options);
}

async function usps(files: readonly DataFile[], options: LoadDatasetOptions): Promise<DatasetSplit> {
  const { name = "usps", labelsFrom = 0 } = options;
  const part = async ([file]: readonly DataFile[]): Promise<LabelledPixels> =>
    readUsps({ bytes: await readDataFile(file!), name, fileName: nameOf(file!), labelsFrom });
  return twoParts(
    files.filter(({ path }) => uspsFile.test(path)),
    part,
    options,
  );
}

/** Reads a set whose test files have "test" in their names; without test files, or with nothing else, divides it by classes. */
async function twoParts(
  files: readonly DataFile[],
  read: (files: readonly DataFile[]) => Promise<LabelledPixels>,
  options: LoadDatasetOptions,
): Promise<DatasetSplit> {
  const isTest = ({ path }: DataFile): boolean => /(^|[._])test/.test(path);
  const [train, test] = [files.filter((file) => !isTest(file)), files.filter(isTest)];
  if (train.length > 0 && test.length > 0) return withParts(await read(train), await read(test), options);
  return withParts(await read(files), undefined, options);
}

/**
 * Reads the data set in `files`, whatever its layout: MNIST's idx files, CIFAR-10 or CIFAR-100 binaries, USPS as text, PASCAL
 * VOC, CUB-200-2011, NumPy arrays, folders of PNG or JPEG files, SVHN, tables of pixels, or archives (.tar, .tar.gz, .zip) with
 * one of these. A set without a test part is divided at random, class by class. Nothing leaves the machine.
 *
 * @throws FormatError that names the damaged file, or that says what was found and what can be read.
 * @example
 * const files = [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, bytes: file }));
 * const { train, test } = await datasetFromFiles(files, { size: 32 });
 */
export async function datasetFromFiles(
  files: readonly DataFile[],
  options: LoadDatasetOptions = {},
): Promise<DatasetSplit> {
  checkFiles("files", files);
  checkOptions(options, loadChecks);
  const { source = options.name ?? "files" } = options;
  const inner = withoutWrappers(files);
  const layout = inner.length > 0 ? layouts.find(({ matches }) => matches(inner)) : undefined;
  if (layout) return layout.load(inner, { ...options, source });
  const archives = inner.filter(({ path }) => isArchiveName(path));
  const members: DataFile[] = [];
  for (const archive of archives) {
    for (const file of await filesInArchive(await readDataFile(archive), nameOf(archive))) members.push(file);
  }
  const within = withoutWrappers(members);
  const found = within.length > 0 ? layouts.find(({ matches }) => matches(within)) : undefined;
  if (found) return found.load(within, { ...options, source });
  throw (await refusalOf([...inner, ...within])) ?? unknownLayout(source, inner, within);
}

function unknownLayout(source: string, files: readonly DataFile[], members: readonly DataFile[]): FormatError {
  const names = [...files.map(({ path }) => path), ...members.map(nameOf)].sort();
  const more = names.length > 10 ? ` and ${names.length - 10} more` : "";
  return new FormatError(
    `${source}: found ${names.slice(0, 10).map(quote).join(", ") || "no files"}${more}; expected a data set: ` +
      `${layouts.map(({ what }) => what).join(", ")}, or an archive (.tar, .tar.gz, .zip) of one`,
  );
}
