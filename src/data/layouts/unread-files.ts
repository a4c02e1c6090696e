// Recognises files of data sets that cannot be read here, and says what to do with them. Only their first bytes are read.

import { isPickle } from "../../codecs/torch-file.ts";
import { FormatError } from "../../errors.ts";
import { type DataFile, nameOf, readDataFile } from "../data-file.ts";

const pickled = "a pickled Python object, which can run any program and is never loaded";
/** The function that calls Python's pickle in the lines below. */
const load = `load = lambda f: pickle.load(open(f, "rb"), encoding="latin1")`;

/** Says what to do with CIFAR's files for Python. */
function cifarAdvice(files: readonly DataFile[], file: DataFile): string {
  const base = (path: string): string => path.replace(/^.*\//, "");
  if (base(file.path) === "batches.meta") return "give a folder with the batches";
  const hundred = !/batch/.test(base(file.path));
  const labels = hundred ? "fine_labels" : "labels";
  const set = hundred ? "cifar-100" : "cifar-10";
  const names = files.map(({ path }) => base(path));
  const test = hundred ? "test" : "test_batch";
  const whole = names.includes(test) && names.some((name) => name === "train" || name.startsWith("data_batch_"));
  const code = whole
    ? `import glob, pickle, numpy as np; ${load}; a = [load(f) for f in sorted(glob.glob("${hundred ? "train" : "data_batch_*"}"))]; ` +
      `t = load("${test}"); s = (-1, 3, 32, 32); np.savez("${set}.npz", x_train=np.concatenate([b["data"] for b in a]).reshape(s), ` +
      `y_train=np.concatenate([b["${labels}"] for b in a]), x_test=t["data"].reshape(s), y_test=t["${labels}"])`
    : `import pickle, numpy as np; ${load}; b = load("${base(file.path)}"); ` +
      `np.savez("${set}.npz", images=b["data"].reshape(-1, 3, 32, 32), labels=b["${labels}"])`;
  return `take the binary version, ${set}-binary.tar.gz, or save arrays in Python: ${code}`;
}

interface Unread {
  readonly matches: (path: string) => boolean;
  readonly what: string;
  readonly advice: (files: readonly DataFile[], file: DataFile) => string;
}

const savez = "save its images and labels with numpy.savez(file, images=…, labels=…)";
const cifarPickle = /(^|\/)(data_batch_\d+|test_batch|batches\.meta)$/;

const unread: readonly Unread[] = [
  { matches: (path) => cifarPickle.test(path), what: `CIFAR for Python, ${pickled}`, advice: cifarAdvice },
  { matches: (path) => /\.(pkl|pickle)(\.gz)?$/i.test(path), what: pickled, advice: () => savez },
  { matches: (path) => /\.(pt|pth)$/i.test(path), what: `PyTorch's tensors, ${pickled}`, advice: () => savez },
  { matches: (path) => /\.(h5|hdf5)$/i.test(path), what: "HDF5", advice: () => savez },
  { matches: (path) => /\.(parquet|arrow|tfrecord)$/i.test(path), what: "a table or records", advice: () => savez },
];

/**
 * Returns the error for `files` when one of them is known to hold data in a form that cannot be read here; it says what the
 * file is and what to do. Otherwise undefined.
 */
export async function refusalOf(files: readonly DataFile[]): Promise<FormatError | undefined> {
  for (const { matches, what, advice } of unread) {
    const file = files.find(({ path }) => matches(path));
    if (file) return new FormatError(`${nameOf(file)}: found ${what}: ${advice(files, file)}`);
  }
  // CIFAR-100's files for Python are called just train and test.
  const file = files.find(({ path }) => /(^|\/)(train|test)$/.test(path));
  if (file === undefined || !isPickle(await readDataFile(file))) return undefined;
  return new FormatError(`${nameOf(file)}: found CIFAR for Python, ${pickled}: ${cifarAdvice(files, file)}`);
}
