// SHA-256 of arrays, by the host.
import { UnsupportedError } from "../errors.ts";
import { subtleCrypto } from "../platform/platform.ts";
import { type ArrayData, bytesOf } from "./npy.ts";

/** Hashes the little-endian bytes of the arrays, one after the other. Throws UnsupportedError in a page without SHA-256. */
export async function sha256(arrays: readonly ArrayData[]): Promise<Uint8Array> {
  const subtle = subtleCrypto();
  if (!subtle) throw new UnsupportedError("no SHA-256 here: serve the page over https or from localhost");
  const parts = arrays.map(bytesOf);
  // The bytes are copied once, because the host's digest takes neither pieces nor shared memory.
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await subtle.digest("SHA-256", bytes));
}

const pieceBytes = 2 ** 20;

/**
 * Returns the SHA-256, in hexadecimal, of the SHA-256s of the pieces of 1 MiB: a large array is copied only piece by piece.
 * Throws UnsupportedError in a page without SHA-256.
 */
export async function sha256OfPieces(bytes: Uint8Array): Promise<string> {
  const digests: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    digests.push(await sha256([bytes.subarray(at, at + pieceBytes)]));
  }
  return hexadecimal(await sha256(digests));
}

/** Writes bytes as lower-case hexadecimal digits. */
export function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
