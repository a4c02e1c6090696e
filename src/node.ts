// The entry `distillate/node`: what needs a file system. Only paths are handled here; the work is done elsewhere.
import { basename, extname } from "node:path";
import { text } from "./checks/checks.ts";
import { outOfRange } from "./checks/refusal.ts";
import type { DatasetSplit } from "./data/dataset.ts";
import { loadIdxFiles } from "./data/layouts/idx-files.ts";
import { checkDistilledSet } from "./distill/check-set.ts";
import type { DistilledSet } from "./distill/distilled-set.ts";
import { distilledFromBytes, distilledToNpz, distilledToSafetensors } from "./formats/distilled-file.ts";
import { filesInFolder, readBytes, writeFileAtomic } from "./node/files.ts";

export type { Checkpoint } from "./formats/checkpoint-file.ts";
export { type ForeignSet, foreignSet } from "./formats/foreign/foreign-set.ts";
export type { ForeignSetOptions } from "./formats/foreign/options.ts";
export type { Finding } from "./formats/foreign/said.ts";
export type { LoadedCheckpoint } from "./formats/last-checkpoint.ts";
export { loadCheckpoint, saveCheckpoint } from "./node/checkpoints.ts";
export type { DownloadOptions, DownloadProgress } from "./node/download.ts";
export { filesInFolder, writeFileAtomic } from "./node/files.ts";
export { datasetNames, type LoadOptions, loadDataset, loadNamed } from "./node/load-dataset.ts";
export { loadForeignSet } from "./node/load-foreign-set.ts";
export { type LoadedPool, loadParameters, loadPool, trainPoolFolder } from "./node/pool-folder.ts";

/** The limit on a set's file, far above the size of any distilled set. */
const maximumSetBytes = 2 ** 30;

/**
 * Saves a distilled set as .safetensors or .npz, by the extension of `path`. A crash leaves the old file or the new one.
 *
 * @throws RangeError for another extension; TypeError or RangeError that names the field for an invalid set;
 * else the file system's error.
 * @example
 * await saveDistilled("mnist.safetensors", await run.result());
 */
export async function saveDistilled(path: string, set: DistilledSet): Promise<void> {
  text("path", path);
  checkDistilledSet("set", set);
  const extension = extname(path).toLowerCase();
  if (extension !== ".safetensors" && extension !== ".npz") {
    throw outOfRange("path", "to end in .safetensors or .npz", path);
  }
  await writeFileAtomic(path, extension === ".npz" ? distilledToNpz(set) : distilledToSafetensors(set));
}

/**
 * Loads what `saveDistilled` wrote, in the format that the content shows, whatever the extension.
 *
 * @throws FormatError that names the file when it is damaged; else the file system's error.
 * @example
 * const set = await loadDistilled("mnist.safetensors");
 */
export async function loadDistilled(path: string): Promise<DistilledSet> {
  text("path", path);
  return distilledFromBytes(await readBytes(path, maximumSetBytes), path);
}

/**
 * Loads a folder in MNIST's layout: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
 * `t10k-labels-idx1-ubyte`, each also with `.gz`, with a dot before idx, or with idx4 for [n, c, h, w]. Both parts are
 * normalised with the statistics of the training images.
 *
 * @throws FormatError when one of the four is missing or damaged, or when training and test images differ in size.
 * @example
 * const { train, test } = await loadIdxFolder("data/fashion-mnist");
 */
export async function loadIdxFolder(dir: string): Promise<DatasetSplit> {
  text("dir", dir);
  return loadIdxFiles(await filesInFolder(dir), { name: basename(dir), source: dir });
}
