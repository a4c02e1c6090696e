// The idx format of MNIST and Fashion-MNIST: a big-endian header (two zero bytes, the type, the number of dimensions,
// then each dimension as uint32), then the values, last dimension fastest. Only unsigned bytes are read, which is what image
// sets use. Nothing is written.
import { byteSource, optional, text, whole, wholeNumber } from "../../checks/checks.ts";
import { type Checks, checkOptions } from "../../checks/options.ts";
import { gunzip, inflatePrefix, isGzip } from "../../codecs/gzip.ts";
import { FormatError } from "../../errors.ts";
import { type ByteSource, bytesOf } from "../data-file.ts";
import type { Dataset } from "../dataset.ts";
import { classesOf, type LabelOptions, labelRange, maximumClasses, shiftAdvice } from "../labels.ts";
import { datasetOf } from "../normalize.ts";
import { labelChecks, normalizationChecks } from "../options.ts";

/** The content of an idx file. `values` is a view of the bytes that were given. */
export interface Idx {
  readonly dimensions: readonly number[];
  readonly values: Uint8Array;
}

const maximumDimensions = 4;
const maximumBytes = 2 ** 31;

interface Header {
  readonly dimensions: number[];
  /** The number of bytes of the header and of the values. */
  readonly start: number;
  readonly size: number;
}

function parseHeader(bytes: Uint8Array, name: string): Header {
  const bad = (at: number, expected: string, got: unknown): FormatError =>
    new FormatError(`${name}: expected ${expected} at byte ${at}, got ${got}`);
  if (bytes.length < 4) throw bad(bytes.length, "the 4-byte magic of an idx file", "the end of the file");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint16(0) !== 0) throw bad(0, "two zero bytes", `0x${view.getUint16(0).toString(16)}`);
  if (bytes[2] !== 8) throw bad(2, "type 0x08 (unsigned byte)", `0x${bytes[2]!.toString(16)}`);
  const rank = bytes[3]!;
  if (rank < 1 || rank > maximumDimensions) throw bad(3, `1 to ${maximumDimensions} dimensions`, rank);
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw bad(bytes.length, `a header of ${start} bytes`, "the end of the file");

  const dimensions: number[] = [];
  let size = 1;
  for (let at = 4; at < start; at += 4) {
    const dimension = view.getUint32(at);
    dimensions.push(dimension);
    // Both factors are below 2^31 and 2^32, so the product is exact. An empty dimension must not hide an absurd one.
    if (size * Math.max(dimension, 1) > maximumBytes)
      throw bad(at, `at most ${maximumBytes} values`, dimensions.join("×"));
    size *= Math.max(dimension, 1);
  }
  return { dimensions, start, size: dimensions.includes(0) ? 0 : size };
}

/**
 * Reads an idx file of unsigned bytes (not gzipped) with 1 to 4 dimensions.
 *
 * @throws FormatError with file name and byte offset when the header is wrong or the length is not exactly what it says.
 */
export function parseIdx(bytes: Uint8Array, { name }: { readonly name: string }): Idx {
  const { dimensions, start, size } = parseHeader(bytes, name);
  if (bytes.length !== start + size) {
    throw new FormatError(
      `${name}: expected ${dimensions.join("×")} values up to byte ${start + size}, got a file of ${bytes.length} bytes`,
    );
  }
  return { dimensions, values: new Uint8Array(bytes.buffer, bytes.byteOffset + start, size) };
}

/** The options of `loadIdx`. */
export interface LoadIdxOptions extends LabelOptions {
  /** [count, height, width] for grey images or [count, channels, height, width]; gzipped or not. */
  readonly images: ByteSource;
  /** [count] */
  readonly labels: ByteSource;
  /** The name of the data set. Default "idx". */
  readonly name?: string | undefined;
  /** The names of the two files in errors. Default: a File's own name, else `name` and "images" or "labels". */
  readonly imagesName?: string | undefined;
  readonly labelsName?: string | undefined;
  /** Default: as many as the largest label needs. Give it if some class may be absent. */
  readonly classes?: number | undefined;
  /** The mean of pixels / 255, per channel. Default: that of these images; give a test set that of its training set. */
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
}

const idxChecks: Checks<LoadIdxOptions> = {
  images: byteSource,
  labels: byteSource,
  name: optional(text),
  imagesName: optional(text),
  labelsName: optional(text),
  classes: optional(whole(1)),
  ...normalizationChecks,
  ...labelChecks,
};

async function read(source: ByteSource, name: string): Promise<Idx> {
  const bytes = await bytesOf(source);
  if (!isGzip(bytes)) return parseIdx(bytes, { name });
  // The header states how much may come out, so a small file cannot grow into a large one.
  const { start, size } = parseHeader(await inflatePrefix(bytes, "gzip", 4 + 4 * maximumDimensions, name), name);
  return parseIdx(await gunzip(bytes, { name, maximumBytes: start + size }), { name });
}

function fileName(source: ByteSource, fallback: string): string {
  return (source as { readonly name?: string } | undefined)?.name || fallback;
}

/**
 * Reads a data set from an idx file of images and one of labels, each gzipped or not.
 *
 * @throws FormatError that names the file when one is damaged or the two do not belong together; RangeError for options
 * that do not fit the files.
 * @example
 * const [images, labels] = fileInput.files; // or bytes that were fetched
 * const data = await loadIdx({ images, labels, name: "fashion" });
 */
export async function loadIdx(options: LoadIdxOptions): Promise<Dataset> {
  checkOptions(options, idxChecks);
  const { name = "idx" } = options;
  const imagesName = options.imagesName ?? fileName(options.images, `${name} images`);
  const labelsName = options.labelsName ?? fileName(options.labels, `${name} labels`);
  const images = await read(options.images, imagesName);
  const labels = await read(options.labels, labelsName);

  const { dimensions, values: pixels } = images;
  if (dimensions.length < 3 || pixels.length === 0) {
    throw new FormatError(
      `${imagesName}: expected [count, height, width] or [count, channels, height, width], none of them 0, at byte 3, ` +
        `got [${dimensions.join(", ")}]`,
    );
  }
  if (labels.dimensions.length !== 1 || labels.dimensions[0] !== dimensions[0]) {
    throw new FormatError(
      `${labelsName}: expected one label for each of the ${dimensions[0]} images of ${imagesName} at byte 3, ` +
        `got dimensions [${labels.dimensions.join(", ")}]`,
    );
  }
  const [channels, height, width] = (dimensions.length === 4 ? dimensions.slice(1) : [1, ...dimensions.slice(1)]) as [
    number,
    number,
    number,
  ];

  const from = options.labelsFrom ?? 0;
  let largest = from;
  for (const label of labels.values) if (label > largest) largest = label;
  const classes = options.classes ?? largest - from + 1;
  wholeNumber("classes", classes, 1, maximumClasses);
  const at = labels.values.findIndex((label) => label < from || label >= from + classes);
  if (at >= 0) {
    const advice = from === 0 ? shiftAdvice(labels.values, classes) : "";
    const expected = `expected labels ${labelRange(from, classes)}, got ${labels.values[at]}`;
    throw new FormatError(`${labelsName}: ${expected} at byte ${8 + at}${advice}`);
  }

  const part = { name, pixels, labels: classesOf(labels.values, from), channels, height, width, classes };
  return datasetOf(part, options);
}
