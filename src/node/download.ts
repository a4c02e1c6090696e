// Downloads files into the cache folder. A file there is complete and has the pinned content: it is checked before it gets
// its name, and its size is checked again when it is used.

import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import envPaths from "env-paths";
import type { AbortSignal } from "../host-types.ts";
import { thrown } from "../kinds.ts";
import { quote, shortName } from "../quote.ts";
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

/** How slow a transfer may be. */
interface Limits {
  /** The longest time without a byte, in milliseconds. */
  readonly stall?: number;
  /** The fewest bytes in a millisecond, over the whole transfer. */
  readonly slowest?: number;
}

const defaultStall = 30_000;
/** A slow telephone line. */
const defaultSlowest = 4;
const mostRedirects = 5;
const isRedirect: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const oldMilliseconds = 3_600_000;

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
 * Downloads `file` into `folder` by https, from the first of its mirrors that has the pinned content and sends it in good
 * time. It appears there under its name only if size and SHA-256 are right; otherwise nothing is left behind.
 *
 * @throws Error that says what went wrong at each mirror; the signal's reason when aborted.
 */
export async function download(
  file: DownloadFile,
  folder: string,
  options: DownloadOptions & Limits = {},
): Promise<void> {
  const { signal } = options;
  await makeFolder(folder);
  await clearOld(folder, file);
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
  return shortName(cause === undefined ? message : `${message} (${thrown(cause).message})`, 400);
}

/**
 * Asks for `address`, and follows redirects to https. A file of this machine may come without https, as in tests: nobody is
 * between it and the program.
 */
async function request(address: string, signal: AbortSignal): Promise<Response> {
  let url = new URL(address);
  const isLocal = isThisMachine(url);
  for (let redirects = 0; ; redirects++) {
    if (url.protocol !== "https:" && !(isLocal && isThisMachine(url))) {
      throw new Error(`expected an address of https, got ${shortName(url.href)}`);
    }
    // A file compressed for the transfer would not have its own size.
    const headers = { "accept-encoding": "identity" };
    const response = await fetch(url, { headers, signal, redirect: "manual" });
    // The body is always read or cancelled, so that no connection is left open.
    if (response.ok && response.body !== null) return response;
    await response.body?.cancel();
    const next = response.headers.get("location");
    if (!isRedirect.has(response.status) || next === null) {
      throw new Error(`expected HTTP status 200, got ${response.status}`);
    }
    if (redirects >= mostRedirects) throw new Error(`expected at most ${mostRedirects} redirects, got more`);
    if (!URL.canParse(next, url)) throw new Error(`expected a redirect to an address, got ${quote(next)}`);
    url = new URL(next, url);
  }
}

function isThisMachine({ protocol, hostname }: URL): boolean {
  return protocol === "http:" && ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
}

async function fetchTo(
  path: string,
  url: string,
  file: DownloadFile,
  options: DownloadOptions & Limits,
): Promise<void> {
  const { name, bytes: total, sha256 } = file;
  const { onDownload, stall = defaultStall, slowest = defaultSlowest } = options;
  const watch = new Watch(stall, total / slowest, options.signal);
  let output: FileHandle | undefined;
  try {
    const response = await request(url, watch.signal);
    const hash = createHash("sha256");
    output = await open(path, "wx");
    let received = 0;
    // Leaving this loop by an error cancels the download.
    for await (const chunk of response.body!) {
      received += chunk.length;
      if (received > total) throw new Error(`expected ${total} bytes, got more`);
      hash.update(chunk);
      await output.writeFile(chunk);
      watch.hold();
      try {
        await onDownload?.({ file: name, url, received, total });
      } catch (cause) {
        throw new CallbackFailure("onDownload failed", { cause });
      }
      watch.moved();
    }
    if (received !== total) throw new Error(`expected ${total} bytes, got ${received}`);
    const digest = hash.digest("hex");
    if (digest !== sha256) throw new Error(`expected SHA-256 ${sha256}, got ${digest}`);
    await output.sync();
  } catch (error) {
    throw watch.reason ?? error;
  } finally {
    watch.end();
    await output?.close();
  }
}

/** Ends a transfer in which nothing comes for a while, or that is so slow that it would take days. */
class Watch {
  readonly #controller = new AbortController();
  readonly #stall: number;
  readonly #whole: NodeJS.Timeout;
  #next: NodeJS.Timeout | undefined;
  /** Why the transfer was ended, if it was. */
  reason: Error | undefined;
  /** Aborted when the transfer is ended, or by the user. */
  readonly signal: AbortSignal;

  constructor(stall: number, most: number, user: AbortSignal | undefined) {
    const { signal } = this.#controller;
    this.#stall = stall;
    this.signal = user === undefined ? signal : globalThis.AbortSignal.any([signal, user as typeof signal]);
    const limit = stall + most;
    this.#whole = setTimeout(
      () => this.#fail(`expected the whole within ${Math.ceil(limit / 1000)} s, got less`),
      limit,
    );
    this.moved();
  }

  /** Says that bytes came. */
  moved(): void {
    this.hold();
    this.#next = setTimeout(
      () => this.#fail(`expected more bytes within ${this.#stall / 1000} s, got none`),
      this.#stall,
    );
  }

  /** Says that nothing is awaited for now. */
  hold(): void {
    clearTimeout(this.#next);
  }

  end(): void {
    this.hold();
    clearTimeout(this.#whole);
  }

  #fail(message: string): void {
    this.reason = new Error(message);
    this.#controller.abort(this.reason);
  }
}

/**
 * Deletes what killed programs were downloading. A download that goes on writes all the time, so a file to which nobody has
 * written for an hour is nobody's.
 */
async function clearOld(folder: string, { name }: DownloadFile): Promise<void> {
  for (const found of await readdir(folder)) {
    if (!found.startsWith(`.${name}.`) || !found.endsWith(".tmp")) continue;
    const path = join(folder, found);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (mtimeMs < Date.now() - oldMilliseconds) await rm(path, { force: true }).catch(() => {});
  }
}
