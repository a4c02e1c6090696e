// What differs between Node and pages: here Node's side. The build for pages takes platform.page.ts instead, as it takes
// `name.page.ts` for every `name.ts` that has one beside it (scripts/build.mjs).

interface NodeProcess {
  getBuiltinModule(name: string): unknown;
}

/** A module of Node's, without an import that a bundler would have to resolve. */
export function nodeModule<T>(name: string): T {
  return (globalThis as unknown as { process: NodeProcess }).process.getBuiltinModule(name) as T;
}

const streams = nodeModule<typeof globalThis>("node:stream/web");

// Test environments that stand for a page, such as jsdom, do not pass on all that Node has.
export const ReadableStream: typeof globalThis.ReadableStream = streams.ReadableStream;
export const MessageChannel: typeof globalThis.MessageChannel =
  globalThis.MessageChannel ?? nodeModule<typeof globalThis>("node:worker_threads").MessageChannel;

/** Decompresses what is piped through it. */
export function decompressor(format: CompressionFormat): DecompressionStream {
  return new streams.DecompressionStream(format);
}

/** SHA-256 and its like; undefined where the host does not offer them. */
export function subtleCrypto(): SubtleCrypto | undefined {
  return globalThis.crypto?.subtle ?? nodeModule<typeof import("node:crypto")>("node:crypto").webcrypto.subtle;
}

/** Processors worth a kernel thread each: at most 8, since small batches have no work for more. */
export function hardwareThreads(): number {
  return Math.min(8, nodeModule<typeof import("node:os")>("node:os").availableParallelism());
}

/** Whether this thread paints and listens to a user, and so may not wait. */
export const onMainThread: boolean = false;

/** Whether memory can be shared with workers. */
export function canShareMemory(): boolean {
  return true;
}

/** Address space, in bytes, that this process may still take: less than all where somebody limits it (`ulimit -v`). */
export function addressSpaceLeft(): number {
  try {
    const { readFileSync } = nodeModule<typeof import("node:fs")>("node:fs");
    const limit = /^Max address space +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    if (limit === undefined) return Number.POSITIVE_INFINITY;
    const taken = /^VmSize:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
    return Math.max(0, Number(limit) - 1024 * Number(taken));
  } catch {
    // Only Linux tells.
    return Number.POSITIVE_INFINITY;
  }
}

/** What a person can do about it. */
export const moreAddressSpace: string =
  "raise the limit (ulimit -v), or start node with --disable-wasm-trap-handler, with which a memory takes no more than it holds";

/** Lets the host do what is waiting: events, signals, painting. */
export function nextTask(): Promise<void> {
  const { setImmediate } = nodeModule<typeof import("node:timers")>("node:timers");
  return new Promise((resolve) => setImmediate(resolve));
}
