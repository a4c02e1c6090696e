// One way to any data set: by a path, whatever is there, or by a name, from the cache or the network.
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

/** What `loadDataset` takes. */
export interface LoadOptions extends LoadDatasetOptions, DownloadOptions {
  /** Whether a set that is asked for by its name may be downloaded where the cache does not have it. Default false. */
  readonly download?: boolean | undefined;
  /** Where downloads are kept. Default: the environment's DISTILLATE_CACHE, or else the system's folder for such files. */
  readonly cacheDir?: string | undefined;
}

const loadChecks: Checks<LoadOptions> = {
  ...readChecks,
  download: optional(flag),
  cacheDir: optional(text),
  onDownload: optional(callback),
};

/** What concerns the readers; a set is called `name`, and its files `source`, unless told otherwise. */
function readingOptions(options: LoadOptions, name: string, source: string): LoadDatasetOptions {
  const { download: _, cacheDir: __, onDownload: ___, ...reading } = options;
  return { ...reading, name: options.name ?? name, source: options.source ?? source };
}

/** The names that `loadDataset` knows. */
export const datasetNames: readonly string[] = Object.keys(catalogue);

/**
 * The data set at a path, a folder, an archive or a single file, whatever its layout (`datasetFromFiles` says which); or,
 * where no such path exists, the set of that name: mnist, fashion-mnist, cifar10, cifar100. Those come from the cache, and
 * only with `download: true` from the network, checked against their pinned size and SHA-256.
 *
 * @throws FormatError where the path holds none or a damaged one; Error where a set is not in the cache or could not be
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
 * The data set of that name, as `loadDataset` finds it where no path is called so.
 *
 * @throws RangeError for an unknown name; FormatError and Error as `loadDataset`.
 */
export async function loadNamed(name: string, options: LoadOptions = {}): Promise<DatasetSplit> {
  text("name", name);
  if (!Object.hasOwn(catalogue, name)) throw outOfRange("name", `one of ${datasetNames.join(", ")}`, name);
  checkOptions(options, loadChecks);
  return loadFiles(name, catalogue[name]!, options);
}

/** The set in these files, which are downloaded where that is allowed and needed. */
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

/** Whether the set of that name is in the cache. */
export async function isNamedHere(name: string): Promise<boolean> {
  const folder = join(cacheFolder(), name);
  const files = Object.hasOwn(catalogue, name) ? catalogue[name]! : [];
  const here = await Promise.all(files.map((file) => isCached(folder, file)));
  return here.length > 0 && here.every(Boolean);
}
