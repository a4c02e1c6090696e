// NumPy's .npy: one array with its shape. Written by hand because the libraries for it accept files whose shape and
// size disagree. Object arrays are refused: nothing in a file is ever evaluated.
// This file also has the table of number types that .npy, .npz and .safetensors share.
import { FormatError } from "../errors.ts";
import { arrayKind } from "../kinds.ts";
import { quote } from "../quote.ts";
import { halvesToFloats } from "./half.ts";
import { rowMajor } from "./permute.ts";

/** Numbers in memory; the class is their type. */
export type ArrayData =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array;

/** A dense array in C order (last dimension fastest); `shape` [] is a single number. */
export interface NumericArray {
  readonly shape: readonly number[];
  readonly data: ArrayData;
  /** Set when the file says that the numbers, 0 and 1, are false and true. */
  readonly bool?: true;
}

/** What the formats call one type of numbers. */
export interface NumberType {
  readonly numpy: string;
  readonly safetensors: string;
  readonly Data: { new (buffer: ArrayBuffer): ArrayData; readonly BYTES_PER_ELEMENT: number };
}

export const numberTypes: readonly NumberType[] = [
  { numpy: "<f4", safetensors: "F32", Data: Float32Array },
  { numpy: "<f8", safetensors: "F64", Data: Float64Array },
  { numpy: "|u1", safetensors: "U8", Data: Uint8Array },
  { numpy: "|i1", safetensors: "I8", Data: Int8Array },
  { numpy: "<u2", safetensors: "U16", Data: Uint16Array },
  { numpy: "<i2", safetensors: "I16", Data: Int16Array },
  { numpy: "<u4", safetensors: "U32", Data: Uint32Array },
  { numpy: "<i4", safetensors: "I32", Data: Int32Array },
  { numpy: "<u8", safetensors: "U64", Data: BigUint64Array },
  { numpy: "<i8", safetensors: "I64", Data: BigInt64Array },
];

/** Returns the number type of an array that is about to be written. */
export function numberTypeOf({ shape, data }: NumericArray): NumberType {
  const kind = arrayKind(data);
  const type = numberTypes.find(({ Data }) => Data.name === kind);
  if (!type) throw new TypeError(`"data" expected a typed array of numbers, got ${quote(data)}`);
  if (elementCount(shape) !== data.length) {
    throw new RangeError(`"shape" expected a product of ${data.length}, got [${shape.join(", ")}]`);
  }
  return type;
}

/** Returns the product of `shape`, or undefined when it is 2^31 or more. It is exact, and no 0 hides an absurd size. */
export function elementCount(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const size of shape) {
    if (!Number.isInteger(size) || size < 0 || Object.is(size, -0)) return undefined;
    count *= Math.max(size, 1);
    if (count > 2 ** 31) return undefined;
  }
  return shape.includes(0) ? 0 : count;
}

/** Copies numbers out of a file, where they need not be aligned. */
export function copyNumbers<T extends ArrayData>(
  { Data }: { readonly Data: { new (buffer: ArrayBuffer): T; readonly BYTES_PER_ELEMENT: number } },
  bytes: Uint8Array,
  start: number,
  end: number,
  bigEndian: boolean = false,
): T {
  const copy = new Uint8Array(end - start);
  copy.set(bytes.subarray(start, end));
  if (bigEndian) reverseEach(copy, Data.BYTES_PER_ELEMENT);
  return new Data(copy.buffer);
}

/** Reverses the bytes of each number. */
function reverseEach(bytes: Uint8Array, size: number): void {
  for (let first = 0; first < bytes.length; first += size) {
    for (let low = first, high = first + size - 1; low < high; low++, high--) {
      const byte = bytes[low]!;
      bytes[low] = bytes[high]!;
      bytes[high] = byte;
    }
  }
}

/** Returns the memory of `data`, not copied. It is little-endian, as WebAssembly and every host that runs it. */
export function bytesOf(data: ArrayData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

const magic: readonly number[] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY
/** NumPy's own limit on what it will parse as a header. */
const maximumHeader = 10_000;
/** NumPy 1 cannot make an array with more dimensions. */
const maximumRank = 32;

/**
 * Writes an .npy file of version 1.0 that `numpy.load` reads.
 *
 * @throws RangeError when shape and data disagree, TypeError for another kind of data.
 */
export function writeNpy(array: NumericArray): Uint8Array {
  const { numpy } = numberTypeOf(array);
  const { shape, data } = array;
  if (shape.length > maximumRank) {
    throw new RangeError(`"shape" expected at most ${maximumRank} dimensions, got ${shape.length}`);
  }
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const header = `{'descr': '${numpy}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // Preamble, header and newline fill a multiple of 64, so that the numbers are aligned.
  const start = Math.ceil((10 + header.length + 1) / 64) * 64;
  const out = new Uint8Array(start + data.byteLength).fill(0x20, 0, start);
  out.set(magic);
  out.set([1, 0, (start - 10) & 255, (start - 10) >> 8], 6);
  out.set(new TextEncoder().encode(header), 10);
  out[start - 1] = 0x0a;
  out.set(bytesOf(data), start);
  return out;
}

/** How one number type of NumPy is read. A type without a typed array becomes the next type that holds it exactly. */
interface Reading {
  readonly size: number;
  readonly read: (bytes: Uint8Array, start: number, end: number, bigEndian: boolean) => ArrayData;
}

const readings: ReadonlyMap<string, Reading> = new Map([
  ...numberTypes.map((type): [string, Reading] => [
    type.numpy,
    { size: type.Data.BYTES_PER_ELEMENT, read: (...span) => copyNumbers(type, ...span) },
  ]),
  ["<f2", { size: 2, read: (...span) => halvesToFloats(copyNumbers({ Data: Uint16Array }, ...span)) }],
  ["|b1", { size: 1, read: (...span) => copyNumbers({ Data: Uint8Array }, ...span) }],
]);

/** The advice for arrays that hold no numbers. */
const otherTypes: Readonly<Record<string, string>> = {
  O: ", Python objects, which are never unpickled: save an array of numbers",
  U: ", text: save numbers, such as numpy.unique(a, return_inverse=True)[1]",
  S: ", text: save numbers, such as numpy.unique(a, return_inverse=True)[1]",
};

/**
 * Reads an .npy file of version 1.0 or 2.0: bool, whole numbers of 8 to 64 bits, float16 (as float32), float32 and float64,
 * of either byte order. An array in Fortran order is brought into C order.
 *
 * @throws FormatError with file name and byte offset, also when the file is longer or shorter than its shape says.
 */
export function parseNpy(bytes: Uint8Array, { name }: { readonly name: string }): NumericArray {
  const bad = (at: number, expected: string, got: unknown): FormatError =>
    new FormatError(`${name}: expected ${expected} at byte ${at}, got ${got}`);
  const wrong = magic.findIndex((byte, i) => bytes[i] !== byte);
  if (wrong >= 0) throw bad(wrong, "the magic \\x93NUMPY", bytes[wrong] ?? "the end of the file");
  const [major, minor] = [bytes[6], bytes[7]];
  if (minor === undefined) throw bad(bytes.length, "a version", "the end of the file");
  if ((major !== 1 && major !== 2) || minor !== 0) throw bad(6, "version 1.0 or 2.0", `${major}.${minor}`);
  const headerAt = major === 1 ? 10 : 12;
  if (bytes.length < headerAt) throw bad(bytes.length, "the header length", "the end of the file");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maximumHeader) throw bad(8, `a header of at most ${maximumHeader} bytes`, length);
  const start = headerAt + length;
  if (start > bytes.length) throw bad(8, `a header within the file of ${bytes.length} bytes`, length);

  const { descr, shape, fortran } = parseHeader(String.fromCharCode(...bytes.subarray(headerAt, start)), headerAt, bad);
  const bigEndian = descr.startsWith(">");
  const reading = readings.get(bigEndian ? `<${descr.slice(1)}` : descr);
  if (!reading) {
    const known = [...readings.keys()].map((key) => key.slice(1)).join(" ");
    throw bad(headerAt, `descr one of ${known}`, `${quote(descr)}${otherTypes[descr[1] ?? ""] ?? ""}`);
  }
  const count = elementCount(shape);
  if (shape.length > maximumRank || count === undefined) {
    throw bad(headerAt, `at most ${maximumRank} dimensions and 2^31 numbers`, quote(shape));
  }
  const end = start + count * reading.size;
  if (bytes.length !== end) throw bad(start, `exactly ${end - start} bytes of data`, bytes.length - start);
  const stored = reading.read(bytes, start, end, bigEndian);
  const data = fortran ? rowMajor(stored, shape) : stored;
  if (descr !== "|b1") return { shape, data };
  const other = (data as Uint8Array).findIndex((value) => value > 1);
  if (other >= 0) throw bad(start, "bytes 0 and 1 for false and true", data[other]);
  return { shape, data, bool: true };
}

/** Reads the header, a Python dict of three known entries in any order, and nothing else of Python. */
function parseHeader(
  text: string,
  offset: number,
  bad: (at: number, expected: string, got: unknown) => FormatError,
): { readonly descr: string; readonly shape: number[]; readonly fortran: boolean } {
  let at = 0;
  const fail = (expected: string): FormatError =>
    bad(offset + at, expected, at < text.length ? quote(text.slice(at, at + 16)) : "the end of the header");
  /** Steps over spaces, then over `token` if it is next. */
  const accept = (token: string): boolean => {
    while (text[at] === " ") at++;
    if (!text.startsWith(token, at)) return false;
    at += token.length;
    return true;
  };
  const expect = (token: string): void => {
    if (!accept(token)) throw fail(token.trim() || "a line feed");
  };
  const string = (): string => {
    const mark = accept("'") ? "'" : accept('"') ? '"' : undefined;
    const end = mark === undefined ? -1 : text.indexOf(mark, at);
    if (end < 0) throw fail("a quoted string");
    const value = text.slice(at, end);
    at = end + 1;
    return value;
  };
  const integer = (): number => {
    accept("");
    const first = at;
    while (text[at]! >= "0" && text[at]! <= "9") at++;
    // 15 digits are below 2^53. Python knows no leading zeros.
    if (at === first || at - first > 15 || (text[first] === "0" && at - first > 1)) {
      at = first;
      throw fail("a whole number of at most 15 digits");
    }
    return Number(text.slice(first, at));
  };
  const tuple = (): number[] => {
    const values: number[] = [];
    expect("(");
    while (!accept(")")) {
      values.push(integer());
      // (3) is a number in Python, (3,) a tuple.
      if (!accept(",")) {
        if (values.length < 2) throw fail(",");
        expect(")");
        break;
      }
    }
    return values;
  };

  let descr: string | undefined;
  let shape: number[] | undefined;
  let fortran: boolean | undefined;
  expect("{");
  while (!accept("}")) {
    const key = string();
    expect(":");
    if (key === "descr" && descr === undefined) descr = string();
    else if (key === "shape" && shape === undefined) shape = tuple();
    else if (key === "fortran_order" && fortran === undefined) {
      fortran = accept("True");
      if (!fortran && !accept("False")) throw fail("True or False");
    } else throw fail(`descr, fortran_order and shape once each, not ${quote(key)} as well, before here`);
    if (!accept(",")) {
      expect("}");
      break;
    }
  }
  expect("\n");
  if (at !== text.length) throw fail("the end of the header");
  if (descr === undefined || shape === undefined || fortran === undefined) {
    throw fail("descr, fortran_order and shape before here");
  }
  return { descr, shape, fortran };
}
