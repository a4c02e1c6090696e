// Bytes as text for addresses: base64url of RFC 4648 §5, without padding.
import { FormatError } from "../errors.ts";
import { quote } from "../quote.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const values: ReadonlyMap<string, number> = new Map(Array.from(alphabet, (letter, value) => [letter, value]));

/** Writes three bytes as four letters, from the highest bit on. */
export function toBase64url(bytes: Uint8Array): string {
  const letters: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const left = Math.min(3, bytes.length - at);
    const group = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    for (let i = 0; i <= left; i++) letters.push(alphabet[(group >> (18 - 6 * i)) & 63]!);
  }
  return letters.join("");
}

/**
 * Reads what `toBase64url` writes, and nothing else: each text stands for other bytes.
 *
 * @param name What errors call the text.
 * @throws FormatError for another letter, a length that no bytes have, and bits that are left over and not 0.
 */
export function fromBase64url(letters: string, name: string): Uint8Array {
  const over = letters.length % 4;
  if (over === 1) throw new FormatError(`${name}: expected a whole number of bytes, got ${letters.length} letters`);
  const bytes = new Uint8Array(Math.floor((letters.length * 3) / 4));
  let [bits, held, to] = [0, 0, 0];
  for (let at = 0; at < letters.length; at++) {
    const value = values.get(letters[at]!);
    if (value === undefined) {
      throw new FormatError(`${name}: expected letters, digits, "-" or "_", got ${quote(letters[at])} at ${at}`);
    }
    bits = ((bits << 6) | value) & 0xfff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[to++] = bits >> held;
  }
  if ((bits & ((1 << held) - 1)) !== 0) {
    throw new FormatError(`${name}: expected zeros in the ${held} bits that are left over`);
  }
  return bytes;
}
