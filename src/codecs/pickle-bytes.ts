// The bytes of a pickle, read from front to back: numbers, text and names as its opcodes have them, with errors that say where.
import { FormatError } from "../errors.ts";
import type { Reading } from "./pickled.ts";

/** So many bytes may be copied whatever the length of the file. */
const freeBytes = 2 ** 16;

export class PickleBytes implements Reading {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly longestName = 200;
  /** Where the opcode that runs stands, and the next byte. */
  start = 0;
  at = 0;
  readonly #file: string;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #spent = 0;

  constructor(bytes: Uint8Array, file: string) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#file = file;
  }

  readonly refuse: Reading["refuse"] = (expected, got) =>
    new FormatError(`${this.#file}: expected ${expected} at byte ${this.start}, got ${got}`);

  readonly spend: Reading["spend"] = (bytes) => {
    this.#spent += bytes;
    const most = freeBytes + 4 * this.bytes.length;
    if (this.#spent > most) throw this.refuse(`at most ${most} bytes of arrays`, "more");
  };

  /** Moves past `n` bytes and returns where they start. */
  take(n: number): number {
    const from = this.at;
    if (!(n <= this.bytes.length - from)) throw this.refuse(`${n} more bytes`, this.bytes.length - from);
    this.at += n;
    return from;
  }

  u8(): number {
    return this.bytes[this.take(1)]!;
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  /** A length of 64 bits; one that no file has is as good as any other, because `take` refuses it. */
  u64(): number {
    return Number(this.view.getBigUint64(this.take(8), true));
  }

  text(length: number): string {
    const from = this.take(length);
    try {
      return this.#decoder.decode(this.bytes.subarray(from, this.at));
    } catch {
      throw this.refuse("text in UTF-8", "other bytes");
    }
  }

  copy(length: number): Uint8Array {
    const from = this.take(length);
    return this.bytes.slice(from, this.at);
  }

  line(): string {
    const end = this.bytes.subarray(this.at, this.at + this.longestName).indexOf(0x0a);
    if (end < 0) throw this.refuse(`a name of less than ${this.longestName} bytes`, "no end of it");
    const text = this.text(end);
    this.at++;
    return text;
  }

  /** A whole number of two's complement, the least significant byte first. */
  long(length: number): number | bigint {
    if (length > 8) throw this.refuse("a whole number of at most 8 bytes", length);
    const from = this.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[from + i]!);
    value = BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
}

/** Opcodes that are not read, by name: they make objects of classes, or nothing that torch.save writes has them. */
const otherNames: ReadonlyMap<number, string> = new Map([
  [0x69, "INST"],
  [0x6f, "OBJ"],
  [0x81, "NEWOBJ"],
  [0x92, "NEWOBJ_EX"],
  [0x50, "PERSID"],
  [0x82, "EXT1"],
  [0x83, "EXT2"],
  [0x84, "EXT4"],
  [0x30, "POP"],
  [0x31, "POP_MARK"],
  [0x32, "DUP"],
  [0x8b, "LONG4"],
  [0x8f, "EMPTY_SET"],
  [0x90, "ADDITEMS"],
  [0x91, "FROZENSET"],
  [0x97, "NEXT_BUFFER"],
  [0x98, "READONLY_BUFFER"],
  [0x80, "PROTO"],
  [0x54, "BINSTRING"],
  [0x55, "SHORT_BINSTRING"],
]);

/** What an opcode is called that is not read. */
export function opcodeName(code: number): string {
  return otherNames.get(code) ?? `opcode 0x${code.toString(16)}`;
}
