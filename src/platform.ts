// What differs between Node and browsers, and nothing else: the only file that names `process`.

interface NodeProcess {
  getBuiltinModule?(name: string): unknown;
  readonly versions?: { readonly node?: string };
}

const node: NodeProcess | undefined = (globalThis as { process?: NodeProcess }).process;

/** Whether this is Node (or a runtime that offers Node's modules). */
export const isNode: boolean = typeof node?.versions?.node === "string" && typeof node.getBuiltinModule === "function";

/** A module of Node's, without an import that a bundler would have to resolve. Only call it where `isNode`. */
export function nodeModule<T>(name: string): T {
  return node!.getBuiltinModule!(name) as T;
}

/** The bytes of a file that ships with the package, given by its URL beside the code. */
export async function readAsset(url: URL): Promise<Uint8Array> {
  if (isNode && url.protocol === "file:") {
    return nodeModule<typeof import("node:fs")>("node:fs").promises.readFile(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: expected the file, got HTTP status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Processors worth a kernel thread each: at most 8, since small batches have no work for more. */
export function hardwareThreads(): number {
  const count = isNode
    ? nodeModule<typeof import("node:os")>("node:os").availableParallelism()
    : (globalThis.navigator?.hardwareConcurrency ?? 1);
  return Math.min(8, Math.max(1, count));
}

/** Lets the host do what is waiting: events, signals, painting. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const immediate = (globalThis as { setImmediate?: (callback: () => void) => void }).setImmediate;
    if (immediate) return immediate(resolve);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
