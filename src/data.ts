// The entry `distillate/data`: data sets and their readers.

export { decodeImage } from "./codecs/decode-image.ts";
export type { DecodeOptions, Raster } from "./codecs/raster.ts";
export { type Augmentation, AugmentedBatches, augmented, type ResizedCropRanges } from "./data/augment.ts";
export { splitByClass } from "./data/class-split.ts";
export { padded, resized, toGrey, toRgb } from "./data/convert.ts";
export type { ByteSource, DataFile, Notices } from "./data/data-file.ts";
export type { Dataset, DatasetSplit, Normalization } from "./data/dataset.ts";
export { type DatasetArrays, datasetFromArrays } from "./data/from-arrays.ts";
export type { LabelOptions } from "./data/labels.ts";
export { filesInArchive } from "./data/layouts/archive.ts";
export { type LoadArraysOptions, loadArrays } from "./data/layouts/arrays.ts";
export { type LoadCifarOptions, loadCifar } from "./data/layouts/cifar.ts";
export { loadCifarJpeg, loadImageFolder } from "./data/layouts/class-folders.ts";
export { loadCsv } from "./data/layouts/csv.ts";
export { loadCub } from "./data/layouts/cub.ts";
export { digits } from "./data/layouts/digits.ts";
export { type LoadIdxOptions, loadIdx } from "./data/layouts/idx.ts";
export { loadIdxFiles } from "./data/layouts/idx-files.ts";
export { datasetFromFiles } from "./data/layouts/layouts.ts";
export type { PartsOptions } from "./data/layouts/parts.ts";
export { loadSvhn } from "./data/layouts/svhn.ts";
export { type LoadUspsOptions, loadUsps } from "./data/layouts/usps.ts";
export { loadVoc } from "./data/layouts/voc.ts";
export type {
  CifarLabels,
  ClassSplitOptions,
  ImageFolderOptions,
  ImageOptions,
  LoadDatasetOptions,
} from "./data/load-options.ts";
export type { Fit } from "./data/resize.ts";
export { subset } from "./data/subsets.ts";
export { type WhitenOptions, whiten } from "./data/whiten.ts";
export type { WhitenedImages, Whitening } from "./data/whitening.ts";
export { type ZcaOptions, zca } from "./data/zca.ts";
