// Bad .npy files, after NumPy's description of versions 1.0 and 2.0.
import { parseNpy, writeNpy } from "../../src/codecs/npy.ts";
import { ascii, concat, fileName, patched } from "../formats/hostile.ts";
import { type BadFile, table } from "./bad-files.ts";

type Bad = BadFile<Uint8Array>;

const good = writeNpy({ shape: [2, 3], data: Float32Array.of(0, -0, 1.5, -2.25, 3e38, 1e-45) });

/** A file with a header of our choosing; length and version can be made to lie. */
export function npy(
  header: string,
  data: ArrayLike<number> = [],
  { version = [1, 0], length = header.length + 1 } = {},
) {
  const size = version[0] === 1 ? [length & 255, length >> 8] : [0, 8, 16, 24].map((bit) => (length >>> bit) & 255);
  return concat([0x93], ascii("NUMPY"), version, size, ascii(`${header}\n`), data);
}

/** The header as NumPy writes it. */
export function dict(descr: string, order: string, shape: string): string {
  return `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;
}

/** A file of this shape, with so many bytes of float32. */
export function shaped(shape: string, bytes = 4): Uint8Array {
  return npy(dict("'<f4'", "False", shape), new Uint8Array(bytes));
}

const four = new Uint8Array(4);
const header = (what: string, says: string, text: string): Bad => [what, says, npy(text, four)];
const descr = (what: string, text: string, says = "expected descr one of", data: ArrayLike<number> = four): Bad => [
  what,
  says,
  npy(dict(text, "False", "(1,)"), data),
];
const order = (what: string, text: string): Bad => [
  what,
  "expected True or False",
  npy(dict("'<f4'", text, "(1,)"), four),
];
const shape = (what: string, text: string, says: string, bytes = 4): Bad => [what, says, shaped(text, bytes)];
const digits = "expected a whole number of at most 15 digits";
const once = "expected descr, fortran_order and shape once each";
const all = "expected descr, fortran_order and shape before here";
const many = "expected at most 32 dimensions and 2^31 numbers";

const bad: readonly Bad[] = [
  ...Array.from({ length: 6 }, (_, i): Bad => [`cut to ${i}`, `the magic \\x93NUMPY at byte ${i}`, good.slice(0, i)]),
  ["cut before the version", "expected a version at byte 6, got the end of the file", good.slice(0, 6)],
  ["cut inside the version", "expected a version at byte 7, got the end of the file", good.slice(0, 7)],
  ["cut before the length", "expected the header length at byte 8", good.slice(0, 8)],
  ["cut inside the length", "expected the header length at byte 9", good.slice(0, 9)],
  [
    "cut inside a length of version 2",
    "expected the header length at byte 11",
    npy("{}", [], { version: [2, 0] }).slice(0, 11),
  ],
  ["cut before the header", "expected a header within the file of 10 bytes", good.slice(0, 10)],
  ["cut inside the header", "expected a header within the file of 40 bytes", good.slice(0, 40)],
  ["cut before the numbers", "expected exactly 24 bytes of data at byte 128, got 0", good.slice(0, 128)],
  ["one byte too few", "expected exactly 24 bytes of data at byte 128, got 23", good.slice(0, -1)],
  ["one byte too many", "expected exactly 24 bytes of data at byte 128, got 25", concat(good, [0])],
  ["two files in one", "expected exactly 24 bytes of data", concat(good, good)],
  ["a byte before the file", "the magic \\x93NUMPY at byte 0", concat([0], good)],
  ["a byte order mark before the file", "the magic \\x93NUMPY at byte 0", concat([0xef, 0xbb, 0xbf], good)],
  ["magic", "the magic \\x93NUMPY at byte 0, got 146", patched(good, 0, 0x92)],
  ["magic in lower case", "the magic \\x93NUMPY at byte 1", patched(good, 1, 0x6e)],
  ["magic in UTF-8", "the magic \\x93NUMPY at byte 0", concat([0xc2], good)],
  ["version 0.0", "version 1.0 or 2.0 at byte 6, got 0.0", patched(good, 6, 0)],
  ["version 1.1", "version 1.0 or 2.0 at byte 6, got 1.1", patched(good, 7, 1)],
  ["version 3.0", "got 3.0", npy(dict("'<f4'", "False", "(1,)"), four, { version: [3, 0] })],
  ["version 255.0", "got 255.0", patched(good, 6, 255)],
  ["header longer than the file", "expected a header within the file", patched(good, 8, 255, 1)],
  [
    "header shorter than its text",
    "expected a quoted string at byte 50, got the end of the header",
    npy(dict("'<f4'", "False", "(1,)"), four, { length: 40 }),
  ],
  ["header of 2^32 - 1", "a header of at most 10000 bytes", npy("{}", [], { version: [2, 0], length: 2 ** 32 - 1 })],
  ["header of 10,001", "a header of at most 10000 bytes", npy(dict("'<f4'", "False", "(1,)").padEnd(10_000), four)],
  ["empty header", "expected { at byte 10", npy("", [], { length: 0 })],
  ["header without newline", "expected a line feed at byte", npy(dict("'<f4'", "False", "(1,)"), four, { length: 57 })],
  header("text after the newline", "expected the end of the header", `${dict("'<f4'", "False", "(1,)")}\n#`),
  header("a carriage return", "expected a line feed at byte", `${dict("'<f4'", "False", "(1,)")}\r`),
  header("a byte order mark in the header", "expected {", `\xef\xbb\xbf${dict("'<f4'", "False", "(1,)")}`),
  header("NUL in the header", "expected a quoted string", `{\0'descr': '<f4', 'fortran_order': False, 'shape': (1,)}`),
  ["empty dict", all, npy("{}")],
  header("a list", "expected {", "['<f4', False, (1,)]"),
  header("no descr", all, "{'fortran_order': False, 'shape': (1,)}"),
  header("no shape", all, "{'descr': '<f4', 'fortran_order': False}"),
  header("no order", all, "{'descr': '<f4', 'shape': (1,)}"),
  header("descr twice", once, "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}"),
  header("shape twice", once, "{'shape': (), 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}"),
  header("order twice", once, "{'fortran_order': True, 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}"),
  header("key __proto__", `${once}, not "__proto__"`, "{'__proto__': '<f4', 'fortran_order': False, 'shape': (1,)}"),
  header("key toString", `${once}, not "toString"`, "{'toString': '<f4', 'fortran_order': False, 'shape': (1,)}"),
  header("a fourth key", `${once}, not "x"`, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}"),
  header("a key in capitals", `${once}, not "DESCR"`, "{'DESCR': '<f4', 'fortran_order': False, 'shape': (1,)}"),
  header(
    "a key that is no string",
    "expected a quoted string",
    "{descr: '<f4', 'fortran_order': False, 'shape': (1,)}",
  ),
  header("a key that sets the direction of text", "once each", "{'\xe2\x80\xae': '<f4', 'fortran_order': False}"),
  header("no colon", "expected :", "{'descr' '<f4', 'fortran_order': False, 'shape': (1,)}"),
  header("no comma", "expected }", "{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}"),
  header("nothing but spaces", "expected {", " ".repeat(60)),
  order("neither order", "None"),
  order("order 0", "0"),
  order("order in lower case", "false"),
  order("order as text", "'False'"),
  ["Fortran order of too little", "exactly 16 bytes", npy(dict("'<f4'", "True", "(2, 2)"), new Uint8Array(12))],
  descr("a byte order without a type", "'>'"),
  descr("bytes of an order", "'>u1'", undefined, [1]),
  descr("native order", "'=f4'"),
  descr("no order of bytes that need one", "'|f4'"),
  descr("128 bits", "'<f16'", undefined, new Uint8Array(16)),
  ["float16 of odd length", "exactly 4 bytes", npy(dict("'<f2'", "False", "(2,)"), new Uint8Array(3))],
  ["a bool of 2", "bytes 0 and 1 for false and true", npy(dict("'|b1'", "False", "(2,)"), [1, 2])],
  descr("complex numbers", "'<c8'", undefined, new Uint8Array(8)),
  descr("dates", "'<M8[ns]'", undefined, new Uint8Array(8)),
  descr("pickled objects", "'|O'", "Python objects, which are never unpickled"),
  descr("strings of no length", "'<U0'", "text: save numbers", []),
  descr("bytes as text", "'|S4'", "text: save numbers"),
  descr("an empty descr", "''"),
  descr("descr __proto__", "'__proto__'"),
  descr("a record type", "[('a', '<f4')]", "expected a quoted string"),
  descr("code for a descr", "__import__('os').system('true')", "expected a quoted string"),
  header("an open string", "expected a quoted string", "{'descr': '<f4"),
  shape("negative size", "(-1,)", digits),
  shape("plus a size", "(+1,)", digits),
  shape("a fraction", "(1.0,)", "expected , at byte 62"),
  shape("an exponent", "(1e0,)", "expected , at byte 62"),
  shape("nan", "(nan,)", digits),
  shape("a leading zero", "(01,)", digits),
  shape("hexadecimal", "(0x1,)", "expected , at byte 62"),
  shape("underscores", "(1_0,)", "expected , at byte 62", 40),
  shape("Python 2's long", "(1L,)", "expected , at byte 62"),
  shape("a number for a tuple", "(1)", "expected ,"),
  shape("a bare number", "1", "expected ("),
  shape("a list for a tuple", "[1]", "expected ("),
  shape("only a comma", "(,)", digits),
  shape("two commas", "(1,,)", digits),
  shape("an open tuple", "(1, 1", "expected"),
  shape("a tuple in a tuple", "((1,),)", digits),
  shape("None", "None", "expected ("),
  shape("a size that does not fit the data", "(2,)", "exactly 8 bytes of data"),
  shape("a product of 2^64 that wraps to 0", "(4294967296, 4294967296)", many, 0),
  shape("safetensors-cpp's product that wraps to 4", "(4194305, 4194305, 211106198978564)", many),
  shape("2^31 + 1 numbers", "(2147483649,)", many),
  shape("a size above 2^53", "(9007199254740993,)", digits),
  shape("a size of 30 digits", `(${"9".repeat(30)},)`, digits),
  shape("an absurd size hidden by 0", "(0, 999999999999999)", many, 0),
  shape("33 dimensions", `(${"1, ".repeat(33)})`, many),
  shape("3,000 dimensions", `(${"1,".repeat(3000)})`, many),
];

export const npyFiles = table<Uint8Array>({
  format: "npy",
  read: async (bytes) => parseNpy(bytes, { name: fileName }),
  good: [good, shaped("(1,)"), npy(dict("'<f4'", "False", "(1,)"), four, { version: [2, 0] })],
  bad,
});
