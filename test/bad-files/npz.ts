// Bad .npz files, read as data sets: archives in which an entry, an array, or the arrays together are wrong.
import { type ArrayData, type NumericArray, writeNpy } from "../../src/codecs/npy.ts";
import { writeNpz } from "../../src/codecs/npz.ts";
import { writeZip } from "../../src/codecs/zip.ts";
import { loadArrays } from "../../src/data/layouts/arrays.ts";
import { ascii, concat, fileName, patched } from "../formats/hostile.ts";
import { forge } from "../formats/zip-forger.ts";
import { type BadFile, table } from "./bad-files.ts";
import { dict, npy, shaped } from "./npy.ts";

type Bad = BadFile<Uint8Array>;
type Arrays = Readonly<Record<string, NumericArray>>;

const array = (data: ArrayData, ...shape: number[]): NumericArray => ({ shape, data });
const x = array(
  Uint8Array.from({ length: 16 }, (_, i) => 15 * i),
  4,
  2,
  2,
);
const y = array(Uint8Array.of(0, 1, 0, 1), 4);
const parts: Arrays = { x_train: x, y_train: y, x_test: x, y_test: y };
const npz = (arrays: Arrays): Uint8Array => writeNpz(Object.entries(arrays));
const good = npz(parts);

/** The set with some arrays put in the place of others. */
const changed = (what: string, says: string, changes: Record<string, NumericArray | undefined>): Bad => {
  const all = Object.entries({ ...parts, ...changes }).filter(([, value]) => value !== undefined);
  return [what, says, npz(Object.fromEntries(all) as Arrays)];
};
const images = (what: string, says: string, data: ArrayData, ...shape: number[]): Bad =>
  changed(what, `x_train: ${says}`, { x_train: array(data, ...shape) });
const labels = (what: string, says: string, data: ArrayData, ...shape: number[]): Bad =>
  changed(what, `y_train: ${says}`, { y_train: array(data, ...shape) });
/** An archive in which x_train.npy is these bytes. */
const entry = (what: string, says: string, bytes: Uint8Array): Bad => [
  what,
  `"x_train.npy": ${says}`,
  writeZip([
    ["x_train.npy", bytes],
    ...["y_train", "x_test", "y_test"].map((key) => [`${key}.npy`, writeNpy(parts[key]!)] as const),
  ]),
];
const floats = (value: number) => new Float32Array(16).fill(value, 3, 4);
const oneLabel = "expected one label for each of 4 images";
const shape = "expected [n, h, w], [n, c, h, w] or [n, h, w, c]";
const xNpy = writeNpy(x);

const bad: readonly Bad[] = [
  ["nothing", "expected the end record of a zip file", new Uint8Array(0)],
  ["no arrays", "found no arrays; expected names such as x_train", writeZip([])],
  ["a text for an archive", "expected the end record of a zip file", ascii("x_train")],
  ["an .npy in the place of the archive", "expected the end record of a zip file", xNpy],
  ["a file that is no array", '"notes.txt": expected only .npy files', writeZip([["notes.txt", ascii("a")]])],
  ["a folder", '"x/": expected only .npy files', writeZip([["x/", new Uint8Array()]])],
  ["a name that leads up", "expected a plain relative name", forge([{ name: "../x.npy", data: xNpy }])],
  ["a name that is absolute", "expected a plain relative name", forge([{ name: "/x.npy", data: xNpy }])],
  ["a name with its ending in capitals", '"x_train.NPY": expected only .npy', writeZip([["x_train.NPY", xNpy]])],
  [
    "a name twice",
    "expected each name once",
    forge([
      { name: "x.npy", data: xNpy },
      { name: "x.npy", data: xNpy },
    ]),
  ],
  ["a wrong CRC", '"x_train.npy": expected CRC', forge([{ name: "x_train.npy", data: xNpy, crc: 1 }])],
  ["cut to its half", "expected the end record of a zip file", good.slice(0, good.length / 2)],
  ["a byte more", "expected the end record of a zip file", concat(good, [0])],
  ["names that say nothing", "found a, b; expected names such as x_train", npz({ a: x, b: y })],
  ["a name that controls a terminal", '"\\u001b[2Jx\\u202e"', npz({ "\u001b[2Jx\u202e": x })],
  ["a name of 50,000 letters", "aaa…", npz({ ["a".repeat(50_000)]: x })],
  [
    "names that are properties of objects",
    "found constructor, __proto__; expected",
    writeNpz([
      ["constructor", x],
      ["__proto__", y],
    ]),
  ],
  changed("no labels", "found x_train without labels", { y_train: undefined }),
  changed("no images", "found y_train without images", { x_train: undefined }),
  changed("no test labels", "found x_test without labels", { y_test: undefined }),
  changed("images twice", "found x_train and X_train; expected one array of images", { X_train: x }),
  changed("labels twice", "found y_train and Y_train; expected one array of labels", { Y_train: y }),
  changed("a test set of other sizes", "expected test images of 1×2×2, as for training", {
    x_test: array(new Uint8Array(36), 4, 3, 3),
  }),
  changed("a test set of three channels", "expected test images of 1×2×2, as for training", {
    x_test: array(new Uint8Array(48), 4, 3, 2, 2),
  }),
  changed("a training set from 0 to 1 and a test set from 0 to 255", "expected one scale for both", {
    x_train: array(floats(1), 4, 2, 2),
    x_test: array(floats(255), 4, 2, 2),
  }),
  images("a single number", shapeSays("[]"), Uint8Array.of(1)),
  images("one dimension", shapeSays("[16]"), new Uint8Array(16), 16),
  images("five dimensions", shapeSays("[4, 1, 2, 2, 1]"), new Uint8Array(16), 4, 1, 2, 2, 1),
  images("no images at all", shapeSays("[0, 2, 2]"), new Uint8Array(0), 0, 2, 2),
  images("images of no pixels", shapeSays("[4, 0, 2]"), new Uint8Array(0), 4, 0, 2),
  images("rows that are not square", shapeSays("[4, 7]"), new Uint8Array(28), 4, 7),
  images("rows of three colours", "found [4, 12]", new Uint8Array(48), 4, 12),
  images("nine channels", shapeSays("[4, 9, 9, 9]"), new Uint8Array(4 * 729), 4, 9, 9, 9),
  images("NaN", "found NaN at 3; expected finite numbers", floats(Number.NaN), 4, 2, 2),
  images("infinity", "found Infinity at 3; expected finite", floats(Number.POSITIVE_INFINITY), 4, 2, 2),
  images("minus infinity", "found -Infinity at 3; expected", floats(Number.NEGATIVE_INFINITY), 4, 2, 2),
  images("normalised values", "found values from -2.5 to 0; expected 0 to 1", floats(-2.5), 4, 2, 2),
  images(
    "16-bit values",
    "found whole numbers from 0 to 65535; expected 0 to 255",
    new Uint16Array(16).fill(65_535, 3, 4),
    4,
    2,
    2,
  ),
  images("negative whole numbers", "found whole numbers from -1 to 0", new Int8Array(16).fill(-1, 3, 4), 4, 2, 2),
  images("64-bit values", "found whole numbers from 0 to", new BigInt64Array(16).fill(2n ** 62n, 3, 4), 4, 2, 2),
  images(
    "values up to 1e300",
    "found values from 0 to 1e+300; expected 0 to 1",
    new Float64Array(16).fill(1e300, 3, 4),
    4,
    2,
    2,
  ),
  changed("one image too few", "y_train: expected one label for each of 3 images", {
    x_train: array(new Uint8Array(12), 3, 2, 2),
  }),
  labels("one label too few", oneLabel, Uint8Array.of(0, 1, 0), 3),
  labels("one label too many", oneLabel, Uint8Array.of(0, 1, 0, 1, 0), 5),
  labels("no labels at all", oneLabel, new Uint8Array(0), 0),
  labels("a single label", oneLabel, Uint8Array.of(1)),
  labels("labels of three dimensions", oneLabel, Uint8Array.of(0, 1, 0, 1), 4, 1, 1),
  labels("labels in a row", oneLabel, Uint8Array.of(0, 1, 0, 1), 1, 4),
  labels("labels of no columns", oneLabel, new Uint8Array(0), 4, 0),
  labels("257 classes", "expected one-hot rows of at most 256 classes, got 257", new Uint8Array(4 * 257), 4, 257),
  labels(
    "rows of two ones",
    "expected one-hot rows, a single 1 and else 0",
    Uint8Array.of(1, 0, 1, 1, 0, 1, 1, 0),
    4,
    2,
  ),
  labels("rows of zeros", "expected one-hot rows", Uint8Array.of(1, 0, 0, 0, 0, 1, 1, 0), 4, 2),
  labels("rows of probabilities", "expected one-hot rows", Float32Array.of(1, 0, 0.5, 0.5, 0, 1, 1, 0), 4, 2),
  labels("a fraction", "expected whole numbers from 0 to 255, got 0.5 at 1", Float32Array.of(0, 0.5, 0, 1), 4),
  labels("label NaN", "expected whole numbers from 0 to 255, got NaN at 1", Float32Array.of(0, Number.NaN, 0, 1), 4),
  labels(
    "an infinite label",
    "expected whole numbers from 0 to 255, got Infinity at 1",
    Float64Array.of(0, Number.POSITIVE_INFINITY, 0, 1),
    4,
  ),
  labels("a label of 256", "expected whole numbers from 0 to 255, got 256 at 1", Uint16Array.of(0, 256, 0, 1), 4),
  labels("a label of -1", "expected whole numbers from 0 to 255, got -1 at 1", Int8Array.of(0, -1, 0, 1), 4),
  labels(
    "a label of 2^53 + 1",
    "expected whole numbers from 0 to 255, got 9007199254740992 at 1",
    BigInt64Array.of(0n, 2n ** 53n + 1n, 0n, 1n),
    4,
  ),
  entry("an array cut short", "expected exactly 16 bytes of data", xNpy.slice(0, -1)),
  entry("an array with a byte more", "expected exactly 16 bytes of data", concat(xNpy, [0])),
  entry("an empty entry", "expected the magic", new Uint8Array(0)),
  entry("a text for an array", "expected the magic", ascii("1,2,3")),
  entry("an array of version 9", "expected version 1.0 or 2.0", patched(xNpy, 6, 9)),
  entry("pickled objects", "expected descr one of", npy(dict("'|O'", "False", "(1,)"), new Uint8Array(8))),
  entry(
    "a product that wraps",
    "expected at most 32 dimensions and 2^31 numbers",
    shaped("(4294967296, 4294967296)", 0),
  ),
];

function shapeSays(found: string): string {
  return `found ${found}; ${shape}`;
}

export const npzFiles = table<Uint8Array>({
  format: "npz",
  read: (bytes) => loadArrays([{ path: "set.npz", name: fileName, bytes }], { source: fileName }),
  good: [good, npz({ images: x, labels: y })],
  bad,
});
