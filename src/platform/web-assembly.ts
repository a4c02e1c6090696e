// Compiles WebAssembly, and says what prevents it on a host.

import { UnsupportedError } from "../errors.ts";
import { thrown } from "../kinds.ts";

/**
 * Checks that there is WebAssembly.
 *
 * @param what What needs it, for the message: "the kernels are", for example.
 * @throws UnsupportedError if the host has none.
 */
export function checkWebAssembly(what: string): void {
  if (typeof WebAssembly !== "undefined") return;
  throw new UnsupportedError(
    `this host has no WebAssembly, which ${what} written for: start Node without --jitless, or use a browser that does ` +
      "not switch WebAssembly off, as Lockdown Mode does",
  );
}

/**
 * Compiles `bytes`, which the caller knows to be valid on this host.
 *
 * @throws UnsupportedError if a policy forbids it; RangeError if there is no memory for it.
 */
export async function compileModule(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    const { name, message } = thrown(error);
    // The bytes are valid, so a policy forbids to compile them, unless there is no memory for it.
    if (name === "RangeError") throw error;
    throw new UnsupportedError(
      `this host does not allow to compile WebAssembly (${message}): in a page add 'wasm-unsafe-eval' to the ` +
        "script-src of its Content-Security-Policy",
    );
  }
}
