// MATLAB's .mat files of version 5, as `save` writes them by default and with -v6 and -v7: named arrays, each a tree of tagged
// elements, mostly compressed with zlib. Only dense arrays of real numbers are read. Source: MathWorks, "MAT-File Format".

import { FormatError } from "../errors.ts";
import { quote } from "../quote.ts";
import { inflate, inflatePrefix, unpackedLimit } from "./gzip.ts";
import { type ArrayData, copyNumbers, elementCount } from "./npy.ts";

/** A dense array in Fortran order (first dimension fastest), as MATLAB stores it. */
export interface MatArray {
  readonly shape: readonly number[];
  readonly data: ArrayData;
}

/** A variable of the file; its numbers are unpacked when `read` is called. */
export interface MatVariable {
  /** The name of its class in MATLAB: double, uint8, struct, … */
  readonly kind: string;
  readonly shape: readonly number[];
  /** Throws a FormatError that names the variable when it is damaged or not a dense array of real numbers. */
  readonly read: () => Promise<MatArray>;
}

type Bad = (at: number, expected: string, got: unknown) => FormatError;

const headerBytes = 128;
/** Bytes that hold the start of a variable: tag, flags, at most 32 dimensions and a name, which MATLAB limits to 63. */
const prefixBytes = 512;
const maximumRank = 32;
const maximumVariables = 1000;
const longestName = 63;
const [miInt8, miInt32, miUint32, miMatrix, miCompressed] = [1, 5, 6, 14, 15];

/** The classes of arrays, numbered from 1. */
const kinds = (
  "cell struct object char sparse double single int8 uint8 int16 uint16 int32 uint32 int64 uint64 " +
  "function_handle opaque"
).split(" ");
const numericKinds = new Set(kinds.slice(5, 15));

/** The stored types of numbers; they may be smaller than those of the class. */
const storages: Readonly<Record<number, { new (buffer: ArrayBuffer): ArrayData; readonly BYTES_PER_ELEMENT: number }>> =
  {
    1: Int8Array,
    2: Uint8Array,
    3: Int16Array,
    4: Uint16Array,
    5: Int32Array,
    6: Uint32Array,
    7: Float32Array,
    9: Float64Array,
    12: BigInt64Array,
    13: BigUint64Array,
  };

/** The options of `openMat`. */
export interface OpenMatOptions {
  readonly name: string;
  /** Limit on the bytes of a variable. Default 2 GiB. */
  readonly maximumBytes?: number;
}

/**
 * Lists the variables of a .mat file of version 5, in the order of the file.
 *
 * @throws FormatError with file name and byte offset; for files of versions 4 and 7.3 it says how to save them again.
 */
export async function openMat(
  bytes: Uint8Array,
  { name, maximumBytes = 2 ** 31 - 1 }: OpenMatOptions,
): Promise<Map<string, MatVariable>> {
  const bad: Bad = (at, expected, got) => new FormatError(`${name}: expected ${expected} at byte ${at}, got ${got}`);
  const littleEndian = byteOrder(bytes, name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const variables = new Map<string, MatVariable>();
  let count = 0;
  for (let next = headerBytes; next < bytes.length; ) {
    const at = next;
    if (at + 8 > bytes.length) throw bad(at, "a tag of 8 bytes", "the end of the file");
    if (++count > maximumVariables) throw bad(at, `at most ${maximumVariables} variables`, "more");
    const [type, size] = [view.getUint32(at, littleEndian), view.getUint32(at + 4, littleEndian)];
    const end = at + 8 + size;
    if (type !== miMatrix && type !== miCompressed) throw bad(at, "a variable (type 14 or 15)", type);
    if (end > bytes.length) throw bad(at + 4, `a variable within the file of ${bytes.length} bytes`, size);
    const content = bytes.subarray(type === miMatrix ? at : at + 8, end);
    const matrix = type === miMatrix ? content : await inflatePrefix(content, "deflate", prefixBytes, name);
    // From here on offsets count from the start of the variable: compressed data have no other place in the file.
    const here: Bad = (inner, expected, got) =>
      type === miMatrix
        ? bad(at + inner, expected, got)
        : new FormatError(
            `${name}: expected ${expected} at byte ${inner} of the variable that is packed at byte ${at}, got ${got}`,
          );
    const header = variableHeader(matrix, littleEndian, here);
    const { total } = header;
    if (type === miMatrix ? total !== content.length : total > maximumBytes || total > unpackedLimit(content.length)) {
      throw here(4, `a size that ${content.length} bytes can give`, total);
    }
    if (variables.has(header.name)) throw here(0, "each name once", `${quote(header.name)} again`);
    variables.set(header.name, {
      kind: header.kind,
      shape: header.shape,
      async read() {
        if (!numericKinds.has(header.kind)) {
          throw new FormatError(`${name}: found ${quote(header.name)} of class ${header.kind}; expected numbers`);
        }
        const whole = type === miMatrix ? content : await inflate(content, "deflate", { name, size: total });
        return { shape: header.shape, data: numbers(whole, header, littleEndian, here) };
      },
    });
    next = end;
  }
  return variables;
}

/** Returns whether the file is little-endian; throws when it is not a file of version 5. */
function byteOrder(bytes: Uint8Array, name: string): boolean {
  const start = String.fromCharCode(...bytes.subarray(0, 10));
  const advice = `save it again in MATLAB with save(file, "X", "y", "-v7"), or as .npz in Python`;
  if (start === "MATLAB 7.3" || start.startsWith("\x89HDF")) {
    throw new FormatError(`${name}: found a .mat file of version 7.3, which is HDF5; expected version 5: ${advice}`);
  }
  const order = String.fromCharCode(...bytes.subarray(126, 128));
  const version = order === "IM" ? bytes[125] : bytes[124];
  if ((order === "IM" || order === "MI") && version === 1) return order === "IM";
  const found = bytes.length < headerBytes ? `${bytes.length} bytes` : "another file, perhaps of version 4";
  throw new FormatError(`${name}: found ${found}; expected a .mat file of version 5: ${advice}`);
}

/** An element: where its content is, and where the next element begins. */
interface Element {
  readonly type: number;
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

function elementAt(bytes: Uint8Array, at: number, limit: number, littleEndian: boolean, bad: Bad): Element {
  if (at + 8 > limit) throw bad(at, "a tag of 8 bytes", "the end of the variable");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = view.getUint32(at, littleEndian);
  // Up to four bytes of content lie in the tag itself; their number then is in the first half of the tag.
  const small = word >>> 16;
  const size = small > 0 ? small : view.getUint32(at + 4, littleEndian);
  const start = small > 0 ? at + 4 : at + 8;
  const end = start + size;
  if (small > 4 || end > limit) throw bad(at, `an element that ends by byte ${limit}`, `${size} bytes`);
  return { type: word & 0xffff, start, end, next: small > 0 ? at + 8 : start + Math.ceil(size / 8) * 8 };
}

interface Header {
  /** The size of the variable with its tag, in bytes. */
  readonly total: number;
  readonly name: string;
  readonly kind: string;
  readonly shape: readonly number[];
  readonly complex: boolean;
  /** The offset of the tag of its numbers. */
  readonly numbersAt: number;
}

/** Reads the header in the first bytes of a variable. */
function variableHeader(bytes: Uint8Array, littleEndian: boolean, bad: Bad): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 16 || view.getUint32(0, littleEndian) !== miMatrix) {
    throw bad(0, "an array (type 14)", bytes.length < 16 ? `${bytes.length} bytes` : view.getUint32(0, littleEndian));
  }
  const total = 8 + view.getUint32(4, littleEndian);
  const limit = Math.min(total, bytes.length);
  const flags = elementAt(bytes, 8, limit, littleEndian, bad);
  if (flags.type !== miUint32 || flags.end - flags.start !== 8) throw bad(8, "8 bytes of array flags", flags.type);
  const word = view.getUint32(flags.start, littleEndian);
  const kind = kinds[(word & 255) - 1];
  if (kind === undefined) throw bad(flags.start, `a class from 1 to ${kinds.length}`, word & 255);
  // Objects of MATLAB's newer kind have no dimensions; their name comes next.
  const isOpaque = kind === "opaque";
  const dimensions = isOpaque ? flags : elementAt(bytes, flags.next, limit, littleEndian, bad);
  const rank = isOpaque ? 0 : (dimensions.end - dimensions.start) / 4;
  if (!isOpaque && (dimensions.type !== miInt32 || !Number.isInteger(rank) || rank < 2 || rank > maximumRank)) {
    throw bad(flags.next, `2 to ${maximumRank} dimensions`, rank);
  }
  const shape = Array.from({ length: rank }, (_, i) => view.getInt32(dimensions.start + 4 * i, littleEndian));
  const called = elementAt(bytes, dimensions.next, limit, littleEndian, bad);
  if (called.type !== miInt8) throw bad(dimensions.next, "a name", called.type);
  if (called.end - called.start > longestName) {
    throw bad(dimensions.next, `a name of at most ${longestName} characters`, called.end - called.start);
  }
  return {
    ...{ total, kind, shape, complex: (word & 0x800) !== 0, numbersAt: called.next },
    name: String.fromCharCode(...bytes.subarray(called.start, called.end)),
  };
}

function numbers(bytes: Uint8Array, header: Header, littleEndian: boolean, bad: Bad): ArrayData {
  const { name, shape, complex, numbersAt } = header;
  const count = elementCount(shape);
  if (count === undefined) throw bad(numbersAt, "sizes from 0 on, in all below 2^31", quote(shape));
  if (complex) throw bad(numbersAt, `real numbers in ${quote(name)}`, "complex ones");
  const { type, start, end } = elementAt(bytes, numbersAt, bytes.length, littleEndian, bad);
  const Data = storages[type];
  if (Data === undefined) throw bad(numbersAt, `numbers in ${quote(name)}`, `type ${type}`);
  if (end - start !== count * Data.BYTES_PER_ELEMENT) {
    throw bad(
      numbersAt,
      `${count} numbers of ${Data.BYTES_PER_ELEMENT} bytes in ${quote(name)}`,
      `${end - start} bytes`,
    );
  }
  return copyNumbers({ Data }, bytes, start, end, !littleEndian);
}
