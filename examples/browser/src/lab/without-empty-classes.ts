// Leaves out the classes of a set that have no training images.
import type { Dataset, DatasetSplit } from "distillate";

/**
 * Returns the set with only the classes that have training images, in order; the others could not be learned. If labels
 * begin at 1, class 0 has no images.
 */
export function withoutEmptyClasses(split: DatasetSplit, notes: string[]): DatasetSplit {
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
