// The files of a data set, wherever they are: in a folder, in an archive, or dropped into a page.

import type { Blob } from "../host-types.ts";

/** The bytes of a file: a Blob covers the File of a page's file input. */
export type ByteSource = Uint8Array | ArrayBuffer | Blob;

/** One file of a data set. */
export interface DataFile {
  /** From the set's own folder, with forward slashes: "train/ants/001.jpg". */
  readonly path: string;
  /** The content, or what reads it when its turn comes. */
  readonly bytes: ByteSource | (() => Promise<ByteSource>);
  /** What errors call the file. Default: `path`. */
  readonly name?: string | undefined;
}

/** The bytes behind `source`; a Uint8Array is not copied. */
export async function bytesOf(source: ByteSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  return new Uint8Array(source instanceof ArrayBuffer ? source : await source.arrayBuffer());
}

/** What `file` holds. */
export async function readDataFile({ bytes }: DataFile): Promise<Uint8Array> {
  return bytesOf(typeof bytes === "function" ? await bytes() : bytes);
}

/** What errors call `file`. */
export function nameOf({ name, path }: DataFile): string {
  return name ?? path;
}

/** What a set of files is called. */
export interface SetNames {
  /** Of the data set; it goes into results. */
  readonly name?: string | undefined;
  /** What errors call the folder or archive that the files are in. Default: the name. */
  readonly source?: string | undefined;
}
