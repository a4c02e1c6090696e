// A small distilled set as a text that fits into an address: pixels of 8 or 4 bits, and all else that training on it needs.
//
// The text is base64url of these bytes:
//
//   0xD5, and the version 1
//   a stream of src/codecs/range-coder.ts: the length of the head, the head as JSON (packed-head.ts); mean and std as float64 and
//     learning rates as float32; low and step of the targets' levels and of each image's, as float32; the class of each image, or
//     the levels of all targets, of 8 bits; the levels of the pixels
//   the CRC-32 of all that, the highest byte first
//
// One function says the order of the stream, for writing and for reading.
import { text as checkText, number, optional } from "../checks/checks.ts";
import { type Checks, checkOptions } from "../checks/options.ts";
import { fromBase64url, toBase64url } from "../codecs/base64url.ts";
import { chances, mostBitsPerByte, type RangeCoder, RangeReader, RangeWriter } from "../codecs/range-coder.ts";
import { crc32 } from "../codecs/zip.ts";
import { checkDistilledSet } from "../distill/check-set.ts";
import type { DistilledSet } from "../distill/distilled-set.ts";
import { FormatError } from "../errors.ts";
import { bodyOf, emptyBody, type PackedBody, setOf, targetBits } from "./packed-body.ts";
import { countsOf, headOf, mostPixels, type PackedBits, type PackedHead, parseHead } from "./packed-head.ts";
import { codeText } from "./packed-text.ts";
import { hasSoftTargets } from "./shades.ts";

/** The options of {@link packSet}. */
export interface PackSetOptions {
  /** How many bits a pixel gets: 8 lose nothing that shows, 4 make half of the text. Default 8. */
  readonly bits?: PackedBits | undefined;
}

const checks: Checks<PackSetOptions> = { bits: optional(number("4 or 8", (bits) => bits === 4 || bits === 8)) };

const start = Uint8Array.of(0xd5, 1);
const checksumBytes = 4;
/** The head may have so many bytes, which its length says in two. */
const mostHead = 2 ** 16 - 1;
/** A longer text is no packed set, whatever it says. */
const mostLetters = 2 ** 22;
const name = "packed set";

/**
 * Packs a set into a text of letters, digits, "-" and "_", for example for the fragment of an address: `page#set=<text>`. Each image
 * keeps its smallest to largest value, with a few of the outermost cut off, in 2^bits even levels. Targets that are not one-hot take
 * 8 bits; learning rates, mean, std, protocol and recipe are kept as they are. The same set gives the same text on every host. What
 * networks learn from the set changes a little: test what `unpackSet` gives.
 *
 * @throws TypeError or RangeError for an invalid set (see `distilledToSafetensors`); RangeError for more than 2^20 numbers in the
 * images, and for a recipe of more than 64 KB.
 * @example
 * const text = packSet(set, { bits: 4 });
 * const address = `https://example.org/demo/#set=${text}`;
 * const { mean } = await evaluate({ set: unpackSet(text), model: lenet(), test });
 */
export function packSet(set: DistilledSet, options: PackSetOptions = {}): string {
  checkOptions(options, checks);
  const bits = options.bits ?? 8;
  checkDistilledSet("set", set);
  const head = headOf(set, bits, !hasSoftTargets(set));
  const counts = countsOf(head);
  if (!counts) {
    throw new RangeError(
      `"set.images" expected a set small enough for an address, of at most ${mostPixels} numbers, got ${set.images.length}`,
    );
  }
  const json = new TextEncoder().encode(JSON.stringify(head));
  if (json.length > mostHead) {
    throw new RangeError(`"set.recipe" expected at most ${mostHead} bytes as JSON, got ${json.length}`);
  }
  const writer = new RangeWriter();
  codeHead(writer, json);
  codeBody(writer, head, bodyOf(set, head));
  const coded = writer.finish();
  const bytes = new Uint8Array(start.length + coded.length + checksumBytes);
  bytes.set(start);
  bytes.set(coded, start.length);
  const end = bytes.length - checksumBytes;
  new DataView(bytes.buffer).setUint32(end, crc32(bytes.subarray(0, end)));
  return toBase64url(bytes);
}

/**
 * Reads what `packSet` wrote. The recipe of the set has `packed: { bits }`, so that its digest never passes for that of the set
 * before.
 *
 * @throws FormatError for any other text; it takes memory in proportion to the text.
 * @example
 * const set = unpackSet(new URLSearchParams(location.hash.slice(1)).get("set") ?? "");
 */
export function unpackSet(text: string): DistilledSet {
  checkText("text", text);
  if (text.length > mostLetters) throw bad(`at most ${mostLetters} letters`, text.length);
  const bytes = fromBase64url(text, name);
  const end = bytes.length - checksumBytes;
  if (end < start.length) throw bad("a beginning and a checksum", `${bytes.length} bytes`);
  if (bytes[0] !== start[0]) throw bad("the byte d5 first, which every packed set begins with", bytes[0]!.toString(16));
  if (bytes[1] !== start[1]) throw bad("version 1: a newer version of this library may read it", bytes[1]);
  if (new DataView(bytes.buffer).getUint32(end) !== crc32(bytes.subarray(0, end))) {
    throw bad("the checksum of what it holds: a part of it is missing or changed", "another");
  }
  const reader = new RangeReader(bytes.subarray(start.length, end), name);
  const head = parseHead(decodedHead(reader), name);
  const counts = countsOf(head);
  if (!counts) throw bad(`sizes of at most ${mostPixels} numbers`, "more");
  // What the head claims is looked at before memory is taken for it.
  if (counts.images * counts.size * head.bits > mostBitsPerByte * bytes.length) {
    throw bad(`${counts.images} images of ${counts.size} numbers`, `${bytes.length} bytes, which cannot hold them`);
  }
  const body = emptyBody(head);
  codeBody(reader, head, body);
  reader.end();
  const beyond = body.labels.find((label) => label >= head.classes);
  if (beyond !== undefined) throw bad(`classes below ${head.classes}`, beyond);
  return checked(setOf(head, body));
}

function bad(expected: string, got: unknown): FormatError {
  return new FormatError(`${name}: expected ${expected}, got ${got}`);
}

/** Refuses values that no set may hold, which only a forger can pack. */
function checked(set: DistilledSet): DistilledSet {
  try {
    return checkDistilledSet("set", set);
  } catch (cause) {
    throw new FormatError(`${name}: ${(cause as Error).message}`, { cause });
  }
}

function codeHead(coder: RangeCoder, json: Uint8Array): void {
  const length = chances(1, 8);
  for (const byte of [json.length >> 8, json.length & 255]) coder.code(length, 0, 8, byte);
  codeText(coder, json);
}

function decodedHead(reader: RangeReader): string {
  const length = chances(1, 8);
  const json = new Uint8Array(reader.code(length, 0, 8) * 256 + reader.code(length, 0, 8));
  codeText(reader, json);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json);
  } catch (cause) {
    throw new FormatError(`${name}: expected UTF-8 in its head`, { cause });
  }
}

/** The bits that tell so many classes apart: by whole numbers, because a host's logarithm may miss those of a power of 2. */
function bitsOfLabels(classes: number): number {
  return Math.max(1, 32 - Math.clz32(classes - 1));
}

/** The order of the stream behind the head: values are written as they stand in `body`, or read into it. */
function codeBody(coder: RangeCoder, { bits, shape, classes }: PackedHead, body: PackedBody): void {
  const all = (values: Uint8Array | Uint16Array, width: number): void => {
    const tree = chances(1, width);
    for (let i = 0; i < values.length; i++) values[i] = coder.code(tree, 0, width, values[i]!);
  };
  all(body.exact, 8);
  all(new Uint8Array(body.scales.buffer), 8);
  all(body.labels, bitsOfLabels(classes));
  all(body.targets, targetBits);
  codePixels(coder, body.pixels, bits, shape[2]);
}

/** Pixels are coded by what their neighbours to the left and above are, weighted 3 to 1 for the nearer ones. */
function codePixels(coder: RangeCoder, pixels: Uint8Array, bits: number, width: number): void {
  const tree = chances(16, bits);
  const middle = 1 << (bits - 1);
  for (let i = 0; i < pixels.length; i++) {
    const left = i < 1 ? middle : pixels[i - 1]!;
    const above = i < width ? middle : pixels[i - width]!;
    const corner = i < width + 1 ? middle : pixels[i - width - 1]!;
    const other = i < width ? middle : pixels[i - width + 1]!;
    const context = (3 * left + 3 * above + corner + other) >> (bits - 1);
    pixels[i] = coder.code(tree, context, bits, pixels[i]!);
  }
}
