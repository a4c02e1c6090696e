// The options that several commands have: reads their values, and loads the data that they name.
import { InvalidArgumentError } from "commander";
import { type DatasetSplit, digits } from "../../index.ts";
import { type DownloadProgress, datasetNames, type LoadOptions, loadDataset, loadNamed } from "../../node.ts";
import { writeNote } from "../errors.ts";

/** Reads a whole number of at least `least`, at most `most`. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const digits = least < 0 ? /^-?\d{1,16}$/ : /^\d{1,16}$/;
  return (text) => {
    const value = digits.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`Expected a whole number ${range}.`);
  };
}

/** Reads such numbers with commas between them. */
export function wholeNumbers(least: number): (text: string) => number[] {
  return (text) => text.split(",").map(wholeNumber(least));
}

/** Reads a number of threads, or "auto". */
export function threadCount(text: string): number | "auto" {
  if (text === "auto") return text;
  try {
    return wholeNumber(1, 64)(text);
  } catch {
    throw new InvalidArgumentError('Expected a whole number from 1 to 64, or "auto".');
  }
}

/** The help of the options that `run` and `evaluate` share. */
export const optionTexts = {
  data: "folder, archive or file with a data set, or the name of a downloaded one (default: the digits in this package)",
  dataset: `${datasetNames.join(", ")}: downloaded into the cache folder if it is not there yet` as string,
  threads: "kernel threads; results do not depend on them",
  workers: "workers that run networks side by side, 0 for none; each has --threads; results do not depend on them",
} as const;

/** The options that name the data on the command line, beside --data. */
export interface DataOptions extends LoadOptions {
  /** The name given by --dataset, which may be downloaded. */
  readonly dataset?: string | undefined;
}

/**
 * Loads the data set at the path (or of the name) given by --data, or of the name given by --dataset; without both the
 * built-in digits. What a reader decided goes to stderr.
 */
export function loadData(data: string | undefined, { dataset, ...rest }: DataOptions = {}): Promise<DatasetSplit> {
  const options = { onNotice: writeNote, ...rest };
  if (dataset === undefined) return data === undefined ? digits() : loadDataset(data, options);
  if (data !== undefined) throw new RangeError("expected --data or --dataset, got both");
  return loadNamed(dataset, { download: true, onDownload: announce(), ...options });
}

/** Tells on stderr which file is downloaded, once for each mirror that is tried. */
function announce(): (progress: DownloadProgress) => void {
  let last = "";
  return ({ url, total }) => {
    if (url === last) return;
    last = url;
    process.stderr.write(`downloading ${url} (${(total / 1e6).toFixed(1)} MB)\n`);
  };
}
