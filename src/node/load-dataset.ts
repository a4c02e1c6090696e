// Loads any data set: from a path, whatever is there, or by a name, from the cache or the network.
import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { callback, flag, optional, text } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { outOfRange } from "../checks/refusal.ts";
import type { DatasetSplit } from "../data/dataset.ts";
import { datasetFromFiles } from "../data/layouts/layouts.ts";
import type { LoadDatasetOptions } from "../data/load-options.ts";
import { loadChecks as readChecks } from "../data/options.ts";
import { catalogue, type DownloadFile } from "./catalogue.ts";
import { cacheFolder, type DownloadOptions, download, isCached } from "./download.ts";
import { filesInFolder, notRegular, readBytes } from "./files.ts";

/** The options of `loadDataset`. */
export interface LoadOptions extends LoadDatasetOptions, DownloadOptions {
  /** Whether a named set may be downloaded if it is not in the cache. Default false. */
  readonly download?: boolean | undefined;
  /** The folder for downloads. Default: the environment's DISTILLATE_CACHE, or else the system's folder for such files. */
  readonly cacheDir?: string | undefined;
}

const loadChecks: Checks<LoadOptions> = {
  ...readChecks,
  download: optional(flag),
  cacheDir: optional(text),
  onDownload: optional(callback),
};

/** Returns the options of the readers; by default a set is called `name`, and its files `source`. */
function readingOptions(options: LoadOptions, name: string, source: string): LoadDatasetOptions {
  const { download: _, cacheDir: __, onDownload: ___, ...reading } = options;
  return { ...reading, name: options.name ?? name, source: options.source ?? source };
}

/** The names that `loadDataset` knows. */
export const datasetNames: readonly string[] = Object.keys(catalogue);

/**
 * Loads the data set at a path, a folder, an archive or a single file, whatever its layout (see `datasetFromFiles`). If there
 * is no such path, it loads the set of that name: mnist, fashion-mnist, cifar10, cifar100. Those come from the cache, or with
 * `download: true` from the network, and are checked against their pinned size and SHA-256.
 *
 * @throws FormatError when the path holds no set or a damaged one; Error when a set is not in the cache or could not be
 * downloaded; else the file system's error.
 * @example
 * const { train, test } = await loadDataset("data/flowers.tar.gz", { size: 32 });
 * const mnist = await loadDataset("mnist", { download: true });
 */
export async function loadDataset(pathOrName: string, options: LoadOptions = {}): Promise<DatasetSplit> {
  text("pathOrName", pathOrName);
  checkOptions(options, loadChecks);
  const found = await stat(pathOrName).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" && Object.hasOwn(catalogue, pathOrName)) return undefined;
    throw error;
  });
  if (found === undefined) return loadNamed(pathOrName, options);
  if (!found.isDirectory() && !found.isFile()) throw notRegular(pathOrName, found);
  // "." and "data/" have no name until they are resolved.
  const full = resolve(pathOrName);
  const name = basename(full).replace(/\.(tar|tar\.gz|tgz|zip|npz)$/i, "");
  const files = found.isDirectory()
    ? await filesInFolder(pathOrName)
    : [{ path: basename(full), name: pathOrName, bytes: () => readBytes(pathOrName) }];
  return datasetFromFiles(files, readingOptions(options, name, pathOrName));
}

/**
 * Loads the data set of that name, as `loadDataset` does if there is no such path.
 *
 * @throws RangeError for an unknown name; FormatError and Error as `loadDataset` does.
 * @example
 * const { train, test } = await loadNamed("mnist", { download: true });
 */
export async function loadNamed(name: string, options: LoadOptions = {}): Promise<DatasetSplit> {
  text("name", name);
  if (!Object.hasOwn(catalogue, name)) throw outOfRange("name", `one of ${datasetNames.join(", ")}`, name);
  checkOptions(options, loadChecks);
  return loadFiles(name, catalogue[name]!, options);
}

/** Loads the set in these files, which are downloaded if that is allowed and needed. */
export async function loadFiles(
  name: string,
  files: readonly DownloadFile[],
  options: LoadOptions,
): Promise<DatasetSplit> {
  const folder = join(options.cacheDir ?? cacheFolder(), name);
  for (const file of files) {
    if (await isCached(folder, file)) continue;
    if (!options.download) {
      const size = files.reduce((sum, { bytes }) => sum + bytes, 0);
      throw new Error(
        `${name}: expected ${join(folder, file.name)}, which is not there: allow its download ` +
          `(${(size / 1e6).toFixed(1)} MB; download: true, or --dataset ${name} on the command line) or give a path`,
      );
    }
    await download(file, folder, options);
  }
  const cached = files.map((file) => ({
    path: file.name,
    name: join(folder, file.name),
    bytes: () => readBytes(join(folder, file.name)),
  }));
  return datasetFromFiles(cached, readingOptions(options, name, folder));
}

/** Returns whether the set of that name is in the cache. */
export async function isNamedHere(name: string): Promise<boolean> {
  const folder = join(cacheFolder(), name);
  const files = Object.hasOwn(catalogue, name) ? catalogue[name]! : [];
  const here = await Promise.all(files.map((file) => isCached(folder, file)));
  return here.length > 0 && here.every(Boolean);
}
