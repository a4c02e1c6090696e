// Whitens the data of a command, and says on stderr how far that is: a few minutes for a large set of colour images.
import { whiten, zca } from "../../data.ts";
import type { Dataset, DatasetSplit, DistilledSet, Whitening } from "../../index.ts";
import { ProgressLine, progressText } from "../output/progress.ts";

/** Measures how to whiten such images. */
export function measuredWhitening(train: Dataset, epsilon: number): Promise<Whitening> {
  return withLine((draw) =>
    zca(train, {
      epsilon,
      onProgress: ({ stage, share }) => draw(`whitening, ${stage}`, Math.floor(100 * share), 100, "%"),
    }),
  );
}

/** Whitens a data set, or both parts of a split. */
export function whitenedData<T extends Dataset | DatasetSplit>(data: T, whitening: Whitening): Promise<T> {
  return withLine((draw) =>
    whiten(data, whitening, { onProgress: ({ done, total }) => draw("whitening", done, total, "images") }),
  );
}

/** Whitens both parts with what the training part tells. */
export async function whitenedSplit(split: DatasetSplit, epsilon: number | undefined): Promise<DatasetSplit> {
  return epsilon === undefined ? split : whitenedData(split, await measuredWhitening(split.train, epsilon));
}

/** Whitens data as a set was whitened, if it was. */
export async function whitenedLike({ whitening }: Pick<DistilledSet, "whitening">, data: Dataset): Promise<Dataset> {
  return whitening ? whitenedData(data, whitening) : data;
}

async function withLine<T>(
  work: (draw: (label: string, done: number, total: number, rest: string) => void) => Promise<T>,
): Promise<T> {
  const line = new ProgressLine(process.stderr);
  try {
    return await work((label, done, total, rest) =>
      line.draw((columns) => progressText({ label, done, total, rest }, columns)),
    );
  } finally {
    line.clear();
  }
}
