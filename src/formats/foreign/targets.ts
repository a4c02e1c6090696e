// The labels of a published set as targets [n, classes], by the transform that they were stored with. A network that is trained on
// labels with the wrong transform reads 8 to 20 % where the right one gives 70 % (FRePo's issue 12), so the transform is never
// silent.
//
//   classes         whole numbers; the targets are one-hot                           DC, DSA, DM, MTT, IDC
//   probabilities   rows that sum to 1
//   logits          rows whose softmax is the target                                 DATM's SoftCrossEntropy
//   centred         (one-hot − 1/K) / √(K/10), learned further with the loss mse  FRePo (Zhou et al., NeurIPS 2022)
import { elementCount } from "../../codecs/npy.ts";
import { FormatError } from "../../errors.ts";
import type { Loss } from "../../nn/loss.ts";
import { exponential } from "../../numeric/elementary.ts";
import { quote } from "../../quote.ts";
import type { Candidate } from "./candidates.ts";
import type { Said } from "./said.ts";
import { checkFinite, numbersOf, shownAt } from "./tree.ts";

export const labelKinds = ["classes", "probabilities", "logits", "centred"] as const;
export type LabelKind = (typeof labelKinds)[number];

export interface Targets {
  readonly classes: number;
  /** [n, classes] */
  readonly values: Float32Array;
  readonly loss: Loss;
}

/** More classes than any set of images has. */
const mostClasses = 2 ** 16;
/** So many targets are made whatever the file; beyond them, no more than the images have values. */
const freeTargets = 2 ** 22;
/** How far a row of probabilities may be from 1, and one of centred labels from 0. */
const nearly = 1e-3;
/** e to a smaller power than this is 0 in float32. */
const leastExponent = -104;

/** Reads the labels; `declared` says what they are, if the user does. */
export async function targetsOf(
  candidate: Candidate,
  declared: { readonly labels?: LabelKind | undefined; readonly classes?: number | undefined },
  said: Said,
): Promise<Targets> {
  const { file, labels } = candidate;
  const bad = (expected: string, got: string): FormatError =>
    new FormatError(`${file}: expected ${shownAt(labels.at)} ${expected}, got ${got}`);
  const numbers = await numbersOf(labels, file);
  const [n, columns = 1] = labels.shape as [number, number?];
  const { kind, by, because } =
    columns === 1 ? { kind: "classes" as const, by: "file" as const, because: "one number an image" } : rowsKind();
  if (columns === 1 && declared.labels !== undefined && declared.labels !== "classes") {
    throw bad(`to be rows of ${declared.labels}`, "one number an image");
  }
  said(declared.labels === undefined ? by : "declared", "labels", kind, because);
  return kind === "classes" ? oneHot() : rows();

  function oneHot(): Targets {
    let most = 0;
    for (const [i, label] of numbers.entries()) {
      if (!Number.isInteger(label) || label < 0 || label >= mostClasses) {
        throw bad(`to be classes from 0 to ${mostClasses - 1}`, `${quote(label)} at ${i}`);
      }
      most = Math.max(most, label);
    }
    const classes = declared.classes ?? most + 1;
    if (most >= classes) throw bad(`below ${classes} classes`, `${most}`);
    const mostTargets = Math.max(freeTargets, elementCount(candidate.images.shape)!);
    if (n * classes > mostTargets) throw bad(`of at most ${mostTargets} targets in all`, `${n}×${classes}`);
    const because = `the largest label is ${most}`;
    said(declared.classes === undefined ? "guessed" : "declared", "classes", String(classes), because);
    const values = new Float32Array(n * classes);
    for (const [i, label] of numbers.entries()) values[i * classes + label] = 1;
    return { classes, values, loss: "cross-entropy" };
  }

  function rowsKind(): { kind: LabelKind; by: "guessed"; because: string } {
    const sums = rowSums(numbers, columns);
    const areProbabilities = numbers.every((value) => value >= 0) && sums.every((sum) => Math.abs(sum - 1) <= nearly);
    const guess = (kind: LabelKind, because: string) => ({ kind, by: "guessed" as const, because });
    if (declared.labels === "probabilities" && !areProbabilities) {
      throw bad("to be probabilities, whose rows sum to 1", shownRow(numbers, sums));
    }
    if (declared.labels === "classes") throw bad("to be one class an image", `rows of ${columns}`);
    if (declared.labels !== undefined) return guess(declared.labels, `rows of ${columns} numbers`);
    if (areProbabilities) return guess("probabilities", "no number is below 0 and every row sums to 1");
    if (candidate.form === "FRePo") return guess("centred", "files with these names are FRePo's");
    if (candidate.form === "MTT") return guess("logits", "soft labels in files with these names are DATM's");
    if (sums.every((sum) => Math.abs(sum) <= nearly)) return guess("centred", "every row sums to 0");
    throw bad(`with "labels": ${labelKinds.slice(1).join(", ")}`, "rows that sum to neither 0 nor 1");
  }

  function rows(): Targets {
    if (declared.classes !== undefined && declared.classes !== columns) {
      throw bad(`to have a column for each of ${declared.classes} classes`, `${columns}`);
    }
    said("file", "classes", String(columns), `rows of ${columns} labels`);
    const values = kind === "logits" ? softmaxRows(numbers, columns) : Float32Array.from(numbers);
    checkFinite(values, labels.at, file);
    return { classes: columns, values, loss: kind === "centred" ? "mse" : "cross-entropy" };
  }
}

function rowSums(numbers: Float64Array, columns: number): number[] {
  return Array.from({ length: numbers.length / columns }, (_, row) =>
    numbers.subarray(row * columns, (row + 1) * columns).reduce((sum, value) => sum + value, 0),
  );
}

/** Says what keeps rows from being probabilities. */
function shownRow(numbers: Float64Array, sums: readonly number[]): string {
  const below = numbers.find((value) => value < 0);
  return below === undefined ? `a row that sums to ${sums.find((sum) => Math.abs(sum - 1) > nearly)}` : String(below);
}

/** Returns the softmax of each row. */
function softmaxRows(numbers: Float64Array, columns: number): Float32Array {
  const out = new Float32Array(numbers.length);
  for (let first = 0; first < numbers.length; first += columns) {
    const row = numbers.subarray(first, first + columns);
    const most = row.reduce((a, b) => Math.max(a, b));
    const powers = row.map((value) => (value - most < leastExponent ? 0 : exponential(value - most)));
    const sum = powers.reduce((a, b) => a + b);
    for (const [k, power] of powers.entries()) out[first + k] = power / sum;
  }
  return out;
}
