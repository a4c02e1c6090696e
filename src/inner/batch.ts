// A batch of labelled real images, in the form that the passes over it use.
import type { Floats } from "../backend/buffer.ts";

/** Labelled real images that are written a few at a time into a backend's memory. */
export interface Batch {
  readonly count: number;
  /** Whether targets are class indices. */
  readonly hard: boolean;
  /** Puts images `from`, `from` + 1, … into `out` [n, c, h, w], normalised. */
  imagesInto(out: Floats, from: number): void;
  /** Puts their class indices into `out` [n], or their soft targets into `out` [n, classes]. */
  targetsInto(out: Floats, from: number): void;
}
