// Messages between machines: plain data as JSON, in which typed arrays stand by their numbers, and their bytes beside it. Nothing of it
// can be run.
import { parseJson } from "../codecs/json.ts";
import { FormatError } from "../errors.ts";
import { arrayKind, isPlainObject } from "../kinds.ts";
import { quote } from "../quote.ts";

/** The kinds of arrays that a message may hold. */
type TypedArray = Uint8Array | Int32Array | Float32Array | Float64Array;
interface ArrayClass {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): TypedArray;
}
const kinds: ReadonlyMap<string, ArrayClass> = new Map<string, ArrayClass>([
  ["Uint8Array", Uint8Array],
  ["Int32Array", Int32Array],
  ["Float32Array", Float32Array],
  ["Float64Array", Float64Array],
]);

/** Numbers that JSON does not have. */
const numbers: ReadonlyMap<string, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);

/** The name of the only entry of an object that stands for what JSON does not have. */
const TAG = "$";
const limits = { maximumDepth: 64 };

/** A message: its text, and the arrays that it refers to, in order. */
export interface Wired {
  readonly text: string;
  readonly arrays: readonly TypedArray[];
}

/** Returns the message for a value of numbers, words, lists, plain objects, maps and typed arrays. Throws TypeError for others. */
export function wired(value: unknown): Wired {
  const arrays: TypedArray[] = [];
  return { text: JSON.stringify(written(value, arrays)), arrays };
}

function written(value: unknown, arrays: TypedArray[]): unknown {
  if (typeof value === "number") {
    const name = Object.is(value, -0) ? "-0" : String(value);
    return numbers.has(name) ? { [TAG]: ["number", name] } : value;
  }
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (value === undefined) return { [TAG]: ["undefined"] };
  const kind = arrayKind(value);
  if (kind !== undefined && kinds.has(kind)) {
    arrays.push(value as TypedArray);
    return { [TAG]: [kind, arrays.length - 1] };
  }
  if (Array.isArray(value)) return value.map((entry) => written(entry, arrays));
  if (Object.prototype.toString.call(value) === "[object Map]") {
    const entries = [...(value as ReadonlyMap<unknown, unknown>)].map(([key, entry]) => [
      written(key, arrays),
      written(entry, arrays),
    ]);
    return { [TAG]: ["map", entries] };
  }
  if (isPlainObject(value) && !(TAG in value)) {
    const given = Object.entries(value).filter(([, entry]) => entry !== undefined);
    return Object.fromEntries(given.map(([key, entry]) => [key, written(entry, arrays)]));
  }
  throw new TypeError(`expected plain data, which can be sent to another machine, got ${quote(String(value))}`);
}

/**
 * Returns the value of a message. An array comes out of the bytes that `bytesOf` gives for its number, without a copy.
 *
 * @throws FormatError for a text that is no such message, and for bytes that are no whole number of entries.
 */
export function unwired(text: string, bytesOf: (array: number) => Uint8Array): unknown {
  return read(parseJson(text, "a message", limits), bytesOf);
}

function read(value: unknown, bytesOf: (array: number) => Uint8Array): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((entry) => read(entry, bytesOf));
  if (!(TAG in value)) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, read(entry, bytesOf)]));
  }
  const tagged: unknown = value[TAG];
  if (!Array.isArray(tagged)) throw bad(tagged);
  const [tag, content] = tagged as [unknown, unknown];
  if (tag === "undefined") return undefined;
  if (tag === "number" && numbers.has(content as string)) return numbers.get(content as string);
  if (tag === "map" && Array.isArray(content) && content.every((entry) => Array.isArray(entry) && entry.length === 2)) {
    return new Map(content.map(([key, entry]) => [read(key, bytesOf), read(entry, bytesOf)]));
  }
  const Kind = kinds.get(tag as string);
  if (Kind && Number.isInteger(content)) return arrayOf(Kind, bytesOf(content as number));
  throw bad(tag);
}

function arrayOf(Kind: ArrayClass, bytes: Uint8Array): TypedArray {
  const size = Kind.BYTES_PER_ELEMENT;
  if (bytes.byteLength % size !== 0) {
    throw new FormatError(`a message: expected an array of entries of ${size} bytes, got ${bytes.byteLength} bytes`);
  }
  // Entries begin at multiples of their size.
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new Kind(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / size);
}

function bad(tag: unknown): FormatError {
  return new FormatError(`a message: expected an array, a map or a number, got ${quote(String(tag))}`);
}

/** Returns the bytes of an array, which stay its own. */
export function bytesOf({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** The bytes before a packed message's text: how long the text is, and how many arrays there are. */
const HEAD = 8;

/** Returns a message as one piece of bytes: two numbers of 32 bits, the lengths of arrays, the text, and the arrays. */
export function packed(value: unknown): Uint8Array {
  const { text, arrays } = wired(value);
  const words = new TextEncoder().encode(text);
  const lengths = Float64Array.from(arrays, ({ byteLength }) => byteLength);
  const start = HEAD + lengths.byteLength + words.length;
  const all = new Uint8Array(arrays.reduce((at, { byteLength }) => aligned(at) + byteLength, start));
  new Uint32Array(all.buffer, 0, 2).set([words.length, arrays.length]);
  all.set(bytesOf(lengths), HEAD);
  all.set(words, HEAD + lengths.byteLength);
  let at = start;
  for (const array of arrays) {
    at = aligned(at);
    all.set(bytesOf(array), at);
    at += array.byteLength;
  }
  return all;
}

/** Returns the value of a packed message. Throws FormatError for other bytes. */
export function unpacked(bytes: Uint8Array): unknown {
  // It begins at a multiple of eight bytes, so that its arrays do too.
  const all = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
  const cut = (): FormatError => new FormatError(`a reply: expected a packed message, got ${all.length} other bytes`);
  if (all.length < HEAD) throw cut();
  const [words, count] = [view.getUint32(0, true), view.getUint32(4, true)];
  const textAt = HEAD + 8 * count;
  if (textAt + words > all.length) throw cut();
  const arrays: Uint8Array[] = [];
  let at = textAt + words;
  for (let i = 0; i < count; i++) {
    at = aligned(at);
    const length = view.getFloat64(HEAD + 8 * i, true);
    if (!(Number.isInteger(length) && length >= 0 && at + length <= all.length)) throw cut();
    arrays.push(all.subarray(at, at + length));
    at += length;
  }
  const text = new TextDecoder().decode(all.subarray(textAt, textAt + words));
  return unwired(text, (i) => arrays[i] ?? none(i));
}

function none(i: number): never {
  throw new FormatError(`a message: expected an array of number ${i}, got none`);
}

function aligned(at: number): number {
  return Math.ceil(at / 8) * 8;
}
