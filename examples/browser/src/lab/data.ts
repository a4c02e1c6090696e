// The user's own data sets, made to fit the network.
import type { DatasetSplit } from "distillate";
import { type DataFile, datasetFromFiles, resized } from "distillate/data";
import type { DataInfo } from "./api.ts";

/** Pictures of any other size than LeNet's two become squares of this side. */
const SIDE = 32;

const fashion = ["T-shirt", "Trousers", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Trainer", "Bag", "Boot"];

export function info({ train, test }: DatasetSplit): DataInfo {
  const { name, channels, height, width, classes } = train;
  const classNames = train.classNames ?? Array.from({ length: classes }, (_, i) => String(i));
  return { name, train: train.count, test: test.count, channels, height, width, classNames };
}

/** Pictures in folders of classes, idx files and other layouts, also in an archive. */
export async function ownPictures(
  files: readonly DataFile[],
  name: string,
  onProgress: (done: number, total: number) => void,
): Promise<DatasetSplit> {
  const read = await datasetFromFiles(files, {
    name,
    size: SIDE,
    onProgress: ({ done, total }) => onProgress(done, total),
  });
  const { height, width, classes } = read.train;
  const split = height === width && (height === 28 || height === SIDE) ? read : resized(read, SIDE);
  // Its files do not say what the ten classes are.
  if (!/fashion/i.test(name) || split.train.classNames || classes !== fashion.length) return split;
  return { train: { ...split.train, classNames: fashion }, test: { ...split.test, classNames: fashion } };
}
