// The options of the readers of data sets; each layout uses what concerns it.
import type { Raster } from "../codecs/raster.ts";
import type { AbortSignal } from "../host-types.ts";
import type { DataFile, Notices, SetNames } from "./data-file.ts";
import type { Normalization } from "./dataset.ts";
import type { LabelOptions } from "./labels.ts";
import type { Fit } from "./resize.ts";

/** The options of `datasetFromFiles` and `loadDataset`; each layout uses what concerns it. */
export interface LoadDatasetOptions extends ImageFolderOptions, LabelOptions, Notices {
  /** Which labels of CIFAR-100 are read. Default "fine". */
  readonly cifar100Labels?: Exclude<CifarLabels, "cifar10"> | undefined;
}

/** The options of `loadImageFolder`. */
export interface ImageFolderOptions extends SetNames, ImageOptions, ClassSplitOptions, Normalization {}

/** How a set is divided. */
export interface ClassSplitOptions {
  /** The share of each class's images that becomes the test part. Default 0.2. */
  readonly testShare?: number | undefined;
  /** The seed of the choice. Default 1. */
  readonly seed?: number | undefined;
}

/** Which labels a CIFAR file has: CIFAR-10's ten, CIFAR-100's hundred fine or twenty coarse ones. */
export type CifarLabels = "cifar10" | "fine" | "coarse";

/** How images become pixels of one size. */
export interface ImageOptions {
  /** Side of the square, or [height, width]. Default: that of the first image, which all must have. */
  readonly size?: number | readonly [number, number] | undefined;
  /** How an image of another shape is made to fit. "cover": shorter side, then a centre crop; "squash": both sides. */
  readonly fit?: Fit | undefined;
  /** 1 for grey, 3 for RGB. Default: grey if every file is grey, else RGB. */
  readonly channels?: 1 | 3 | undefined;
  /**
   * Gives the pixels of a picture in the place of `decodeImage`: they may have been decoded before, in other workers, and resized.
   * Throws FormatError for one that cannot be read.
   */
  readonly decode?: ((file: DataFile) => Raster | Promise<Raster>) | undefined;
  /** Stops the reading between two images, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called between images. */
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}
