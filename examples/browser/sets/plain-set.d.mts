import type { DistilledSet } from "distillate";

/** Writes a set of one-hot targets, with so many bits for the level of a pixel: at most 8. */
export function toPlainText(set: DistilledSet, bits: number): string;

/** Reads what `toPlainText` wrote. */
export function fromPlainText(text: string): DistilledSet;
