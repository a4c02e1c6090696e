// What a folder or an archive holds, recognised by the names of its files.

import { checkOptions } from "../checks/options.ts";
import { FormatError } from "../errors.ts";
import { quote } from "../formats/quote.ts";
import { filesInArchive, isArchiveName } from "./archive.ts";
import { isArrays, loadArrays } from "./arrays.ts";
import { type CifarLabels, readCifar } from "./cifar.ts";
import {
  type ImageFolderOptions,
  isCifarJpeg,
  isClassFolders,
  loadCifarJpeg,
  loadImageFolder,
  withoutWrappers,
} from "./class-folders.ts";
import { splitParts } from "./class-split.ts";
import { isCub, loadCub } from "./cub.ts";
import { type DataFile, nameOf, readDataFile } from "./data-file.ts";
import { type DatasetSplit, type LabelledPixels, splitOf } from "./dataset.ts";
import { isIdxFiles, loadIdxFiles } from "./idx-files.ts";
import { checkFiles, loadChecks } from "./options.ts";
import { readUsps } from "./usps.ts";
import { isVoc, loadVoc } from "./voc.ts";

/** What `datasetFromFiles` and `loadDataset` take; each layout takes what concerns it. */
export interface LoadDatasetOptions extends ImageFolderOptions {
  /** Which labels of CIFAR-100. Default "fine". */
  readonly cifar100Labels?: Exclude<CifarLabels, "cifar10"> | undefined;
}

interface Layout {
  /** What was looked for. */
  readonly what: string;
  matches(files: readonly DataFile[]): boolean;
  load(files: readonly DataFile[], options: LoadDatasetOptions): Promise<DatasetSplit>;
}

const cifar10File = /^(data_batch_[^/]*|test_batch)\.bin(\.gz)?$/;
const cifar100File = /^(train|test)\.bin(\.gz)?$/;
const uspsFile = /^zip\.(train|test)(\.gz)?$/;

/** Looked for in this order: the more particular first. */
const layouts: readonly Layout[] = [
  { what: "MNIST's idx files (train-images-idx3-ubyte, …)", matches: isIdxFiles, load: loadIdxFiles },
  {
    what: "CIFAR-10 (data_batch_1.bin, …, test_batch.bin)",
    matches: (files) => has(files, /^test_batch\.bin/) || files.every(({ path }) => cifar10File.test(path)),
    load: (files, options) => cifar(files, cifar10File, "cifar10", options),
  },
  {
    what: "CIFAR-100 (train.bin, test.bin)",
    matches: (files) => has(files, cifar100File),
    load: (files, options) => cifar(files, cifar100File, options.cifar100Labels ?? "fine", options),
  },
  { what: "USPS as text (zip.train, zip.test)", matches: (files) => has(files, uspsFile), load: usps },
  { what: "PASCAL VOC (Annotations/*.xml, …)", matches: isVoc, load: loadVoc },
  { what: "CUB-200-2011 (image_class_labels.txt, …)", matches: isCub, load: loadCub },
  { what: "NumPy arrays (*.npz, *.npy)", matches: isArrays, load: loadArrays },
  { what: "CIFAR-10 as JPEG files (train/00000_6.jpg, …)", matches: isCifarJpeg, load: loadCifarJpeg },
  { what: "folders of PNG or JPEG files (class/picture.jpg)", matches: isClassFolders, load: loadImageFolder },
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
    return readCifar({ files: contents, labels, ...(options.name !== undefined && { name: options.name }) });
  };
  return twoParts(ofSet, part, options);
}

async function usps(files: readonly DataFile[], options: LoadDatasetOptions): Promise<DatasetSplit> {
  const { name = "usps" } = options;
  const part = async ([file]: readonly DataFile[]): Promise<LabelledPixels> =>
    readUsps({ bytes: await readDataFile(file!), name, fileName: nameOf(file!) });
  return twoParts(
    files.filter(({ path }) => uspsFile.test(path)),
    part,
    options,
  );
}

/** A set whose test files have "test" in their names; without any, or with nothing else, it is divided by classes. */
async function twoParts(
  files: readonly DataFile[],
  read: (files: readonly DataFile[]) => Promise<LabelledPixels>,
  options: LoadDatasetOptions,
): Promise<DatasetSplit> {
  const isTest = ({ path }: DataFile): boolean => /(^|[._])test/.test(path);
  const [train, test] = [files.filter((file) => !isTest(file)), files.filter(isTest)];
  if (train.length > 0 && test.length > 0) return splitOf(await read(train), await read(test), options);
  const { train: first, test: second } = splitParts(await read(files), options);
  return splitOf(first, second, options);
}

/**
 * The data set in `files`, whatever its layout: MNIST's idx files, CIFAR-10 or CIFAR-100 binaries, USPS as text, PASCAL
 * VOC, CUB-200-2011, NumPy arrays, folders of PNG or JPEG files, or archives (.tar, .tar.gz, .zip) with one of these. A
 * set without a test part is divided at random, class by class. Nothing leaves the machine.
 *
 * @throws FormatError, naming the file, where one is damaged; else saying what was looked for and what was found.
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
  if (archives.length > 0) {
    const members: DataFile[] = [];
    for (const archive of archives)
      members.push(...(await filesInArchive(await readDataFile(archive), nameOf(archive))));
    const within = withoutWrappers(members);
    const found = layouts.find(({ matches }) => matches(within));
    if (found && within.length > 0) return found.load(within, { ...options, source });
  }
  const names = inner.map(({ path }) => path).sort();
  throw new FormatError(
    `${source}: expected a data set; looked for ${layouts.map(({ what }) => what).join("; ")}; or an archive ` +
      `(.tar, .tar.gz, .zip) of one; found ${names.slice(0, 10).map(quote).join(", ") || "no files"}` +
      `${names.length > 10 ? ` and ${names.length - 10} more` : ""}`,
  );
}
