// What differs between Node and pages: the side of pages and their workers (see platform.ts).
import { UnsupportedError } from "../errors.ts";

export const ReadableStream: typeof globalThis.ReadableStream = globalThis.ReadableStream;
export const MessageChannel: typeof globalThis.MessageChannel = globalThis.MessageChannel;

/** Returns a stream that decompresses what is piped through it. Throws UnsupportedError if the host has none. */
export function decompressor(format: CompressionFormat): DecompressionStream {
  if (typeof DecompressionStream === "undefined") {
    throw new UnsupportedError("this host has no DecompressionStream: use a browser from 2023 or newer");
  }
  return new DecompressionStream(format);
}

/** Returns the host's digests, such as SHA-256; undefined if it does not offer them. */
export function subtleCrypto(): SubtleCrypto | undefined {
  return globalThis.crypto?.subtle;
}

/** Counts the processors worth a kernel thread each: at most 8, since small batches have no work for more. */
export function hardwareThreads(): number {
  return Math.min(8, Math.max(1, globalThis.navigator?.hardwareConcurrency ?? 1));
}

/** Whether this thread paints and listens to a user, and so may not block. */
export const onMainThread: boolean = "document" in globalThis;

export const workerMark: string = "distillate worker";

/** Returns whether this thread is a worker of the library: a worker's name is what main.page.ts sets. */
export function inLibraryWorker(): boolean {
  return !onMainThread && (globalThis as { name?: unknown }).name === workerMark;
}

/**
 * Returns whether memory can be shared with workers. It tries to post some, because some hosts say that they are isolated
 * and make shared memory, and then refuse to post it.
 */
export function canShareMemory(): boolean {
  const { port1, port2 } = new MessageChannel();
  try {
    port1.postMessage(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
    return true;
  } catch {
    return false;
  } finally {
    port1.close();
    port2.close();
  }
}

/** Lets the host do pending work: events, signals, painting. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

/** Returns infinity, because pages are not told. */
export function addressSpaceLeft(): number {
  return Number.POSITIVE_INFINITY;
}

export const moreAddressSpace: string = "close other pages, or use a smaller batch or model";
