// USPS digits as "The Elements of Statistical Learning" lays them out: a line of text for each image, its label and then
// 16 × 16 values from −1 to 1, row by row.
import { byteSource, optional, text } from "../../checks/checks.ts";
import { type Checks, checkOptions } from "../../checks/options.ts";
import { maybeGunzip } from "../../codecs/gzip.ts";
import { FormatError } from "../../errors.ts";
import { quote } from "../../quote.ts";
import { type ByteSource, bytesOf } from "../data-file.ts";
import type { Dataset, LabelledPixels, Normalization } from "../dataset.ts";
import type { LabelOptions } from "../labels.ts";
import { datasetOf } from "../normalize.ts";
import { labelChecks, normalizationChecks } from "../options.ts";

const side = 16;
const values = side * side;
const classes = 10;
const maximumBytes = 2 ** 26;
/** A line is at least a digit and, for each value, a space and a digit. */
const shortestLine = 1 + 2 * values;
const number = /^-?\d{1,3}(\.\d{1,9})?$/;

/** The options of `loadUsps`. */
export interface LoadUspsOptions extends Normalization, LabelOptions {
  /** The text, gzipped or not. */
  readonly bytes: ByteSource;
  /** The name of the data set. Default "usps". */
  readonly name?: string | undefined;
  /** The file's name in errors. Default: `name`. */
  readonly fileName?: string | undefined;
}

const uspsChecks: Checks<LoadUspsOptions> = {
  bytes: byteSource,
  name: optional(text),
  fileName: optional(text),
  ...normalizationChecks,
  ...labelChecks,
};

/** Reads the images of `loadUsps`, without normalising them. */
export async function readUsps(options: LoadUspsOptions): Promise<LabelledPixels> {
  checkOptions(options, uspsChecks);
  const { bytes, name = "usps", fileName = name } = options;
  const from = options.labelsFrom ?? 0;
  const text = await maybeGunzip(await bytesOf(bytes), { name: fileName, maximumBytes });
  if (text.length > maximumBytes) {
    throw new FormatError(`${fileName}: expected at most ${maximumBytes} bytes, got ${text.length}`);
  }
  const most = Math.ceil(text.length / shortestLine);
  const pixels = new Uint8Array(most * values);
  const labels = new Uint8Array(most);
  let count = 0;
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf(0x0a, start);
    const end = found < 0 ? text.length : found;
    // A line has 257 numbers of at most 14 characters; a longer one is not worth splitting.
    const line = String.fromCharCode(...text.subarray(start, Math.min(end, start + 16 * (values + 1)))).trim();
    const bad = (expected: string, got: unknown): FormatError =>
      new FormatError(`${fileName}: expected ${expected} in line ${count + 1} at byte ${start}, got ${got}`);
    const fields = line.split(/[ \t]+/);
    if (fields.length !== values + 1) throw bad(`a label and ${values} values`, `${fields.length} fields`);
    const label = number.test(fields[0]!) ? Number(fields[0]) : Number.NaN;
    if (!Number.isInteger(label) || label < from || label >= from + classes) {
      throw bad(`a label from ${from} to ${from + classes - 1}`, quote(fields[0]));
    }
    labels[count] = label - from;
    for (let p = 0; p < values; p++) {
      const field = fields[p + 1]!;
      const value = number.test(field) ? Number(field) : Number.NaN;
      if (!(value >= -1 && value <= 1)) throw bad(`a value from -1 to 1 as field ${p + 2}`, quote(field));
      pixels[count * values + p] = Math.round(((value + 1) / 2) * 255);
    }
    count++;
    start = end + 1;
  }
  if (count === 0) throw new FormatError(`${fileName}: expected lines of digits at byte 0, got an empty file`);
  const size = { channels: 1, height: side, width: side, classes };
  return { name, pixels: pixels.slice(0, count * values), labels: labels.slice(0, count), ...size };
}

/**
 * Reads USPS digits (`zip.train.gz`, `zip.test.gz`), 1 × 16 × 16, from text. The values v in −1..1 become the nearest byte to
 * 255 (v + 1) / 2, because they are not multiples of a grey level: on the set's 9,298 images the largest change is half a
 * grey level, 0.0039 of the range from −1 to 1. Use `resized` for 28 × 28.
 *
 * @throws FormatError with file name, line and byte offset.
 * @example
 * const train = await loadUsps({ bytes: await readFile("zip.train.gz") });
 */
export async function loadUsps(options: LoadUspsOptions): Promise<Dataset> {
  return datasetOf(await readUsps(options), options);
}
