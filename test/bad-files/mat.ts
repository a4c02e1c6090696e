// Bad .mat files of version 5, read as SVHN: elements of the format that lie, and variables that are no images and labels.
import { deflateSync } from "node:zlib";
import { loadSvhn } from "../../src/data/layouts/svhn.ts";
import { ascii, concat, fileName, patched } from "../formats/hostile.ts";
import { type MatChoices, type MatData, mat, packed, variable } from "../formats/mat-writer.ts";
import { type BadFile, little, table } from "./bad-files.ts";

type Bad = BadFile<Uint8Array>;

const x = Uint8Array.from({ length: 36 }, (_, i) => 7 * i);
const pixels = (choices: MatChoices = {}) => variable("X", [2, 3, 3, 2], x, choices);
const digits = (choices: MatChoices = {}) => variable("y", [2, 1], Uint8Array.of(10, 10), choices);
const good = mat([pixels(), digits()]);
const compressed = mat([pixels({ compressed: true }), digits({ compressed: true })]);

// Places in X, which is not packed: its tag, flags, dimensions, name and numbers.
const [tag, flags, dimensions, named, numbers] = [128, 136, 152, 176, 184];
const change = (what: string, says: string, at: number, ...values: number[]): Bad => [
  what,
  says,
  patched(good, at, ...values),
];
const images = (what: string, says: string, shape: readonly number[], data: MatData, choices: MatChoices = {}): Bad => [
  `X ${what}`,
  says,
  mat([variable("X", shape, data, choices), digits()]),
];
const labels = (
  what: string,
  says: string,
  data: MatData,
  shape: readonly number[] = [data.length, 1],
  choices: MatChoices = {},
): Bad => [`y ${what}`, says, mat([pixels(), variable("y", shape, data, choices)])];
/** X in the packed form, of any bytes. */
const zipped = (what: string, says: string, bytes: Uint8Array): Bad => [
  `packed: ${what}`,
  says,
  mat([bytes, digits()]),
];
const tagged = (deflated: Uint8Array, length: number = deflated.length): Uint8Array =>
  concat(little(15), little(length), deflated);
const another = "expected a .mat file of version 5";
const wanted = "expected SVHN's X [height, width, 3, n] and y [n, 1]";
const oneEach = "expected one label for each of 2 images";

const bad: readonly Bad[] = [
  ["nothing", `found 0 bytes; ${another}`, new Uint8Array(0)],
  ["cut inside the header", `found 127 bytes; ${another}`, good.slice(0, 127)],
  ["cut after the header", "found no variables", good.slice(0, 128)],
  ["cut inside a tag", "expected a tag of 8 bytes at byte 128, got the end of the file", good.slice(0, 132)],
  ["cut inside X", "expected a variable within the file of 200 bytes at byte 132", good.slice(0, 200)],
  ["cut before y", "expected SVHN's X", good.slice(0, good.length - digits().length)],
  ["one byte too few", "expected a variable within the file", good.slice(0, -1)],
  ["one byte too many", "expected a tag of 8 bytes", concat(good, [0])],
  ["eight zeros after the end", "expected a variable (type 14 or 15)", concat(good, new Uint8Array(8))],
  [
    "version 7.3",
    "found a .mat file of version 7.3, which is HDF5",
    concat(ascii("MATLAB 7.3 MAT-file".padEnd(124)), [0, 2, 0x49, 0x4d]),
  ],
  ["HDF5", "found a .mat file of version 7.3", concat([0x89], ascii("HDF\r\n\u001a\n"), new Uint8Array(200))],
  ["version 4", "perhaps of version 4", concat([0, 0, 0, 0, 1, 0, 0, 0], new Uint8Array(200))],
  ["a text", "perhaps of version 4", ascii("MATLAB 5.0 MAT-file".padEnd(200))],
  change("another byte order", another, 126, 0x49, 0x49),
  change("the other byte order", another, 126, 0x4d, 0x49),
  change("version 2", another, 125, 2),
  change("version 0", another, 125, 0),
  change("an unknown element", "expected a variable (type 14 or 15) at byte 128, got 13", tag, 13),
  change("a variable beyond the file", "expected a variable within the file", tag + 4, 255, 255, 255, 255),
  change("a variable that is shorter than its content", "expected a variable (type 14 or 15) at byte 216", tag + 4, 80),
  change("a variable of 0 bytes", "expected an array (type 14) at byte 128", tag + 4, 0),
  change("flags of another type", "expected 8 bytes of array flags at byte 136, got 5", flags, 5),
  change("flags of another size", "expected 8 bytes of array flags", flags + 4, 4),
  change("class 0", "expected a class from 1 to 17 at byte 144, got 0", flags + 8, 0),
  change("class 200", "expected a class from 1 to 17", flags + 8, 200),
  change("dimensions of another type", "expected 2 to 32 dimensions", dimensions, 6),
  change("one dimension", "expected 2 to 32 dimensions", dimensions, 5, 0, 4, 0),
  change("7 bytes of dimensions", "expected 2 to 32 dimensions at byte 152, got 1.75", dimensions + 4, 7),
  change("a negative dimension", "expected sizes from 0 on, in all below 2^31", dimensions + 8, 254, 255, 255, 255),
  change("two negative dimensions", "expected sizes from 0 on", dimensions + 8, 254, 255, 255, 255, 253, 255, 255, 255),
  change("other dimensions", "expected 54 numbers of 1 bytes in", dimensions + 8, 3),
  change("a name of another type", "expected a name at byte 176, got 2", named, 2),
  change("a small element of 5 bytes", "expected an element that ends by byte", named, 1, 0, 5, 0),
  change("numbers of type 8", 'expected numbers in "X" at byte 184, got type 8', numbers, 8),
  change("numbers of type 14", 'expected numbers in "X" at byte 184, got type 14', numbers, 14),
  change("numbers of twice the width", 'expected 36 numbers of 2 bytes in "X"', numbers, 4),
  change("more numbers than there are", 'expected 36 numbers of 1 bytes in "X"', numbers + 4, 37),
  change("fewer numbers than there are", 'expected 36 numbers of 1 bytes in "X"', numbers + 4, 35),
  change("numbers beyond the variable", "expected an element that ends by byte", numbers + 4, 255),
  change("numbers of 2^32 - 1 bytes", "expected an element that ends by byte", numbers + 4, 255, 255, 255, 255),
  images("of 33 dimensions", "expected 2 to 32 dimensions", new Array(33).fill(1), x.subarray(0, 1)),
  images("of 2^40 numbers", "expected sizes from 0 on, in all below 2^31", [2 ** 20, 2 ** 20, 3, 1], x),
  images("whose product wraps to 0", "expected sizes from 0 on", [2 ** 16, 2 ** 16, 3, 2], new Uint8Array(0)),
  images("of complex numbers", 'expected real numbers in "X"', [2, 3, 3, 2], x, { flag: 8 }),
  images("that is a cell", 'found "X" of class cell; expected numbers', [2, 3, 3, 2], x, { kind: 1 }),
  images("that is a struct", 'found "X" of class struct', [2, 3, 3, 2], x, { kind: 2 }),
  images("that is text", 'found "X" of class char', [2, 3, 3, 2], x, { kind: 4 }),
  images("that is sparse", 'found "X" of class sparse', [2, 3, 3, 2], x, { kind: 5 }),
  images("that is a function", 'found "X" of class function_handle', [2, 3, 3, 2], x, { kind: 16 }),
  images("of two dimensions", wanted, [6, 6], x),
  images("of one channel", "found X [6, 3, 1, 2]", [6, 3, 1, 2], x),
  images("of no images", "found X [2, 3, 3, 0]", [2, 3, 3, 0], new Uint8Array(0)),
  images("of no rows", "found X [0, 3, 3, 2]", [0, 3, 3, 2], new Uint8Array(0)),
  images("with NaN", "found NaN at 3; expected finite numbers", [2, 3, 3, 2], new Float64Array(36).fill(Number.NaN, 3)),
  images("with infinity", "found Infinity at 3", [2, 3, 3, 2], new Float64Array(36).fill(Number.POSITIVE_INFINITY, 3)),
  images("of 16 bits", "found whole numbers from 0 to 65535", [2, 3, 3, 2], new Uint16Array(36).fill(65_535, 3)),
  images("below 0", "found whole numbers from -1 to 0", [2, 3, 3, 2], new Int8Array(36).fill(-1, 3)),
  [
    "X under another name",
    'found "Z" (uint8 [2, 3, 3, 2]), "y"',
    mat([variable("Z", [2, 3, 3, 2], x, { kind: 9 }), digits()]),
  ],
  [
    "a name that controls a terminal",
    '"\\u001b[2J\\u009b"',
    mat([variable("\u001b[2J\u009b", [2, 3, 3, 2], x), digits()]),
  ],
  [
    "a name of 64 characters",
    "expected a name of at most 63 characters",
    mat([variable("X".repeat(64), [2, 3, 3, 2], x), digits()]),
  ],
  ["a name twice", "expected each name once", mat([pixels(), pixels(), digits()])],
  [
    "1,001 variables",
    "expected at most 1000 variables",
    mat(Array.from({ length: 1001 }, (_, i) => variable(`v${i}`, [1, 1], x.subarray(0, 1)))),
  ],
  labels("of one too few", oneEach, Uint8Array.of(1)),
  labels("of one too many", oneEach, Uint8Array.of(1, 2, 3)),
  labels("of none", oneEach, new Uint8Array(0), [0, 1]),
  labels("with 11", "expected digits from 1 to 10, which stands for 0, got 11 at 1", Uint8Array.of(1, 11)),
  labels("with 255", "got 255 at 0", Uint8Array.of(255, 1)),
  labels("with both 0 and 10", "got both 0 and 10", Uint8Array.of(0, 10)),
  labels("with a fraction", "got 1.5 at 1", Float64Array.of(1, 1.5)),
  labels("with NaN", "got NaN at 1", Float64Array.of(1, Number.NaN)),
  labels("with -1", "got -1 at 0", Int8Array.of(-1, 1)),
  labels("of text", 'found "y" of class char', Uint8Array.of(1, 2), [2, 1], { kind: 4 }),
  zipped("no zlib", "expected deflate data", tagged(new Uint8Array(8).fill(7))),
  zipped("nothing", "expected deflate data", tagged(new Uint8Array(0))),
  zipped(
    "a text",
    "expected an array (type 14) at byte 0 of the variable that is packed at byte 128",
    packed(ascii("nothing but text, which is no array at all")),
  ),
  zipped("a few bytes", "expected an array (type 14)", packed(ascii("few"))),
  zipped("a variable cut short", "bytes after decompression, got 80", packed(pixels().subarray(0, 80))),
  zipped("a variable that goes on", "after decompression, got more", packed(concat(pixels(), [0]))),
  zipped("a variable that is packed twice", "expected an array (type 14)", packed(packed(pixels()))),
  zipped(
    "a wrong checksum",
    "expected deflate data",
    tagged(patched(new Uint8Array(deflateSync(pixels())), deflateSync(pixels()).length - 1, 0)),
  ),
  zipped("junk after the data", "expected nothing after the end", tagged(concat(deflateSync(pixels()), [1, 2, 3]))),
  zipped(
    "a length beyond the file",
    "expected a variable within the file",
    tagged(new Uint8Array(deflateSync(pixels())), 9999),
  ),
  zipped("1 GiB, it says", "expected a size that", packed(patched(pixels(), 4, ...little(2 ** 30)))),
  zipped("4 GiB, it says", "expected a size that", packed(patched(pixels(), 4, 255, 255, 255, 255))),
  zipped(
    "64 KiB behind another size",
    "after decompression, got more",
    packed(concat(pixels(), new Uint8Array(2 ** 16))),
  ),
];

export const matFiles = table<Uint8Array>({
  format: "mat (SVHN)",
  read: (bytes) => loadSvhn([{ path: "train.mat", name: fileName, bytes }], { source: fileName, testShare: 0.5 }),
  good: [good, compressed, mat([pixels({ bigEndian: true }), digits({ bigEndian: true })], { bigEndian: true })],
  bad,
});
