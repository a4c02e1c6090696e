// Options that several commands have: how their values are read, and the data that they name.
import { resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import { type DatasetSplit, digits } from "../index.ts";
import { loadIdxFolder } from "../node.ts";

/** Reads a whole number of at least `least`, at most `most`. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`Expected a whole number ${range}.`);
  };
}

/** Reads a number, as in 0.02 or 5e-4, from `least` to `most`. */
export function numberFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^(\d{1,16}(\.\d{1,16})?|\.\d{1,16})(e[+-]?\d{1,2})?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`);
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

/** Texts of the options that `run` and `evaluate` share. */
export const optionTexts = {
  data: "folder with MNIST's four idx files, gzipped or not (default: the digits in this package)",
  threads: "kernel threads; results do not depend on them",
  workers: "workers that run networks side by side, 0 for none; --threads is of each; results do not depend on them",
} as const;

/** The data set in folder `dir`, named after it; without one the built-in digits. */
export function loadData(dir: string | undefined): Promise<DatasetSplit> {
  // "." and "data/" have no name until they are resolved.
  return dir === undefined ? digits() : loadIdxFolder(resolve(dir));
}
