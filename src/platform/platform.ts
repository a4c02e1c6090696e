// What differs between Node and pages: Node's side. The build for pages uses platform.page.ts instead, as it uses
// `name.page.ts` for every `name.ts` that has one beside it (scripts/build.mjs).

interface NodeProcess {
  getBuiltinModule(name: string): unknown;
}

/** Returns a module of Node's, without an import that a bundler would have to resolve. */
export function nodeModule<T>(name: string): T {
  return (globalThis as unknown as { process: NodeProcess }).process.getBuiltinModule(name) as T;
}

const streams = nodeModule<typeof globalThis>("node:stream/web");

// Test environments that imitate a page, such as jsdom, do not pass on everything that Node has.
export const ReadableStream: typeof globalThis.ReadableStream = streams.ReadableStream;
export const MessageChannel: typeof globalThis.MessageChannel =
  globalThis.MessageChannel ?? nodeModule<typeof globalThis>("node:worker_threads").MessageChannel;

/** Returns a stream that decompresses what is piped through it. */
export function decompressor(format: CompressionFormat): DecompressionStream {
  return new streams.DecompressionStream(format);
}

/** Returns the host's digests, such as SHA-256; undefined if it does not offer them. */
export function subtleCrypto(): SubtleCrypto | undefined {
  return globalThis.crypto?.subtle ?? nodeModule<typeof import("node:crypto")>("node:crypto").webcrypto.subtle;
}

/** Counts the processors worth a kernel thread each: at most 8, since small batches have no work for more. */
export function hardwareThreads(): number {
  return Math.min(8, nodeModule<typeof import("node:os")>("node:os").availableParallelism());
}

/** Whether this thread paints and listens to a user, and so may not block. */
export const onMainThread: boolean = false;

/** What marks a worker of the library, so that a copy of the library that a user's module imports there knows it. */
export const workerMark: string = "distillate worker";

/** Returns whether this thread is a worker of the library, and not one of a user's own. */
export function inLibraryWorker(): boolean {
  return nodeModule<typeof import("node:worker_threads")>("node:worker_threads").workerData === workerMark;
}

/** Returns whether memory can be shared with workers. */
export function canShareMemory(): boolean {
  return true;
}

/** Returns the address space, in bytes, that this process may still take: less than all under a limit (`ulimit -v`). */
export function addressSpaceLeft(): number {
  try {
    const { readFileSync } = nodeModule<typeof import("node:fs")>("node:fs");
    const limit = /^Max address space +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    if (limit === undefined) return Number.POSITIVE_INFINITY;
    const taken = /^VmSize:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
    return Math.max(0, Number(limit) - 1024 * Number(taken));
  } catch {
    // Only Linux tells the limit.
    return Number.POSITIVE_INFINITY;
  }
}

/** The advice for a user who has too little. */
export const moreAddressSpace: string =
  "raise the limit (ulimit -v), or start node with --disable-wasm-trap-handler, so that a memory takes only what it holds";

/** Lets the host do pending work: events, signals, painting. */
export function nextTask(): Promise<void> {
  const { setImmediate } = nodeModule<typeof import("node:timers")>("node:timers");
  return new Promise((resolve) => setImmediate(resolve));
}
