// The files in a tar or zip archive, in memory. Nothing is ever unpacked to a disk, so names are only names.
import { byteSource, text } from "../../checks/checks.ts";
import { gunzip, isGzip } from "../../codecs/gzip.ts";
import { parseTar } from "../../codecs/tar.ts";
import { openZip } from "../../codecs/zip.ts";
import { FormatError } from "../../errors.ts";
import { type ByteSource, bytesOf, type DataFile, nameOf } from "../data-file.ts";

const maximumBytes = 2 ** 31 - 1;
/** As many as a zip archive without its 64-bit extension can have. */
const maximumFiles = 65_535;

/** Whether a file of this name is an archive that `filesInArchive` reads. */
export function isArchiveName(path: string): boolean {
  return /\.(tar|tar\.gz|tgz|zip)$/i.test(path);
}

/**
 * The files in a .tar, .tar.gz or .zip; the content says which it is. What is damaged in a single file, or a link, is an
 * error when that file is read.
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

/** Said when its turn comes: most of what archives hold beside pictures is never read. */
function notAFile(file: Omit<DataFile, "bytes">, instead: string): FormatError {
  return new FormatError(
    `${nameOf({ ...file, bytes: new Uint8Array() })}: expected a file in the archive, got ${instead}`,
  );
}
