// Files on a disk: written so that they are whole or not there, and read with a limit.

import { randomBytes } from "node:crypto";
import { open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { bytes as checkBytes, text } from "../checks/checks.ts";
import type { DataFile } from "../data/data-file.ts";
import { FormatError } from "../errors.ts";

/** What Node reads in one go. */
const maximumFileBytes = 2 ** 31 - 1;
/** More than any set of images here has; a whole disk has more. */
const maximumFiles = 1_000_000;

/**
 * Writes a file so that a crash at any moment leaves the old content or the new, never a mixture: to another name in
 * the same folder, synced, then renamed.
 *
 * @throws the file system's error; nothing is left behind, and an old file stays as it was.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  text("path", path);
  checkBytes("bytes", bytes);
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(folder);
}

/** Makes a rename outlive a power cut. Windows cannot open folders, and needs no such thing. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  try {
    await handle?.sync().catch(() => {});
  } finally {
    await handle?.close();
  }
}

/** A whole file, of at most 2 GiB. */
export async function readBytes(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size > maximumFileBytes)
    throw new FormatError(`${path}: expected at most ${maximumFileBytes} bytes, got ${size}`);
  return readFile(path);
}

/**
 * The files in a folder and the folders in it, each read when it is wanted.
 *
 * @throws the file system's error, or FormatError for more than a million files.
 * @example
 * const { train, test } = await loadImageFolder(await filesInFolder("photos"), { size: 64 });
 */
export async function filesInFolder(folder: string): Promise<DataFile[]> {
  text("folder", folder);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  if (entries.length > maximumFiles) {
    throw new FormatError(`${folder}: expected a data set of at most ${maximumFiles} files, got ${entries.length}`);
  }
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => {
      const full = join(entry.parentPath, entry.name);
      return { path: relative(folder, full).replaceAll(sep, "/"), name: full, bytes: () => readBytes(full) };
    });
}
