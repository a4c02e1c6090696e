// Writes .mat files of version 5 for tests, after "MAT-File Format" by MathWorks.

import { deflateSync } from "node:zlib";
import { ascii, concat } from "./hostile.ts";

/** The layout of a file, for what its format leaves open. */
export interface MatChoices {
  readonly bigEndian?: boolean;
  readonly compressed?: boolean;
  /** The class, by its number: 6 double, 9 uint8, … */
  readonly kind?: number;
  /** Bits for the flags: 8 for complex numbers. */
  readonly flag?: number;
}

const storages = new Map<unknown, number>([
  [Int8Array, 1],
  [Uint8Array, 2],
  [Int16Array, 3],
  [Uint16Array, 4],
  [Int32Array, 5],
  [Uint32Array, 6],
  [Float32Array, 7],
  [Float64Array, 9],
  [BigInt64Array, 12],
  [BigUint64Array, 13],
]);

/** Makes a typed array of numbers. */
export type MatData =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

function word(value: number, bigEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, !bigEndian);
  return bytes;
}

/** Writes an element of this type; up to four bytes lie in the tag, as MATLAB writes them. */
function element(type: number, content: Uint8Array, bigEndian: boolean): Uint8Array {
  const size = content.length;
  if (size > 0 && size <= 4) return concat(word(size * 65_536 + type, bigEndian), content, new Uint8Array(4 - size));
  return concat(word(type, bigEndian), word(size, bigEndian), content, new Uint8Array((8 - (size % 8)) % 8));
}

function numberBytes(data: MatData, bigEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  const size = data.BYTES_PER_ELEMENT;
  if (bigEndian) for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  return bytes;
}

/** Writes one variable with its tag, its numbers in MATLAB's order. */
export function variable(
  name: string,
  shape: readonly number[],
  data: MatData,
  { bigEndian = false, compressed = false, kind = 9, flag = 0 }: MatChoices = {},
): Uint8Array {
  const content = concat(
    element(6, concat(word(flag * 256 + kind, bigEndian), word(0, bigEndian)), bigEndian),
    element(5, numberBytes(Int32Array.from(shape), bigEndian), bigEndian),
    element(1, ascii(name), bigEndian),
    element(storages.get(data.constructor)!, numberBytes(data, bigEndian), bigEndian),
  );
  const matrix = concat(word(14, bigEndian), word(content.length, bigEndian), content);
  return compressed ? packed(matrix, bigEndian) : matrix;
}

/** Writes any bytes as a compressed variable. */
export function packed(matrix: Uint8Array, bigEndian: boolean = false): Uint8Array {
  const body = deflateSync(matrix);
  return concat(word(15, bigEndian), word(body.length, bigEndian), body);
}

/** Writes a file of these variables. */
export function mat(variables: readonly Uint8Array[], { bigEndian = false }: MatChoices = {}): Uint8Array {
  const text = ascii("MATLAB 5.0 MAT-file, Platform: test".padEnd(116));
  const version = bigEndian ? [1, 0, 0x4d, 0x49] : [0, 1, 0x49, 0x4d];
  return concat(text, new Uint8Array(8), version, ...variables);
}
