// Reads the user's own files as a data set that the network can learn. It runs in the page's reader, not on its main thread.
import type { Dataset, DatasetSplit } from "distillate";
import { type DataFile, datasetFromFiles, resized } from "distillate/data";
import { recognised } from "./known-sets.ts";

/** Pictures of any size other than LeNet's two become squares of this side. */
const SIDE = 32;

/** A data set, and notes about it for the user. */
export interface ReadPictures {
  readonly split: DatasetSplit;
  readonly notes: readonly string[];
}

/** Reads pictures in folders of classes, idx files and other layouts, also in an archive. */
export async function readPictures(
  files: readonly DataFile[],
  name: string,
  onProgress: (done: number, total: number) => void,
): Promise<ReadPictures> {
  const notes: string[] = [];
  const options = {
    name,
    size: SIDE,
    onProgress: ({ done, total }: { done: number; total: number }) => onProgress(done, total),
    onNotice: (notice: string) => notes.push(notice),
  };
  const read = withoutEmptyClasses(await datasetFromFiles(files, options), notes);
  const known = await recognised(read.train, [name, ...files.map(({ path }) => path)].join("\n"));
  const { height, width } = read.train;
  const { train, test } = height === width && (height === 28 || height === SIDE) ? read : resized(read, SIDE);
  return { split: { train: { ...train, ...known }, test: { ...test, ...known } }, notes };
}

/**
 * Returns the set with only the classes that have training images, in order; the others could not be learned. If labels
 * begin at 1, class 0 has no images.
 */
function withoutEmptyClasses(split: DatasetSplit, notes: string[]): DatasetSplit {
  const { name, classes, labels, classNames } = split.train;
  const counts = new Uint32Array(classes);
  for (const label of labels) counts[label]!++;
  const kept = Array.from(counts.keys()).filter((label) => counts[label]! > 0);
  const names = classNames ?? Array.from(counts.keys(), String);
  if (kept.length < 2) {
    const one = kept.length === 1 ? `all pictures are of one class, “${names[kept[0]!]}”` : "there is no picture";
    throw new Error(`${name}: ${one}. A network learns to tell classes apart: give pictures of two or more.`);
  }
  if (kept.length === classes) return split;
  const empty = names.filter((_, label) => counts[label] === 0);
  const listed = `${empty.slice(0, 5).join(", ")}${empty.length > 5 ? ` and ${empty.length - 5} more` : ""}`;
  notes.push(`Left out, because nothing is there to learn them from: class ${listed}.`);
  const newLabels = new Map(kept.map((label, i) => [label, i]));
  const keptNames = kept.map((label) => names[label]!);
  const part = (data: Dataset): Dataset => {
    const size = data.channels * data.height * data.width;
    const indices = Array.from(data.labels.keys()).filter((i) => newLabels.has(data.labels[i]!));
    const pixels = new Uint8Array(indices.length * size);
    indices.forEach((index, i) => {
      pixels.set(data.pixels.subarray(index * size, (index + 1) * size), i * size);
    });
    return {
      name: data.name,
      pixels,
      labels: Uint8Array.from(indices, (index) => newLabels.get(data.labels[index]!)!),
      count: indices.length,
      channels: data.channels,
      height: data.height,
      width: data.width,
      classes: kept.length,
      classNames: keptNames,
      mean: data.mean,
      std: data.std,
    };
  };
  return { train: part(split.train), test: part(split.test) };
}
