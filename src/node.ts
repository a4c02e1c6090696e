// What needs a file system: the entry `distillate/node`. The work itself is elsewhere; here are only paths.

import { randomBytes } from "node:crypto";
import { open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import type { Dataset, DatasetSplit } from "./data/dataset.ts";
import { loadIdx } from "./data/idx.ts";
import type { DistilledSet } from "./distill/distilled-set.ts";
import { FormatError } from "./errors.ts";
import { distilledFromBytes, distilledToNpz, distilledToSafetensors } from "./formats/distilled-file.ts";

/** What Node reads in one go. */
const maximumFileBytes = 2 ** 31 - 1;

/**
 * Writes a file so that a crash at any moment leaves the old content or the new, never a mixture: to another name in
 * the same folder, synced, then renamed.
 *
 * @throws the file system's error; nothing is left behind, and an old file stays as it was.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(folder);
}

/** Makes a rename outlive a power cut. Windows cannot open folders, and needs no such thing. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  try {
    await handle?.sync().catch(() => {});
  } finally {
    await handle?.close();
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size > maximumFileBytes)
    throw new FormatError(`${path}: expected at most ${maximumFileBytes} bytes, got ${size}`);
  return readFile(path);
}

/**
 * Saves a distilled set, as .safetensors or .npz by the extension of `path`. A crash leaves the old file or the new.
 *
 * @throws RangeError for another extension or a set that no reader would take; else the file system's error.
 * @example
 * await saveDistilled("mnist.safetensors", await run.result());
 */
export async function saveDistilled(path: string, set: DistilledSet): Promise<void> {
  const extension = extname(path).toLowerCase();
  if (extension !== ".safetensors" && extension !== ".npz") {
    throw new RangeError(`"path" expected to end in .safetensors or .npz, got ${JSON.stringify(path)}`);
  }
  await writeFileAtomic(path, extension === ".npz" ? distilledToNpz(set) : distilledToSafetensors(set));
}

/**
 * Loads what `saveDistilled` wrote; the content, not the extension, says which format it is.
 *
 * @throws FormatError, naming the file, where it is damaged; else the file system's error.
 * @example
 * const set = await loadDistilled("mnist.safetensors");
 */
export async function loadDistilled(path: string): Promise<DistilledSet> {
  return distilledFromBytes(await readBytes(path), path);
}

/**
 * Loads a folder in MNIST's layout: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
 * `t10k-labels-idx1-ubyte`, each also with `.gz`, with a dot before idx, or with idx4 for [n, c, h, w]. Both parts are
 * normalised with the statistics of the training images.
 *
 * @throws FormatError where one of the four is missing or damaged, or where training and test images differ in size.
 * @example
 * const { train, test } = await loadIdxFolder("data/fashion-mnist");
 */
export async function loadIdxFolder(dir: string): Promise<DatasetSplit> {
  const present = await readdir(dir);
  const find = (part: string, ranks: readonly number[]): string => {
    const names = ranks.flatMap((rank) =>
      ["-", "."].flatMap((mark) => ["", ".gz"].map((end) => `${part}${mark}idx${rank}-ubyte${end}`)),
    );
    const name = names.find((candidate) => present.includes(candidate));
    if (name !== undefined) return join(dir, name);
    throw new FormatError(
      `${dir}: expected ${names[0]}, but it is missing; looked for ${names.join(", ")} and found ` +
        `${present.length === 0 ? "an empty folder" : present.sort().slice(0, 20).join(", ")}`,
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
    name: string,
    imagesName: string,
    labelsName: string,
    like: Partial<Pick<Dataset, "classes" | "mean" | "std">>,
  ): Promise<Dataset> => {
    const [images, labels] = await Promise.all([readBytes(imagesName), readBytes(labelsName)]);
    return loadIdx({ images, labels, name, imagesName, labelsName, ...like });
  };

  const name = basename(dir);
  const train = await load(name, trainImages, trainLabels, {});
  const { classes, mean, std, channels, height, width } = train;
  const test = await load(name, testImages, testLabels, { classes, mean, std });
  const sizes = [test.channels, test.height, test.width].join("×");
  if (sizes !== `${channels}×${height}×${width}`) {
    throw new FormatError(
      `${testImages}: expected images of ${channels}×${height}×${width}, as in ${trainImages}, got ${sizes}`,
    );
  }
  return { train, test };
}
