// Data sets and what reads them: the entry `distillate/data`.
export { filesInArchive } from "./data/archive.ts";
export { type CifarLabels, type LoadCifarOptions, loadCifar } from "./data/cifar.ts";
export { type ImageFolderOptions, loadCifarJpeg, loadImageFolder } from "./data/class-folders.ts";
export { type ClassSplitOptions, splitByClass } from "./data/class-split.ts";
export type { ByteSource, DataFile } from "./data/data-file.ts";
export { type Dataset, type DatasetSplit, type Normalization, subset } from "./data/dataset.ts";
export { decodeImage } from "./data/decode-image.ts";
export { digits } from "./data/digits.ts";
export { type LoadIdxOptions, loadIdx } from "./data/idx.ts";
export { loadIdxFiles } from "./data/idx-files.ts";
export type { ImageOptions } from "./data/image-set.ts";
export type { DecodeOptions, Raster } from "./data/raster.ts";
export type { Fit } from "./data/resize.ts";
export { type LoadUspsOptions, loadUsps } from "./data/usps.ts";
