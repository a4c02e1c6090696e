// Tables of pixels as text: a line for each image, its label and then its pixels row by row (Kaggle's MNIST, sign-MNIST), or the
// label last. The numbers are read byte by byte, because a line split into strings takes many times its memory.
import { checkOptions } from "../../checks/options.ts";
import { maybeGunzip } from "../../codecs/gzip.ts";
import { FormatError } from "../../errors.ts";
import { quote } from "../../quote.ts";
import { type DataFile, nameOf, readDataFile } from "../data-file.ts";
import type { DatasetSplit, LabelledPixels } from "../dataset.ts";
import { classOf, type LabelOptions, labelFault } from "../labels.ts";
import { checkFiles, loadChecks } from "../options.ts";
import { checkWhites, type White, whiteOf } from "./grey-levels.ts";
import { fileOfEachPart, type PartsOptions, withParts } from "./parts.ts";

/** One label and 1,024 × 1,024 pixels. */
const maximumColumns = 2 ** 20 + 1;
/** A longer field cannot be a pixel or a label. */
const longestField = 40;
/** In a table without a header, a first column with larger values is taken for pixels. */
const largestPlausibleLabel = 127;
const number = /^[+-]?(\d{1,17}\.?\d{0,20}|\.\d{1,20})(e[+-]?\d{1,2})?$/i;
const labelName = /^(label|labels|class|target|y|digit)$/i;
const [newline, carriageReturn, zero, nine] = [0x0a, 0x0d, 0x30, 0x39];

/** Returns whether any of these is a table of comma-separated values. */
export function isCsv(files: readonly DataFile[]): boolean {
  return files.some(({ path }) => isTable(path));
}

function isTable(path: string): boolean {
  return /^[^/]+\.csv(\.gz)?$/i.test(path);
}

/**
 * Reads square grey images from .csv files, gzipped or not. Each line holds a label and the pixels of an image, 0 to 255 or 0 to 1,
 * row by row. "train" and "test" in the names of the files say which part is which; a test part without labels is left out.
 *
 * A header says where the label is, first or last, by calling it label, class, target, digit or y. Without such a name it is
 * first, unless the first column cannot be labels (all the same, or above 127) and the last can.
 *
 * @throws FormatError that names file and line for fields that are not such numbers, and lines with more or fewer fields.
 * @example
 * const { train, test } = await loadCsv([{ path: "train.csv", bytes: file }]);
 */
export async function loadCsv(
  files: readonly DataFile[],
  options: PartsOptions & LabelOptions = {},
): Promise<DatasetSplit> {
  checkFiles("files", files);
  checkOptions(options, loadChecks);
  const { name = "csv", source = name, onNotice } = options;
  const from = options.labelsFrom ?? 0;
  const { train, test } = fileOfEachPart(
    files.filter(({ path }) => isTable(path)),
    { ...options, source },
  );
  const read = async (file: DataFile): Promise<Table | undefined> =>
    readTable(await maybeGunzip(await readDataFile(file), { name: nameOf(file) }), nameOf(file), name, from, onNotice);
  const training = await read(train);
  if (training === undefined) {
    throw new FormatError(`${nameOf(train)}: found pixels without a label; expected a label as first or last column`);
  }
  const held = test && (await read(test));
  if (test && !held) onNotice?.(`${nameOf(test)}: left out, because it has no labels`);
  checkWhites(training.white, held?.white, source);
  return withParts(training.images, held?.images, { ...options, source });
}

interface Table {
  readonly images: LabelledPixels;
  readonly white: White | undefined;
}

/** Reads the images of a table; undefined when its lines hold only pixels. */
function readTable(
  bytes: Uint8Array,
  file: string,
  name: string,
  from: number,
  onNotice: PartsOptions["onNotice"],
): Table | undefined {
  const { reader, header } = openTable(bytes, file);
  const { columns } = reader;
  const side = Math.round(Math.sqrt(columns - 1));
  if (columns > 1 && Math.sqrt(columns) % 1 === 0) return undefined;
  if (columns < 2 || side * side !== columns - 1) {
    throw new FormatError(
      `${file}: found ${columns} columns; expected a label and the pixels of a square grey image, such as 785 for 28 × 28 ` +
        "(save other images as .npz)",
    );
  }
  const { rows, inside, first, last } = survey(reader);
  if (rows === 0) throw new FormatError(`${file}: expected a line for each image, got none`);
  const label = header ?? (isLabels(last) && !isLabels(first) ? "last" : "first");
  if (header === undefined) onNotice?.(`${file}: no column is called label, so the ${label} one is taken for it`);
  const edge = label === "first" ? last : first;
  const most = Math.max(inside.most, edge.most);
  const white = whiteOf(Math.min(inside.least, edge.least), most, `${file}: pixels`);

  const pixels = new Uint8Array(rows * side * side);
  const labels = new Uint8Array(rows);
  const [labelAt, pixelsAt] = label === "first" ? [0, 1] : [columns - 1, 0];
  const scale = 255 / white;
  reader.rewind();
  let [classes, at] = [1, 0];
  for (let row = 0; reader.next(); row++) {
    const label = classOf(reader.values[labelAt]!, from);
    if (label === undefined) {
      throw new FormatError(`${file}: expected ${labelFault(reader.values[labelAt]!, from, `in line ${reader.line}`)}`);
    }
    labels[row] = label;
    classes = Math.max(classes, label + 1);
    for (let p = 0; p < columns - 1; p++) pixels[at++] = Math.round(reader.values[pixelsAt + p]! * scale);
  }
  const images = { name, pixels, labels, channels: 1, height: side, width: side, classes };
  return { images, white: most === 0 ? undefined : white };
}

/** The range of the values of some columns. */
interface Range {
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

function isLabels({ least, most, whole }: Range): boolean {
  return whole && least < most && most <= largestPlausibleLabel;
}

const noValues: Range = { least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY, whole: true };

function widened({ least, most, whole }: Range, value: number): Range {
  return { least: Math.min(least, value), most: Math.max(most, value), whole: whole && Number.isInteger(value) };
}

/** Surveys the whole table: counts the rows, and finds the ranges of the first column, the last one, and those between. */
function survey(reader: RowReader): { rows: number; first: Range; last: Range; inside: Omit<Range, "whole"> } {
  const { values, columns } = reader;
  let [rows, first, last] = [0, noValues, noValues];
  let { least, most } = noValues;
  while (reader.next()) {
    rows++;
    first = widened(first, values[0]!);
    last = widened(last, values[columns - 1]!);
    for (let i = 1; i < columns - 1; i++) {
      if (values[i]! < least) least = values[i]!;
      if (values[i]! > most) most = values[i]!;
    }
  }
  return { rows, first, last, inside: { least, most } };
}

/** Opens the table in `bytes`, and finds where its header says that the label is. */
function openTable(
  bytes: Uint8Array,
  file: string,
): { readonly reader: RowReader; readonly header: "first" | "last" | undefined } {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const found = bytes.indexOf(newline, start);
  const end = found < 0 ? bytes.length : found;
  const line = bytes.subarray(start, end);
  const delimiter = [",", ";", "\t"].map((mark) => mark.charCodeAt(0)).find((mark) => line.includes(mark)) ?? 0x2c;
  let columns = 1;
  for (const byte of line) if (byte === delimiter) columns++;
  if (columns > maximumColumns) {
    throw new FormatError(`${file}: expected at most ${maximumColumns} fields in line 1, got ${columns}`);
  }
  if (!bytes.subarray(start).some((byte) => byte > 0x20)) {
    throw new FormatError(`${file}: expected a line for each image, got an empty file`);
  }
  const { first, last, names, labels } = headerOf(line, delimiter);
  const open = (firstByte: number, firstLine: number): RowReader =>
    new RowReader(bytes, firstByte, firstLine, columns, delimiter, file);
  const isHeader = labels.length > 0 || names > columns / 2;
  if (number.test(first) && number.test(last) && labels.length === 0) {
    // pandas calls columns without a name 0, 1, 2, …; so many consecutive numbers are not pixels.
    const counts = columns > 64 && Number(last) - Number(first) === columns - 1;
    return { reader: counts ? open(end + 1, 2) : open(start, 1), header: undefined };
  }
  if (first === "") {
    throw new FormatError(
      `${file}: found a first column without a name in line 1; expected the label or a pixel: save the table without its ` +
        "row numbers (in pandas, index=False)",
    );
  }
  if (!isHeader) return { reader: open(start, 1), header: undefined };
  const [label] = labels;
  if (labels.length > 1 || (label !== undefined && label !== 0 && label !== columns - 1)) {
    const found = labels.slice(0, 8).map((column) => column + 1);
    throw new FormatError(
      `${file}: found the label in column ${found.join(" and ")} of ${columns}; expected one, the first or the last column`,
    );
  }
  return { reader: open(end + 1, 2), header: label === undefined ? undefined : label === 0 ? "first" : "last" };
}

/** Reads the first line: its first and last field, how many fields are not numbers, and which are names of labels. */
function headerOf(
  line: Uint8Array,
  delimiter: number,
): { readonly first: string; readonly last: string; readonly names: number; readonly labels: readonly number[] } {
  let [first, last, names, column] = ["", "", 0, 0];
  const labels: number[] = [];
  for (let from = 0; from <= line.length; column++) {
    const found = line.indexOf(delimiter, from);
    const to = found < 0 ? line.length : found;
    last = fieldText(line.subarray(from, to));
    if (column === 0) first = last;
    if (!number.test(last)) names++;
    if (labelName.test(last)) labels.push(column);
    from = to + 1;
  }
  return { first, last, names, labels };
}

/** Returns a field without the spaces and quotes around it. */
function fieldText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 2 * longestField))
    .trim()
    .replace(/^"(.*)"$/, "$1");
}

/** Reads a table line by line into the same memory. */
class RowReader {
  readonly columns: number;
  /** The fields of the line read last. */
  readonly values: Float64Array;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #firstLine: number;
  readonly #delimiter: number;
  readonly #file: string;
  #at: number;
  #line: number;

  constructor(bytes: Uint8Array, start: number, firstLine: number, columns: number, delimiter: number, file: string) {
    this.columns = columns;
    this.values = new Float64Array(columns);
    this.#bytes = bytes;
    this.#start = start;
    this.#firstLine = firstLine;
    this.#delimiter = delimiter;
    this.#file = file;
    this.#at = start;
    this.#line = firstLine - 1;
  }

  /** The number of the line read last, from 1. */
  get line(): number {
    return this.#line;
  }

  /** Goes back to the first line. */
  rewind(): void {
    this.#at = this.#start;
    this.#line = this.#firstLine - 1;
  }

  /** Makes the error that says what was expected of the line read last. */
  bad(expected: string, got: unknown): FormatError {
    return new FormatError(`${this.#file}: expected ${expected} in line ${this.#line}, got ${got}`);
  }

  /** Reads the next line that is not blank into `values`; false at the end. */
  next(): boolean {
    const bytes = this.#bytes;
    for (; this.#at < bytes.length; this.#at++) {
      this.#line++;
      if (bytes[this.#at] === carriageReturn && bytes[this.#at + 1] === newline) this.#at++;
      if (bytes[this.#at] !== newline) break;
    }
    if (this.#at >= bytes.length) return false;
    const delimiter = this.#delimiter;
    let at = this.#at;
    for (let column = 0; ; column++) {
      const from = at;
      let value = 0;
      let plain = true;
      // Beyond the end the byte is `undefined`, which is neither a digit nor a separator.
      let byte = bytes[at]!;
      for (; at < bytes.length && byte !== delimiter && byte !== newline; byte = bytes[++at]!) {
        if (byte >= zero && byte <= nine) value = 10 * value + byte - zero;
        else plain = false;
      }
      if (column >= this.columns) {
        throw this.bad(`${this.columns} fields, as in the first line,`, "more");
      }
      if (!plain || at === from || at - from > 15) value = this.#number(from, at, column);
      if (!(value >= 0 && value <= 255)) throw this.bad(`0 to 255 as field ${column + 1}`, value);
      this.values[column] = value;
      if (byte !== delimiter || at >= bytes.length) {
        if (column + 1 < this.columns) throw this.bad(`${this.columns} fields, as in the first line,`, column + 1);
        this.#at = at + 1;
        return true;
      }
      at++;
    }
  }

  #number(from: number, to: number, column: number): number {
    const text = fieldText(this.#bytes.subarray(from, to));
    if (to - from <= 2 * longestField && number.test(text)) return Number(text);
    throw this.bad(`a number as field ${column + 1}`, quote(text));
  }
}
