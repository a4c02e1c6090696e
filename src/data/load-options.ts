// What the readers of data sets take; each layout takes what concerns it.
import type { AbortSignal } from "../host-types.ts";
import type { Notices, SetNames } from "./data-file.ts";
import type { Normalization } from "./dataset.ts";
import type { LabelOptions } from "./labels.ts";
import type { Fit } from "./resize.ts";

/** What `datasetFromFiles` and `loadDataset` take; each layout takes what concerns it. */
export interface LoadDatasetOptions extends ImageFolderOptions, LabelOptions, Notices {
  /** Which labels of CIFAR-100. Default "fine". */
  readonly cifar100Labels?: Exclude<CifarLabels, "cifar10"> | undefined;
}

/** What `loadImageFolder` takes. */
export interface ImageFolderOptions extends SetNames, ImageOptions, ClassSplitOptions, Normalization {}

/** How a set is divided. */
export interface ClassSplitOptions {
  /** Of each class, the share of its images that becomes the test part. Default 0.2. */
  readonly testShare?: number | undefined;
  /** Of the choice. Default 1. */
  readonly seed?: number | undefined;
}

/** Which labels a CIFAR file has: CIFAR-10's ten, CIFAR-100's hundred fine or twenty coarse ones. */
export type CifarLabels = "cifar10" | "fine" | "coarse";

/** How images become pixels of one size. */
export interface ImageOptions {
  /** Side of the square, or [height, width]. Default: that of the first image, which all must have. */
  readonly size?: number | readonly [number, number] | undefined;
  /** What becomes of another shape. "cover": shorter side, then a centre crop; "squash": both sides. */
  readonly fit?: Fit | undefined;
  /** 1 for grey, 3 for RGB. Default: grey where every file is grey, else RGB. */
  readonly channels?: 1 | 3 | undefined;
  /** Stops between two images with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called between images. */
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}
