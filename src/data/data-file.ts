// The files of a data set, wherever they are: in a folder, in an archive, or dropped into a page.

import { FormatError } from "../errors.ts";
import type { Blob } from "../host-types.ts";
import { isArrayBuffer, isBytes } from "../kinds.ts";
import { shortName } from "../quote.ts";

/** The bytes of a file: a Blob covers the File of a page's file input. */
export type ByteSource = Uint8Array | ArrayBuffer | Blob;

/** One file of a data set. */
export interface DataFile {
  /** The path from the set's own folder, with forward slashes: "train/ants/001.jpg". */
  readonly path: string;
  /** The content, or a function that reads it when it is needed. */
  readonly bytes: ByteSource | (() => Promise<ByteSource>);
  /** The file's name in errors. Default: `path`. */
  readonly name?: string | undefined;
}

/** Returns the bytes of `source`; a Uint8Array is not copied. Throws TypeError for anything that is not a ByteSource. */
export async function bytesOf(source: ByteSource): Promise<Uint8Array> {
  if (isBytes(source)) return source;
  if (isArrayBuffer(source)) return new Uint8Array(source);
  if (typeof (source as Blob | undefined)?.arrayBuffer === "function")
    return new Uint8Array(await source.arrayBuffer());
  throw new TypeError(
    `"bytes" expected Uint8Array, ArrayBuffer or Blob, got ${source === null ? "null" : typeof source}`,
  );
}

/**
 * Reads `file`. A part of a larger block of memory, such as a file of an archive, is copied: the result may be kept for
 * long, or sent to a worker with all the memory that it is a view of.
 *
 * @throws FormatError for a file of more than `maximumBytes`, before it is read if its size is known.
 */
export async function readDataFile(
  file: DataFile,
  maximumBytes: number = Number.POSITIVE_INFINITY,
): Promise<Uint8Array> {
  const source = typeof file.bytes === "function" ? await file.bytes() : file.bytes;
  const size = isBytes(source) || isArrayBuffer(source) ? source.byteLength : (source as Blob | undefined)?.size;
  if (size !== undefined && size > maximumBytes) {
    throw new FormatError(`${nameOf(file)}: expected at most ${maximumBytes} bytes, got ${size}`);
  }
  const bytes = await bytesOf(source);
  return bytes.length < bytes.buffer.byteLength ? new Uint8Array(bytes) : bytes;
}

/** Returns the file's name in errors, short and visible. */
export function nameOf({ name, path }: DataFile): string {
  return shortName(name ?? path);
}

/** The names of a set of files. */
export interface SetNames {
  /** The name of the data set, which goes into results. */
  readonly name?: string | undefined;
  /** The name in errors of the folder or archive that holds the files. Default: `name`. */
  readonly source?: string | undefined;
}

/** Reports what a reader decided because the files do not say it. */
export interface Notices {
  readonly onNotice?: ((notice: string) => void) | undefined;
}
