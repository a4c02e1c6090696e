// Reads the files in a tar or zip archive in memory. Nothing is unpacked to a disk, so a name is never used as a path.
import { byteSource, text } from "../../checks/checks.ts";
import { gunzip, isGzip } from "../../codecs/gzip.ts";
import { parseTar } from "../../codecs/tar.ts";
import { openZip } from "../../codecs/zip.ts";
import { FormatError } from "../../errors.ts";
import { type ByteSource, bytesOf, type DataFile, nameOf } from "../data-file.ts";

const maximumBytes = 2 ** 31 - 1;
/** The most files that a zip archive without its 64-bit extension can have. */
const maximumFiles = 65_535;

/** Returns whether a file of this name is an archive that `filesInArchive` reads. */
export function isArchiveName(path: string): boolean {
  return /\.(tar|tar\.gz|tgz|zip)$/i.test(path);
}

/**
 * Lists the files in a .tar, .tar.gz or .zip, told apart by their content. A damaged file or a link in it is an error when
 * that file is read.
 *
 * @param name The archive's name in errors.
 * @throws FormatError that names the archive when it is damaged or has more than 65,535 files or 2 GiB.
 * @example
 * const files = await filesInArchive(file, file.name);
 * const { train, test } = await datasetFromFiles(files, { size: 64 });
 */
export async function filesInArchive(source: ByteSource, name: string): Promise<DataFile[]> {
  byteSource("source", source);
  text("name", name);
  let bytes = await bytesOf(source);
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
    const entries = openZip(bytes, { name, maximumBytes, maximumEntries: maximumFiles });
    return Array.from(entries)
      .filter(([path]) => !path.endsWith("/"))
      .map(([path, entry]) => {
        const file = { path, name: `${name}: ${path}` };
        const instead = (): Promise<never> => Promise.reject(notAFile(file, "a symbolic link"));
        return { ...file, bytes: entry.isLink ? instead : entry.read };
      });
  }
  if (isGzip(bytes)) bytes = await gunzip(bytes, { name, maximumBytes });
  return Array.from(parseTar(bytes, { name, maximumEntries: maximumFiles }), ([path, { bytes: content, instead }]) => {
    const file = { path, name: `${name}: ${path}` };
    if (content !== undefined) return { ...file, bytes: content };
    return { ...file, bytes: () => Promise.reject(notAFile(file, instead)) };
  });
}

/** The error is thrown when the file is read, because most files beside the pictures never are. */
function notAFile(file: Omit<DataFile, "bytes">, instead: string): FormatError {
  return new FormatError(
    `${nameOf({ ...file, bytes: new Uint8Array() })}: expected a file in the archive, got ${instead}`,
  );
}
