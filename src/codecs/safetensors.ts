// Hugging Face's .safetensors: 8 bytes of header length, a JSON header, then the numbers. Written by hand because the
// JavaScript libraries for it accept overlapping, missing and repeated tensors; the rules here are those of the
// format's README, with lower limits.
import { FormatError } from "../errors.ts";
import { quote } from "../quote.ts";
import { brainsToFloats, halvesToFloats } from "./half.ts";
import { jsonFromBytes } from "./json.ts";
import {
  type ArrayData,
  bytesOf,
  copyNumbers,
  elementCount,
  type NumericArray,
  numberTypeOf,
  numberTypes,
} from "./npy.ts";

/** Named arrays and the free text that belongs to them. They are maps, so that no name is special. */
export interface Safetensors {
  readonly tensors: Map<string, NumericArray>;
  readonly metadata: Map<string, string>;
}

const maximumHeader = 2 ** 20;
const maximumTensors = 10_000;
const maximumRank = 32;
const metadataKey = "__metadata__";
const quotationMark = 0x22;
const backslash = 0x5c;
const openingBrace = 0x7b;

/**
 * Writes a .safetensors file. Tensors are placed by falling element size, so that each is aligned. The same input gives
 * the same bytes.
 *
 * @throws RangeError for a tensor called `__metadata__`, a name given twice, or more than the reader accepts.
 */
export function writeSafetensors(
  tensors: Iterable<readonly [name: string, tensor: NumericArray]>,
  metadata: Iterable<readonly [key: string, value: string]> = [],
): Uint8Array {
  const list = Array.from(tensors, ([name, tensor]) => ({ name, tensor, type: numberTypeOf(tensor) }));
  list.sort((a, b) => b.type.Data.BYTES_PER_ELEMENT - a.type.Data.BYTES_PER_ELEMENT);
  const names = new Set([metadataKey, ...list.map((t) => t.name)]);
  if (names.size !== list.length + 1) throw new RangeError(`"tensors" expected distinct names, none ${metadataKey}`);
  if (list.length > maximumTensors)
    throw new RangeError(`"tensors" expected at most ${maximumTensors}, got ${list.length}`);

  // The JSON is built by hand: an object would treat a tensor called __proto__ or 7 in its own way.
  const pair = (key: string, value: unknown): string => `${JSON.stringify(key)}:${JSON.stringify(value)}`;
  let end = 0;
  const parts = list.map(({ name, tensor, type }) => {
    const begin = end;
    end += tensor.data.byteLength;
    return pair(name, { dtype: type.safetensors, shape: tensor.shape, data_offsets: [begin, end] });
  });
  const texts = [...new Map(metadata)].map(([key, value]) => pair(key, value));
  if (texts.length > 0) parts.unshift(`${JSON.stringify(metadataKey)}:{${texts.join()}}`);
  const header = new TextEncoder().encode(`{${parts.join()}}`);
  const start = 8 + Math.ceil(header.length / 8) * 8;
  if (start - 8 > maximumHeader)
    throw new RangeError(`"metadata" expected a header of at most ${maximumHeader} bytes, got ${start - 8}`);

  const out = new Uint8Array(start + end).fill(0x20, 8, start);
  new DataView(out.buffer).setBigUint64(0, BigInt(start - 8), true);
  out.set(header, 8);
  let at = start;
  for (const { tensor } of list) {
    out.set(bytesOf(tensor.data), at);
    at += tensor.data.byteLength;
  }
  return out;
}

/**
 * Reads tensors of F32, F64, F16 and BF16 (as float32), and whole numbers of 8 to 64 bits, in the order of the file.
 *
 * @throws FormatError with file name and byte offset when the header breaks the format's rules, when a name comes twice,
 * and when the tensors do not fill the file exactly, without holes or overlap.
 */
export function parseSafetensors(bytes: Uint8Array, { name }: { readonly name: string }): Safetensors {
  const bad: Bad = (at, expected, got) => new FormatError(`${name}: expected ${expected} at byte ${at}, got ${got}`);
  if (bytes.length < 10) throw bad(bytes.length, "a header length and a header", "the end of the file");
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(0, true);
  if (length > maximumHeader) throw bad(0, `a header of at most ${maximumHeader} bytes`, length);
  const start = 8 + Number(length);
  if (start > bytes.length) throw bad(0, `a header within the file of ${bytes.length} bytes`, length);

  const { spans, metadata } = parseHeader(bytes.subarray(8, start), name, bad);
  const tensors = new Map<string, NumericArray>();
  let end = 0;
  for (const span of spans.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    const what = `tensor ${quote(span.name)}`;
    if (span.begin !== end)
      throw bad(start + end, `${what} to follow without hole or overlap`, `one at ${start + span.begin}`);
    end = span.end;
    if (start + end > bytes.length) throw bad(bytes.length, `${what} to end at ${start + end}`, "the end of the file");
    const data = span.reading.read(bytes, start + span.begin, start + end);
    tensors.set(span.name, { shape: span.shape, data });
  }
  if (start + end !== bytes.length)
    throw bad(start + end, "the end of the file", `${bytes.length - start - end} bytes more`);
  return { tensors, metadata };
}

type Bad = (at: number, expected: string, got: unknown) => FormatError;

/** How one type of tensors is read: 16-bit floats become float32, which is exact. */
interface Reading {
  readonly size: number;
  readonly read: (bytes: Uint8Array, start: number, end: number) => ArrayData;
}

const halves = { Data: Uint16Array };
const readings: ReadonlyMap<string, Reading> = new Map([
  ...numberTypes.map((type): [string, Reading] => [
    type.safetensors,
    { size: type.Data.BYTES_PER_ELEMENT, read: (...span) => copyNumbers(type, ...span) },
  ]),
  ["F16", { size: 2, read: (...span) => halvesToFloats(copyNumbers(halves, ...span)) }],
  ["BF16", { size: 2, read: (...span) => brainsToFloats(copyNumbers(halves, ...span)) }],
]);

/** Where a tensor's numbers lie, counted from the end of the header. */
interface Span {
  readonly name: string;
  readonly reading: Reading;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function parseHeader(bytes: Uint8Array, file: string, bad: Bad): { spans: Span[]; metadata: Map<string, string> } {
  if (bytes[0] !== openingBrace) throw bad(8, "a header that starts with {", "something else");
  const header = members(jsonFromBytes(bytes, `${file}: header`))!;
  const count = header.filter(([name]) => name !== metadataKey).length;
  if (count > maximumTensors) throw bad(8, `at most ${maximumTensors} tensors`, count);

  const spans: Span[] = [];
  const metadata = new Map<string, string>();
  for (const [name, value] of header) {
    const fields = members(value);
    if (!fields) throw bad(8, `an object for ${quote(name)}`, Array.isArray(value) ? "a list" : typeof value);
    if (name === metadataKey) {
      for (const [key, content] of fields) {
        if (typeof content !== "string") throw bad(8, `a string for ${quote(key)} in ${metadataKey}`, typeof content);
        metadata.set(key, content);
      }
    } else spans.push(parseSpan(name, new Map(fields), bad));
  }
  if (!isWhole(bytes)) throw bad(8, "whole numbers written in digits", "a sign, fraction or exponent");
  return { spans, metadata };
}

function parseSpan(name: string, fields: ReadonlyMap<string, unknown>, bad: Bad): Span {
  const what = `tensor ${quote(name)} with`;
  const [dtype, shape, offsets] = ["dtype", "shape", "data_offsets"].map((key) => fields.get(key));
  if (fields.size !== 3) throw bad(8, `${what} dtype, shape and data_offsets`, quote([...fields.keys()]));
  const reading = readings.get(dtype as string);
  if (!reading) throw bad(8, `${what} dtype one of ${[...readings.keys()].join(" ")}`, quote(dtype));
  const count = isSizes(shape) && shape.length <= maximumRank ? elementCount(shape) : undefined;
  if (!isSizes(shape) || count === undefined) throw bad(8, `${what} a shape of sizes, in all below 2^31`, quote(shape));
  const [begin, end] = isSizes(offsets) && offsets.length === 2 ? (offsets as [number, number]) : [];
  const size = count * reading.size;
  if (begin === undefined || end === undefined || end - begin !== size) {
    throw bad(8, `${what} data_offsets that are ${size} apart`, quote(offsets));
  }
  return { name, reading, shape, begin, end };
}

/** Returns the members of a JSON object, or undefined for any other value. */
function members(value: unknown): [string, unknown][] | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : undefined;
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** Scans valid JSON outside its strings: returns whether all numbers are written in digits only. */
function isWhole(json: Uint8Array): boolean {
  for (let at = 0; at < json.length; at++) {
    const char = String.fromCharCode(json[at]!);
    if (char === '"') {
      while (json[++at] !== quotationMark) if (json[at] === backslash) at++;
    } else if (/[-.eE]/.test(char)) return false;
  }
  return true;
}
