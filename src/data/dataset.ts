// Labelled images in memory, as bytes. Normalising is part of the data set, because a distilled set is worth nothing
// to somebody who does not know mean and std.

/** Labelled 8-bit images and how to normalise them: value = (byte / 255 − mean[c]) / std[c]. */
export interface Dataset {
  readonly name: string;
  /** [count, channels, height, width] */
  readonly pixels: Uint8Array;
  /** [count], each below `classes` */
  readonly labels: Uint8Array;
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  /** Per channel, of pixels / 255. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** A data set with its usual division. `test` is never looked at while distilling. */
export interface DatasetSplit {
  readonly train: Dataset;
  readonly test: Dataset;
}
