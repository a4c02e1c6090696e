// Finds MNIST's four idx files by their names.
import { checkOptions } from "../../checks/options.ts";
import { FormatError } from "../../errors.ts";
import { shortName } from "../../quote.ts";
import { type DataFile, nameOf, readDataFile, type SetNames } from "../data-file.ts";
import type { Dataset, DatasetSplit, Normalization } from "../dataset.ts";
import type { LabelOptions } from "../labels.ts";
import { checkFiles, loadChecks } from "../options.ts";
import { loadIdx } from "./idx.ts";

/** Lists the names that a part of the set may have. */
function candidates(part: string, ranks: readonly number[]): string[] {
  return ranks.flatMap((rank) =>
    ["-", "."].flatMap((mark) => ["", ".gz"].map((end) => `${part}${mark}idx${rank}-ubyte${end}`)),
  );
}

/** Returns whether any of these is one of MNIST's idx files. */
export function isIdxFiles(files: readonly DataFile[]): boolean {
  return files.some(({ path }) => /^(train|t10k)-(images|labels)[-.]idx\d-ubyte(\.gz)?$/.test(path));
}

/**
 * Reads a set in MNIST's layout: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
 * `t10k-labels-idx1-ubyte`, each also with `.gz`, with a dot before idx, or with idx4 for [n, c, h, w]. Both parts are
 * normalised with the statistics of the training images.
 *
 * @throws FormatError when one of the four is missing or damaged, or when training and test images differ in size.
 * @example
 * const files = [...input.files].map((file) => ({ path: file.name, bytes: file }));
 * const { train, test } = await loadIdxFiles(files, { name: "fashion" });
 */
export async function loadIdxFiles(
  files: readonly DataFile[],
  options: SetNames & Normalization & LabelOptions = {},
): Promise<DatasetSplit> {
  checkFiles("files", files);
  checkOptions(options, loadChecks);
  const { name = "idx", source = name, mean, std, labelsFrom = 0 } = options;
  const find = (part: string, ranks: readonly number[]): DataFile => {
    const names = candidates(part, ranks);
    for (const candidate of names) {
      const file = files.find(({ path }) => path === candidate);
      if (file) return file;
    }
    const present = files.map(({ path }) => path).sort();
    throw new FormatError(
      `${source}: expected ${names[0]}, but it is missing; looked for ${names.join(", ")} and found ` +
        `${
          present.length === 0
            ? "an empty folder"
            : present
                .slice(0, 20)
                .map((path) => shortName(path, 60))
                .join(", ")
        }`,
    );
  };
  // All four are looked for before any is read.
  const [trainImages, trainLabels, testImages, testLabels] = [
    find("train-images", [3, 4]),
    find("train-labels", [1]),
    find("t10k-images", [3, 4]),
    find("t10k-labels", [1]),
  ] as const;
  const load = async (
    images: DataFile,
    labels: DataFile,
    like: Partial<Pick<Dataset, "classes">> & Normalization,
  ): Promise<Dataset> =>
    loadIdx({
      images: await readDataFile(images),
      labels: await readDataFile(labels),
      name,
      imagesName: nameOf(images),
      labelsName: nameOf(labels),
      labelsFrom,
      ...like,
    });

  const train = await load(trainImages, trainLabels, { ...(mean && { mean }), ...(std && { std }) });
  const { classes, channels, height, width } = train;
  const test = await load(testImages, testLabels, { classes, mean: train.mean, std: train.std });
  const sizes = [test.channels, test.height, test.width].join("×");
  if (sizes !== `${channels}×${height}×${width}`) {
    throw new FormatError(
      `${nameOf(testImages)}: expected images of ${channels}×${height}×${width}, as in ${nameOf(trainImages)}, got ${sizes}`,
    );
  }
  return { train, test };
}
