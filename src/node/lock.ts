// Allows one writer for a folder, by a lock file that names it. The lock of a dead process does not count.
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { link, lstat, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname, uptime } from "node:os";
import { resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { quote } from "../quote.ts";

export const lockName = ".distillate.lock";

/** The limit on a lock file; no program writes a larger one. */
const maximumBytes = 4096;
/** How long a lock may be half written; an invalid one that is older counts as stale. */
const writingMilliseconds = 10_000;
/** The accuracy of clocks and of the system's uptime. */
const bootSlackMilliseconds = 60_000;
const mostTries = 100;
/** Others look again after this time, while one process removes the lock of a dead one. */
const pauseMilliseconds = 5;

/** The process that holds a lock. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly startedAt: string;
  /** Distinguishes the process from a later one of the same number, if the system can tell. */
  readonly birth?: string | undefined;
}

/** A folder into which no other process writes. */
export interface FolderLock {
  /** Takes the lock again if its file is gone, for example with a deleted folder. Throws if another process holds it. */
  renew(): Promise<void>;
  /** Releases the lock; it may be called twice. */
  release(): Promise<void>;
}

/** The locks of this process: the text in each, by its path. */
const held = new Map<string, string>();
let listening = false;

/**
 * Makes this process the only one that writes into `folder`, which exists, until `release` or its end.
 *
 * @throws Error that names the process that writes there, its host and start; else the file system's error.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = resolve(folder, lockName);
  const holder: Holder & { readonly id: string } = {
    // The id makes every text unique, even within one process.
    id: randomBytes(6).toString("hex"),
    pid: process.pid,
    host: hostname(),
    startedAt: new Date().toISOString(),
    birth: await birthOf(process.pid),
  };
  const text = `${JSON.stringify(holder)}\n`;
  if (!listening) process.on("exit", releaseAll);
  listening = true;
  await acquire(folder, path, text);
  held.set(path, text);
  return {
    async renew() {
      await acquire(folder, path, text);
    },
    async release() {
      if (held.get(path) !== text) return;
      if ((await readFile(path, "utf8").catch(() => undefined)) === text) await rm(path, { force: true });
      // Not before: if the process ends while this waits, it still takes its lock away.
      if (held.get(path) === text) held.delete(path);
    },
  };
}

/** Runs `work` while no other process writes into `folder`. */
export async function locked<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const lock = await lockFolder(folder);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

async function acquire(folder: string, path: string, text: string): Promise<void> {
  for (let tries = 0; tries < mostTries; tries++) {
    if (await create(path, text)) return;
    const found = await look(path);
    if (found === undefined) continue;
    if (found.text === text) return;
    if (await isAlive(path, found)) throw new Error(refusal(folder, path, found.holder));
    await takeOver(path, text, found.text);
  }
  throw new Error(`${folder}: expected to lock it by ${path}, which others take and leave again; try once more`);
}

/** Tries to create the lock. Its file appears with its text in it, if the file system has hard links. */
async function create(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  await writeFile(temporary, text, { flag: "wx" });
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    return createInPlace(path, text);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function createInPlace(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

interface Found {
  readonly text: string;
  /** Undefined if the file is invalid. */
  readonly holder: Holder | undefined;
  readonly changedAt: number;
}

/** Reads the lock; undefined if it is gone. */
async function look(path: string): Promise<Found | undefined> {
  try {
    const stats = await lstat(path);
    const text = stats.isFile() && stats.size <= maximumBytes ? await readFile(path, "utf8") : "";
    return { text, holder: parsed(text), changedAt: stats.mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function parsed(text: string): Holder | undefined {
  try {
    const { pid, host, startedAt, birth } = JSON.parse(text) as Holder;
    const sound = Number.isSafeInteger(pid) && pid > 0 && typeof host === "string" && typeof startedAt === "string";
    return sound ? { pid, host, startedAt, birth: typeof birth === "string" ? birth : undefined } : undefined;
  } catch {
    return undefined;
  }
}

/** Returns whether the process that wrote the lock may still be running. */
async function isAlive(path: string, { holder, changedAt }: Found): Promise<boolean> {
  if (!holder) return Date.now() - changedAt < writingMilliseconds;
  // The processes of another machine cannot be seen from here.
  if (holder.host !== hostname()) return true;
  if (held.has(path)) return true;
  if (Date.parse(holder.startedAt) < Date.now() - uptime() * 1000 - bootSlackMilliseconds) return false;
  const birth = await birthOf(holder.pid);
  if (birth !== undefined && holder.birth !== undefined) return birth === holder.birth;
  // In a container every program may have the same number, and this process does not hold the lock.
  return holder.pid !== process.pid && exists(holder.pid);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Returns when a process began, in the system's own count; undefined if there is no such process, or the system does not tell. */
async function birthOf(pid: number): Promise<string | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The name, in brackets, may hold anything; the 20th field after it is the time.
  return line.slice(line.lastIndexOf(")") + 2).split(" ")[19];
}

/**
 * Removes the lock of a dead process. One process at a time does so, under a lock for just this: the second of two would remove
 * the new lock of whoever came after the first.
 */
async function takeOver(path: string, text: string, stale: string): Promise<void> {
  const taking = `${path}.taking`;
  if (!(await create(taking, text))) {
    const other = await look(taking);
    // That a process dies while it holds this lock is rare, so nothing guards the removal of what it left.
    if (other && !(await isAlive(taking, other))) await discard(taking, other.text);
    else await setTimeout(pauseMilliseconds);
    return;
  }
  held.set(taking, text);
  try {
    if ((await look(path))?.text === stale) await rm(path, { force: true, recursive: true });
  } finally {
    await rm(taking, { force: true });
    held.delete(taking);
  }
}

/** Removes a file with that text. Another process may just have done so, and put a new one there. */
async function discard(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const found = await look(aside);
  if (found?.text !== stale) await link(aside, path).catch(() => {});
  await rm(aside, { force: true, recursive: true });
}

function refusal(folder: string, path: string, holder: Holder | undefined): string {
  if (!holder) return `${folder}: another process is about to write there; try again in a few seconds`;
  const { pid, host, startedAt } = holder;
  const who = `process ${pid} on ${quote(host)}, since ${quote(startedAt)}`;
  const otherHost = host === hostname() ? "" : `; if that has ended, delete ${path}`;
  return `${folder}: another run writes there (${who}); wait for its end, or choose another folder${otherHost}`;
}

/** At the end of the process, whatever the reason, nothing can be awaited. */
function releaseAll(): void {
  for (const [path, text] of held) {
    try {
      if (readFileSync(path, "utf8") === text) rmSync(path, { force: true });
    } catch {
      // The lock is gone.
    }
  }
}
