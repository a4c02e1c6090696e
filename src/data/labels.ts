// Where the labels of a set start: classes are counted from 0 here, and from 1 in EMNIST's letters and others.

import { quote } from "../quote.ts";

/** How labels are read. */
export interface LabelOptions {
  /**
   * The label of the first class where that is not 0: with 1, labels 1 … 10 become the classes 0 … 9. Sets whose classes
   * have names (folders, PASCAL VOC, CUB), and SVHN's .mat files, are counted from 0 whatever this says. Default 0.
   */
  readonly labelsFrom?: number | undefined;
}

/** Labels are bytes. */
export const maximumClasses = 256;
/** As far from 0 as labels may start. */
export const farthestStart = 1_000_000;

/** Throws RangeError unless labels can start at `labelsFrom`. Returns it. */
export function checkLabelsFrom(labelsFrom: number = 0): number {
  if (Number.isInteger(labelsFrom) && Math.abs(labelsFrom) <= farthestStart) return labelsFrom;
  throw new RangeError(
    `"labelsFrom" expected integer from ${-farthestStart} to ${farthestStart}, got ${quote(labelsFrom)}`,
  );
}

/** `value` as a class where labels start at `from`; undefined where it is no whole number of the 256 from there on. */
export function classOf(value: number, from: number): number | undefined {
  return Number.isInteger(value) && value >= from && value < from + maximumClasses ? value - from : undefined;
}

/** What is expected of a label that `classOf` refuses, and what to do, after "expected". */
export function labelFault(value: number, from: number, at: string): string {
  const advice = Number.isInteger(value) ? "; labelsFrom (--labels-from) says where labels start" : "";
  return `whole numbers from ${from} to ${from + maximumClasses - 1}, got ${quote(value)} ${at}${advice}`;
}

/** What messages call the labels of so many classes from `from` on. */
export function labelRange(from: number, classes: number): string {
  return from === 0 ? `below ${classes}` : `from ${from} to ${from + classes - 1}`;
}

/** The end of a message about labels: what to do where they start at `least` instead of 0; else nothing. */
export function startAdvice(least: number): string {
  if (least === 0 || !Number.isInteger(least)) return "";
  return `: the labels start at ${least}; read them with labelsFrom: ${least} (--labels-from ${least} on the command line)`;
}

/** The advice of `startAdvice`, where labels that start at another number would all be classes. */
export function shiftAdvice(labels: ArrayLike<number>, classes: number): string {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < labels.length; i++) {
    least = Math.min(least, labels[i]!);
    most = Math.max(most, labels[i]!);
  }
  return most - least < classes ? startAdvice(least) : "";
}

/** Byte labels that start at `from`, as classes; the same array where they start at 0. None may be below `from`. */
export function classesOf(labels: Uint8Array, from: number): Uint8Array {
  return from === 0 ? labels : labels.map((label) => label - from);
}
