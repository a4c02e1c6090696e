// One writer for a folder: a lock file that says who writes there. A process that has died holds none, however it died.
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { link, lstat, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname, uptime } from "node:os";
import { resolve } from "node:path";
import { quote } from "../quote.ts";

export const lockName = ".distillate.lock";

/** Nobody writes more into one. */
const maximumBytes = 4096;
/** A lock without sense may be half written, but not for so long. */
const writingMilliseconds = 10_000;
/** Clocks and the system's uptime are no more exact. */
const bootSlackMilliseconds = 60_000;
const mostTries = 20;

/** Who holds a lock. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly startedAt: string;
  /** What tells the process from a later one of the same number, where the system says it. */
  readonly birth?: string | undefined;
}

/** A folder that nobody else writes into. */
export interface FolderLock {
  /** Takes the lock again where its file is gone, as with a folder that was deleted. Throws where somebody else has it. */
  renew(): Promise<void>;
  /** May be called twice. */
  release(): Promise<void>;
}

/** The locks of this process: the text in each, by its path. */
const held = new Map<string, string>();
let listening = false;

/**
 * Makes this process the one that writes into `folder`, which exists, until `release` or its end.
 *
 * @throws Error that names the process, host and start of whoever writes there; else the file system's error.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = resolve(folder, lockName);
  const holder: Holder & { readonly id: string } = {
    // No two texts are alike, not even of one process.
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
      if (!held.delete(path)) return;
      if ((await readFile(path, "utf8").catch(() => undefined)) === text) await rm(path, { force: true });
    },
  };
}

/** Runs `work` while nobody else writes into `folder`. */
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
    await takeAway(path, found.text);
  }
  throw new Error(`${folder}: expected to lock it by ${path}, which others take and leave again; try once more`);
}

/** Whether the lock is ours now. Its file appears with its text in it, where the file system has hard links. */
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
  /** Undefined where the file makes no sense. */
  readonly holder: Holder | undefined;
  readonly changedAt: number;
}

/** What the lock says; undefined where it is gone. */
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

/** Whether whoever wrote the lock may still be there. */
async function isAlive(path: string, { holder, changedAt }: Found): Promise<boolean> {
  if (!holder) return Date.now() - changedAt < writingMilliseconds;
  // Nobody here knows the processes of another machine.
  if (holder.host !== hostname()) return true;
  if (held.has(path)) return true;
  if (Date.parse(holder.startedAt) < Date.now() - uptime() * 1000 - bootSlackMilliseconds) return false;
  const birth = await birthOf(holder.pid);
  if (birth !== undefined && holder.birth !== undefined) return birth === holder.birth;
  // In a container every program may have the same number, and this one does not hold the lock.
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

/** When a process began, in the system's own count; undefined where there is none such, or the system does not tell. */
async function birthOf(pid: number): Promise<string | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The name, in brackets, may hold anything; the 20th field after it is the time.
  return line.slice(line.lastIndexOf(")") + 2).split(" ")[19];
}

/** Takes a lock that nobody holds out of the way. Another process may just have done so, and hold one by now. */
async function takeAway(path: string, stale: string): Promise<void> {
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

/** At the end of the process, whatever the reason, there is no time to wait. */
function releaseAll(): void {
  for (const [path, text] of held) {
    try {
      if (readFileSync(path, "utf8") === text) rmSync(path, { force: true });
    } catch {
      // It is gone.
    }
  }
}
