// The files in a tar or zip archive, in memory. Nothing is ever unpacked to a disk, so names are only names.

import { unpackTar } from "modern-tar";
import { byteSource, text } from "../checks/checks.ts";
import { FormatError } from "../errors.ts";
import { parseZip } from "../formats/zip.ts";
import { type ByteSource, bytesOf, type DataFile } from "./data-file.ts";
import { gunzip, isGzip } from "./gzip.ts";

const maximumBytes = 2 ** 31 - 1;
/** As many as a zip archive without its 64-bit extension can have. */
const maximumFiles = 65_535;

/** Whether a file of this name is an archive that `filesInArchive` reads. */
export function isArchiveName(path: string): boolean {
  return /\.(tar|tar\.gz|tgz|zip)$/i.test(path);
}

/**
 * The files in a .tar, .tar.gz or .zip; the content says which it is.
 *
 * @param name What errors call the archive.
 * @throws FormatError, naming the archive: for a damaged one, and for more than 65,535 files or 2 GiB.
 * @example
 * const files = await filesInArchive(file, file.name);
 * const { train, test } = await datasetFromFiles(files, { size: 64 });
 */
export async function filesInArchive(source: ByteSource, name: string): Promise<DataFile[]> {
  byteSource("source", source);
  text("name", name);
  let bytes = await bytesOf(source);
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
    const entries = await parseZip(bytes, { name, maximumBytes, maximumEntries: maximumFiles });
    return Array.from(entries)
      .filter(([path]) => !path.endsWith("/"))
      .map(([path, content]) => ({ path, bytes: content, name: `${name}: ${path}` }));
  }
  if (isGzip(bytes)) bytes = await gunzip(bytes, { name, maximumBytes });
  const files: DataFile[] = [];
  let entries: Awaited<ReturnType<typeof unpackTar>>;
  try {
    // Strict: a size beyond the archive, a wrong checksum or a missing end is an error, not a short file.
    entries = await unpackTar(bytes, { strict: true });
  } catch (cause) {
    throw new FormatError(`${name}: expected a tar or zip archive, but ${(cause as Error).message}`, { cause });
  }
  for (const { header, data } of entries) {
    if (header.type !== "file" || data === undefined) continue;
    const path = header.name.replace(/^(\.\/)+/, "");
    files.push({ path, bytes: data, name: `${name}: ${path}` });
  }
  if (files.length > maximumFiles) {
    throw new FormatError(`${name}: expected at most ${maximumFiles} files, got ${files.length}`);
  }
  return files;
}
