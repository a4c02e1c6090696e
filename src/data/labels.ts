// The start of a set's labels: classes are counted from 0 here, and from 1 in EMNIST's letters and other sets.

import { quote } from "../quote.ts";

/** How labels are read. */
export interface LabelOptions {
  /**
   * The label of the first class: with 1, labels 1 … 10 become the classes 0 … 9. Sets whose classes have names (folders,
   * PASCAL VOC, CUB) and SVHN's .mat files ignore it. Default 0.
   */
  readonly labelsFrom?: number | undefined;
}

/** Labels are bytes, so there are at most 256. */
export const maximumClasses = 256;
/** How far from 0 labels may start. */
export const farthestStart = 1_000_000;

/** Returns `value` as a class when labels start at `from`; undefined unless it is one of the 256 whole numbers from there on. */
export function classOf(value: number, from: number): number | undefined {
  return Number.isInteger(value) && value >= from && value < from + maximumClasses ? value - from : undefined;
}

/** Says what is expected of a label that `classOf` refuses, and what to do; it follows "expected". */
export function labelFault(value: number, from: number, at: string): string {
  const advice = Number.isInteger(value) ? "; labelsFrom (--labels-from) says where labels start" : "";
  return `whole numbers from ${from} to ${from + maximumClasses - 1}, got ${quote(value)} ${at}${advice}`;
}

/** Returns the words that messages use for the labels of so many classes from `from` on. */
export function labelRange(from: number, classes: number): string {
  return from === 0 ? `below ${classes}` : `from ${from} to ${from + classes - 1}`;
}

/** Ends a message about labels with what to do when they start at `least` instead of 0; else returns nothing. */
export function startAdvice(least: number): string {
  if (least === 0 || !Number.isInteger(least)) return "";
  return `: the labels start at ${least}; read them with labelsFrom: ${least} (--labels-from ${least} on the command line)`;
}

/** Returns the advice of `startAdvice` if the labels would all be classes once their start is given. */
export function shiftAdvice(labels: ArrayLike<number>, classes: number): string {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < labels.length; i++) {
    least = Math.min(least, labels[i]!);
    most = Math.max(most, labels[i]!);
  }
  return most - least < classes ? startAdvice(least) : "";
}

/** Turns byte labels that start at `from` into classes; from 0, it is the same array. No label may be below `from`. */
export function classesOf(labels: Uint8Array, from: number): Uint8Array {
  return from === 0 ? labels : labels.map((label) => label - from);
}
