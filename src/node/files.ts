// Files on a disk: a written file is complete or does not exist, and reading has a limit.
import { randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { bytes as checkBytes, text } from "../checks/checks.ts";
import type { DataFile } from "../data/data-file.ts";
import { isHidden } from "../data/layouts/class-folders.ts";
import { FormatError } from "../errors.ts";
import { shortName } from "../quote.ts";

/** The most that Node reads at once. */
const maximumFileBytes = 2 ** 31 - 1;
/** More files than any set of images has; a whole disk has more. */
const maximumFiles = 1_000_000;

/**
 * Writes a file so that a crash at any moment leaves the old content or the new, never a mixture: under another name in
 * the same folder, synced, then renamed.
 *
 * @throws The file system's error; then no new file is left behind, and an old file stays as it was.
 * @example
 * await writeFileAtomic("digits.npz", distilledToNpz(set));
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  text("path", path);
  checkBytes("bytes", bytes);
  await replaceFile(path, bytes);
}

/** Does what `writeFileAtomic` does, and keeps the old file under the name `keptAs` in the same folder. */
export async function replaceFile(path: string, bytes: Uint8Array, keptAs?: string): Promise<void> {
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
    if (keptAs !== undefined) await renameIfThere(path, keptAs);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(folder);
}

async function renameIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error) => {
    if (error.code !== "ENOENT") throw error;
  });
}

/** Makes a rename survive a power cut. Windows cannot open folders, and does not need this. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  try {
    await handle?.sync().catch(() => {});
  } finally {
    await handle?.close();
  }
}

/**
 * Reads a whole regular file of at most `maximumBytes` (default 2 GiB). Every file that a user names is read here: reading a
 * pipe, a device or a socket would block, or never end.
 *
 * @throws FormatError for anything but a regular file, and for a larger one; else the file system's error.
 */
export async function readBytes(path: string, maximumBytes: number = maximumFileBytes): Promise<Uint8Array> {
  // The file is opened before it is checked, so that nobody can replace it; and without waiting for a pipe's other end.
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
 * Makes a folder, and the missing ones above it, one by one. (Node's own `recursive` never ends if the host says that the
 * parent of a folder is missing although it exists, as for /proc.)
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
  // This runs even if nothing is missing, because the path may be a file.
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

/** Makes the error that says what was found instead of a regular file. */
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
 * Lists the files in a folder and in the folders in it, each of which is read on demand. Links are followed to files.
 *
 * @throws The file system's error, or FormatError for more than a million files, and for a pipe, device or socket that is
 * not hidden.
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
      // The error is thrown now and not when the file is read, after others have been decoded.
      const found = await stat(full).catch(() => undefined);
      if (found !== undefined && !found.isFile() && !found.isDirectory()) throw notRegular(full, found);
    }
    files.push({ path, name: full, bytes: () => readBytes(full) });
  }
  return files;
}
