// Downloads files into the cache folder. A file there is complete and has the pinned content: it is checked before it gets
// its name, and its size is checked again when it is used.

import { createHash, randomBytes } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import envPaths from "env-paths";
import type { AbortSignal } from "../host-types.ts";
import { thrown } from "../kinds.ts";
import type { DownloadFile } from "./catalogue.ts";
import { makeFolder } from "./files.ts";

/** The progress of a download. */
export interface DownloadProgress {
  /** The file and its mirror. */
  readonly file: string;
  readonly url: string;
  readonly received: number;
  readonly total: number;
}

/** The options of a download. */
export interface DownloadOptions {
  /** Stops a download, even a stalled one. */
  readonly signal?: AbortSignal | undefined;
  /** Called for each piece that arrives. */
  readonly onDownload?: ((progress: DownloadProgress) => void) | undefined;
}

/** Returns the folder for downloads: the environment's DISTILLATE_CACHE, or else the system's folder for such files. */
export function cacheFolder(): string {
  return process.env.DISTILLATE_CACHE || envPaths("distillate", { suffix: "" }).cache;
}

/** Returns whether `folder` holds `file`, by its size. */
export async function isCached(folder: string, { name, bytes }: DownloadFile): Promise<boolean> {
  const found = await stat(join(folder, name)).catch(() => undefined);
  return found?.isFile() === true && found.size === bytes;
}

/**
 * Downloads `file` into `folder`, from the first of its mirrors that has the pinned content. It appears there under its
 * name only if size and SHA-256 are right; otherwise nothing is left behind.
 *
 * @throws Error that says what went wrong at each mirror; the signal's reason when aborted.
 */
export async function download(file: DownloadFile, folder: string, options: DownloadOptions = {}): Promise<void> {
  const { signal } = options;
  await makeFolder(folder);
  const faults: string[] = [];
  for (const url of file.urls) {
    signal?.throwIfAborted();
    const temporary = join(folder, `.${file.name}.${randomBytes(6).toString("hex")}.tmp`);
    try {
      await fetchTo(temporary, url, file, options);
      await rename(temporary, join(folder, file.name));
      return;
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      signal?.throwIfAborted();
      if (error instanceof CallbackFailure) throw error.cause;
      faults.push(`${url}: ${reasonOf(error)}`);
    }
  }
  throw new Error(
    `${file.name}: expected a download from one of ${file.urls.length} mirrors, got\n  ${faults.join("\n  ")}`,
  );
}

/** Thrown when the user's callback failed, and not a mirror. */
class CallbackFailure extends Error {}

/** Returns the reason of an error of fetch, which says "fetch failed" and hides the reason in the cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause === undefined ? message : `${message} (${thrown(cause).message})`;
}

async function fetchTo(
  path: string,
  url: string,
  { name, bytes: total, sha256 }: DownloadFile,
  { signal, onDownload }: DownloadOptions,
): Promise<void> {
  // A file compressed for the transfer would not have its own size.
  const response = await fetch(url, { headers: { "accept-encoding": "identity" }, ...(signal && { signal }) });
  // The body is always read or cancelled, so that no connection is left open.
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new Error(`expected HTTP status 200, got ${response.status}`);
  }
  const hash = createHash("sha256");
  const output = await open(path, "wx");
  let received = 0;
  try {
    // Leaving this loop by an error cancels the download.
    for await (const chunk of response.body) {
      received += chunk.length;
      if (received > total) throw new Error(`expected ${total} bytes, got more`);
      hash.update(chunk);
      await output.writeFile(chunk);
      try {
        await onDownload?.({ file: name, url, received, total });
      } catch (cause) {
        throw new CallbackFailure("onDownload failed", { cause });
      }
    }
    if (received !== total) throw new Error(`expected ${total} bytes, got ${received}`);
    const digest = hash.digest("hex");
    if (digest !== sha256) throw new Error(`expected SHA-256 ${sha256}, got ${digest}`);
    await output.sync();
  } finally {
    await output.close();
  }
}
