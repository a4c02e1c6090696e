// Who is there: every worker and every run says so again and again, in a key that ends by itself.
import type { Redis } from "ioredis";
import { jsonFromBytes } from "../codecs/json.ts";
import { isObject } from "../kinds.ts";
import { runKey, seconds, workerKey } from "./keys.ts";
import type { Release } from "./release.ts";

/** What a worker says of itself. */
export interface WorkerRecord extends Release {
  readonly worker: string;
  readonly host: string;
  readonly pid: number;
  /** How many jobs it does at once, and the kernel threads of each. */
  readonly slots: number;
  readonly threads: number;
  /** What it does now, in words: one for each busy slot. */
  readonly doing: readonly string[];
  /** Jobs that it has done. */
  readonly done: number;
  /** Whether it only ends what it has begun. */
  readonly draining: boolean;
}

/** What a run says of itself. */
export interface RunRecord extends Release {
  readonly run: string;
  /** What it is, in the words of whoever started it. */
  readonly title: string;
  readonly host: string;
  readonly pid: number;
  /** Calls that were answered and calls that wait, and the outer step of the last one, if it has one. */
  readonly answered: number;
  readonly waiting: number;
  readonly step?: number | undefined;
  /** Answers per second in the last seconds. */
  readonly rate: number;
}

/** The milliseconds between two records. */
export const BEAT_MS: number = (seconds.alive * 1000) / 5;
/** The most bytes of a record. */
const MOST = 65_536;

/** Writes a record, which is there until it is not written any more. */
export async function record(redis: Redis, made: WorkerRecord | RunRecord): Promise<void> {
  const key = "run" in made ? runKey(made.run) : workerKey(made.worker);
  await redis.set(key, JSON.stringify(made), "EX", seconds.alive);
}

/** Returns the workers that are there, in the order of their names. */
export async function workersThere(redis: Redis): Promise<readonly WorkerRecord[]> {
  return (await recordsOf(redis, workerKey("*"))).filter(isWorker).sort((a, b) => order(a.worker, b.worker));
}

/** Returns the runs that go on, in the order of their names. */
export async function runsThere(redis: Redis): Promise<readonly RunRecord[]> {
  return (await recordsOf(redis, runKey("*"))).filter(isRun).sort((a, b) => order(a.run, b.run));
}

async function keysLike(redis: Redis, pattern: string): Promise<readonly string[]> {
  const keys = new Set<string>();
  for (let cursor = "0"; ; ) {
    const [next, some] = await redis.scan(cursor, "MATCH", pattern, "COUNT", 1000);
    for (const key of some) keys.add(key);
    if (next === "0") return [...keys];
    cursor = next;
  }
}

async function recordsOf(redis: Redis, pattern: string): Promise<readonly unknown[]> {
  const keys = await keysLike(redis, pattern);
  const texts = await Promise.all(
    keys.map(async (key) => ((await redis.strlen(key)) <= MOST ? redis.getBuffer(key) : null)),
  );
  return texts.flatMap((bytes) => {
    try {
      return bytes ? [jsonFromBytes(bytes, "a record")] : [];
    } catch {
      // Somebody else's key.
      return [];
    }
  });
}

function isRelease(value: Readonly<Record<string, unknown>>): boolean {
  return typeof value.version === "string" && typeof value.kernels === "string" && typeof value.host === "string";
}

function isWorker(value: unknown): value is WorkerRecord {
  return isObject(value) && isRelease(value) && typeof value.worker === "string" && Array.isArray(value.doing);
}

function isRun(value: unknown): value is RunRecord {
  return isObject(value) && isRelease(value) && typeof value.run === "string" && typeof value.title === "string";
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
