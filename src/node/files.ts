// Files on a disk: written so that they are whole or not there, and read with a limit.
import { randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { bytes as checkBytes, text } from "../checks/checks.ts";
import type { DataFile } from "../data/data-file.ts";
import { isHidden } from "../data/layouts/class-folders.ts";
import { FormatError } from "../errors.ts";
import { shortName } from "../quote.ts";

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

/**
 * A whole regular file, of at most `maximumBytes` (2 GiB unless said). Every read of a file that a user names goes through
 * here: a pipe, a device or a socket would block, or never end.
 *
 * @throws FormatError for anything else than a regular file and for a larger one; else the file system's error.
 */
export async function readBytes(path: string, maximumBytes: number = maximumFileBytes): Promise<Uint8Array> {
  // Opened first and looked at then, so that nobody can put another in its place; without waiting for a pipe's other end.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((error) => {
    // A socket, or a device without its driver, cannot even be opened.
    throw error.code === "ENXIO" || error.code === "ENODEV" ? notRegular(path) : error;
  });
  try {
    const found = await file.stat();
    if (!found.isFile()) throw notRegular(path, found);
    if (found.size > maximumBytes) {
      throw new FormatError(`${shortName(path)}: expected at most ${maximumBytes} bytes, got ${found.size}`);
    }
    const bytes = new Uint8Array(found.size);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await file.close();
  }
}

/**
 * Makes a folder, and those above it that are missing, one by one. (Node's own `recursive` never ends where the host says that
 * the parent of a folder is missing although it is there, as for /proc.)
 *
 * @throws The file system's error.
 */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = [];
  let above = resolve(path);
  while (above !== dirname(above) && !(await isThere(above))) {
    missing.unshift(above);
    above = dirname(above);
  }
  // Also where nothing is missing: what is there may be a file.
  for (const folder of missing.length > 0 ? missing : [resolve(path)]) {
    await mkdir(folder).catch(async (error) => {
      if (error.code !== "EEXIST" || !(await stat(folder)).isDirectory()) throw error;
    });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error) => error.code !== "ENOENT",
  );
}

/** The error that says what is there instead of a regular file. */
export function notRegular(path: string, found?: Stats): FormatError {
  const what = found?.isDirectory()
    ? "a folder"
    : found?.isFIFO()
      ? "a named pipe (FIFO)"
      : found?.isSocket()
        ? "a socket"
        : "a device or a socket";
  return new FormatError(`${shortName(path)}: expected a regular file, got ${what}`);
}

/**
 * The files in a folder and the folders in it, each read when it is wanted. Links are followed to files.
 *
 * @throws the file system's error, or FormatError for more than a million files, and for a pipe, device or socket that is not hidden.
 * @example
 * const { train, test } = await loadImageFolder(await filesInFolder("photos"), { size: 64 });
 */
export async function filesInFolder(folder: string): Promise<DataFile[]> {
  text("folder", folder);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  if (entries.length > maximumFiles) {
    throw new FormatError(`${folder}: expected a data set of at most ${maximumFiles} files, got ${entries.length}`);
  }
  const files: DataFile[] = [];
  for (const entry of entries) {
    if (entry.isDirectory()) continue;
    const full = join(entry.parentPath, entry.name);
    const path = relative(folder, full).replaceAll(sep, "/");
    if (!entry.isFile() && !isHidden(path)) {
      // Said now and not when its turn comes, after other files have been decoded.
      const found = await stat(full).catch(() => undefined);
      if (found !== undefined && !found.isFile() && !found.isDirectory()) throw notRegular(full, found);
    }
    files.push({ path, name: full, bytes: () => readBytes(full) });
  }
  return files;
}
