// Makes zip archives for tests, as a writer with other habits would, or an attacker.

import { deflateRawSync } from "node:zlib";
import { crc32 } from "../../src/codecs/zip.ts";
import { ascii } from "./hostile.ts";

const u16 = (n: number) => [n & 255, (n >>> 8) & 255];
/** The bytes of a number of 32 bits. */
export const u32 = (n: number) => [...u16(n & 0xffff), ...u16(n >>> 16)];

/** An entry, in which any field can be made to lie. */
export interface Forged {
  name: string | Uint8Array;
  data: Uint8Array;
  method?: number;
  flags?: number;
  crc?: number;
  size?: number;
  packed?: number;
  /** Local header: another name, or an offset to claim instead of the entry's own. */
  localName?: string;
  at?: number;
  extra?: number[];
}

/** An archive as a writer with other habits, or an attacker, would make it. `data` is what lies in the file. */
export function forge(
  entries: readonly Forged[],
  { count = entries.length, before = [] as number[], comment = "" } = {},
) {
  let body: number[] = [...before];
  let directory: number[] = [];
  for (const e of entries) {
    const encoded = typeof e.name === "string" ? new TextEncoder().encode(e.name) : e.name;
    const { method = 0, flags = 0, crc = crc32(e.data), packed = e.data.length, size = e.data.length, extra = [] } = e;
    const common = [
      ...u16(20),
      ...u16(flags),
      ...u16(method),
      0,
      0,
      0x21,
      0,
      ...u32(crc),
      ...u32(packed),
      ...u32(size),
    ];
    const local = new TextEncoder().encode(e.localName ?? "");
    const localName = e.localName === undefined ? encoded : local;
    const at = e.at ?? body.length;
    body = [
      ...body,
      ...u32(0x04034b50),
      ...common,
      ...u16(localName.length),
      ...u16(extra.length),
      ...localName,
      ...extra,
      ...e.data,
    ];
    directory = [
      ...directory,
      ...u32(0x02014b50),
      ...u16(20),
      ...common,
      ...u16(encoded.length),
      ...new Array(12).fill(0),
      ...u32(at),
      ...encoded,
    ];
  }
  return Uint8Array.from([
    ...body,
    ...directory,
    ...u32(0x06054b50),
    0,
    0,
    0,
    0,
    ...u16(count),
    ...u16(count),
    ...u32(directory.length),
    ...u32(body.length),
    ...u16(comment.length),
    ...ascii(comment),
  ]);
}

/** An entry that is packed by DEFLATE. */
export function deflated(data: Uint8Array, more: Partial<Forged> = {}): Forged {
  const packed = new Uint8Array(deflateRawSync(data));
  return { name: "d", data: packed, method: 8, crc: crc32(data), size: data.length, ...more };
}

/** Puts a zip64 end record and its locator before the end record of an archive without a comment, as PyTorch does. */
export function withWideEnd(zip: Uint8Array): Uint8Array {
  const end = zip.length - 22;
  const plain = new DataView(zip.buffer, zip.byteOffset + end);
  const [count, size, at] = [plain.getUint16(10, true), plain.getUint32(12, true), plain.getUint32(16, true)];
  const u64 = (n: number) => [...u32(n), ...u32(0)];
  const wide = [...u32(0x06064b50), ...u64(44), ...u16(0x031e), ...u16(45), ...u32(0), ...u32(0)];
  const locator = [...u32(0x07064b50), ...u32(0), ...u64(end), ...u32(1)];
  return Uint8Array.from([
    ...zip.subarray(0, end),
    ...[...wide, ...u64(count), ...u64(count), ...u64(size), ...u64(at), ...locator],
    ...zip.subarray(end),
  ]);
}
