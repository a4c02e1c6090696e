// Zip archives in memory, as .npz needs them: written without compression and with fixed time stamps, so that the
// same entries give the same bytes; read with every size checked before memory is taken. Entries are never turned
// into paths. No zip64 beyond fields that say nothing new, no encryption, no archives in several parts.

import { FormatError } from "../errors.ts";
import { quote } from "../quote.ts";
import { inflate, maximumRatio, unpackedLimit } from "./gzip.ts";
import { directoryEnd, zip64Sizes } from "./zip64.ts";

const localSignature = 0x04034b50;
const centralSignature = 0x02014b50;
const endSignature = 0x06054b50;
/** The flags of encryption and of encrypted names. */
const encrypted = 0x2041;
/** The number of Unix, whose writers state what kind of file an entry is. */
const unix = 3;
const defaultEntries = 1000;
const gibibyte = 2 ** 30;

const crcTable: Uint32Array = /* @__PURE__ */ Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** Computes CRC-32 as zip, gzip and PNG use it. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = crcTable[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Says what is wrong with an entry's name, if anything: no reader, ours or another, may be led out of a folder. */
function nameFault(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name.includes("\0") || name.includes("\\")) return "it holds a NUL or a backslash";
  if (name.startsWith("/") || name[1] === ":") return "it is absolute";
  if (name.split("/").includes("..")) return "it holds ..";
  return undefined;
}

/**
 * Writes an archive of uncompressed entries, in the order given.
 *
 * @throws RangeError for a name that is used twice or is not a plain relative name, and for more than 1,000 entries.
 */
export function writeZip(entries: Iterable<readonly [name: string, bytes: Uint8Array]>): Uint8Array {
  const list = Array.from(entries, ([name, bytes]) => {
    const fault = nameFault(name);
    if (fault) throw new RangeError(`"name" expected a plain relative name, got ${JSON.stringify(name)}: ${fault}`);
    return { name, encoded: new TextEncoder().encode(name), bytes, crc: crc32(bytes) };
  });
  if (list.length > defaultEntries)
    throw new RangeError(`"entries" expected at most ${defaultEntries}, got ${list.length}`);
  if (new Set(list.map((e) => e.name)).size !== list.length) throw new RangeError(`"entries" expected distinct names`);

  const directory = list.reduce((sum, e) => sum + 30 + e.encoded.length + e.bytes.length, 0);
  const size = list.reduce((sum, e) => sum + 46 + e.encoded.length, 0);
  const out = new Uint8Array(directory + size + 22);
  const view = new DataView(out.buffer);
  /** Writes the 26 bytes that the local and the central header share, from "version needed" on. */
  const common = (at: number, e: (typeof list)[number]): void => {
    view.setUint16(at, 20, true);
    view.setUint16(at + 2, 0x0800, true); // names are UTF-8
    view.setUint16(at + 8, 0x0021, true); // 1980-01-01 00:00, the zero of this format
    view.setUint32(at + 10, e.crc, true);
    view.setUint32(at + 14, e.bytes.length, true);
    view.setUint32(at + 18, e.bytes.length, true);
    view.setUint16(at + 22, e.encoded.length, true);
  };
  let local = 0;
  let central = directory;
  for (const e of list) {
    view.setUint32(local, localSignature, true);
    common(local + 4, e);
    out.set(e.encoded, local + 30);
    out.set(e.bytes, local + 30 + e.encoded.length);

    view.setUint32(central, centralSignature, true);
    view.setUint16(central + 4, 0x0314, true); // made as on Unix, so that the mode below counts
    common(central + 6, e);
    view.setUint32(central + 38, 0o100644 * 2 ** 16, true);
    view.setUint32(central + 42, local, true);
    out.set(e.encoded, central + 46);

    local += 30 + e.encoded.length + e.bytes.length;
    central += 46 + e.encoded.length;
  }
  view.setUint32(central, endSignature, true);
  view.setUint16(central + 8, list.length, true);
  view.setUint16(central + 10, list.length, true);
  view.setUint32(central + 12, size, true);
  view.setUint32(central + 16, directory, true);
  return out;
}

interface Entry {
  readonly name: string;
  readonly at: number;
  readonly flags: number;
  readonly method: number;
  readonly isLink: boolean;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly local: number;
}

/** The options of `parseZip`. */
export interface ParseZipOptions {
  readonly name: string;
  /** The limit on the sum of the entries' sizes. Default 1 GiB. */
  readonly maximumBytes?: number;
  /** The limit on the number of entries, at most 65,535. Default 1,000. */
  readonly maximumEntries?: number;
}

/** An entry of an archive, which is unpacked when `read` is called. */
export interface ZipEntry {
  /** Set for a symbolic link, whose content is the path that it leads to. */
  readonly isLink: boolean;
  /** The length of its content, which `read` gives or refuses. */
  readonly size: number;
  /** Throws FormatError when the entry is encrypted, packed by an unknown method, or damaged. */
  read(): Promise<Uint8Array>;
}

/**
 * Reads the entries of an archive, stored or deflated, in the order of its directory.
 *
 * @throws FormatError as `openZip` does, and for an entry that cannot be read.
 */
export async function parseZip(bytes: Uint8Array, options: ParseZipOptions): Promise<Map<string, Uint8Array>> {
  const out = new Map<string, Uint8Array>();
  for (const [name, entry] of openZip(bytes, options)) out.set(name, await entry.read());
  return out;
}

/**
 * Lists the entries of an archive, in the order of its directory, without unpacking them.
 *
 * @throws FormatError with file name and byte offset for overlapping entries, a name used twice or leading out of a folder,
 * impossible sizes, or more than `maximumEntries` or `maximumBytes`.
 */
export function openZip(
  bytes: Uint8Array,
  { name, maximumBytes = gibibyte, maximumEntries = defaultEntries }: ParseZipOptions,
): Map<string, ZipEntry> {
  const bad = (at: number, expected: string, got: unknown): FormatError =>
    new FormatError(`${name}: expected ${expected} at byte ${at}, got ${got}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries = readDirectory(bytes, view, maximumEntries, bad);

  let total = 0;
  for (const { at, size, packed, method } of entries) {
    total += size;
    if (total > maximumBytes) throw bad(at + 24, `at most ${maximumBytes} bytes in all`, total);
    if (method === 0 ? size !== packed : size > packed * maximumRatio) {
      throw bad(at + 24, `a size that ${packed} packed bytes can give`, size);
    }
  }
  const most = unpackedLimit(bytes.length);
  if (total > most) throw bad(entries[0]!.at + 24, `at most ${most} bytes in all from ${bytes.length}`, total);
  // The regions in the file must not overlap, which is checked before anything is unpacked: overlaps multiply a bomb, and the
  // time for what stands beside a local header.
  const directory = entries[0]?.at ?? bytes.length;
  const starts = new Map<Entry, number>();
  let end = 0;
  for (const entry of [...entries].sort((a, b) => a.local - b.local)) {
    if (entry.local < end) throw bad(entry.at + 42, `an entry from byte ${end} on`, entry.local);
    const start = readLocal(entry, bytes, view, directory, bad);
    starts.set(entry, start);
    end = start + entry.packed;
  }

  const open = (entry: Entry): ZipEntry => ({
    isLink: entry.isLink,
    size: entry.size,
    async read(): Promise<Uint8Array> {
      const inner = `${name}: ${quote(entry.name)}`;
      const { at, flags, method, size } = entry;
      const badEntry: Bad = (offset, expected, got) =>
        new FormatError(`${inner}: expected ${expected} at byte ${offset}, got ${got}`);
      if (flags & encrypted) throw badEntry(at + 8, "an entry that is not encrypted", `flags 0x${flags.toString(16)}`);
      if (method !== 0 && method !== 8) throw badEntry(at + 10, "method 0 (stored) or 8 (deflate)", method);
      const start = starts.get(entry)!;
      const packed = bytes.subarray(start, start + entry.packed);
      const data = method === 0 ? new Uint8Array(packed) : await inflate(packed, "deflate-raw", { name: inner, size });
      const crc = crc32(data);
      if (crc !== entry.crc) throw badEntry(at + 16, `CRC ${crc.toString(16)}`, entry.crc.toString(16));
      return data;
    },
  });
  return new Map(entries.map((entry) => [entry.name, open(entry)]));
}

type Bad = (at: number, expected: string, got: unknown) => FormatError;

function readDirectory(bytes: Uint8Array, view: DataView, maximumEntries: number, bad: Bad): Entry[] {
  // The end record is the last 22 bytes, before a comment of up to 65,535 whose length it states.
  let end = bytes.length - 22;
  const last = Math.max(0, end - 65_535);
  while (
    end >= last &&
    !(view.getUint32(end, true) === endSignature && end + 22 + view.getUint16(end + 20, true) === bytes.length)
  )
    end--;
  if (end < last) throw bad(bytes.length, "the end record of a zip file before the end", "none");
  const count = view.getUint16(end + 10, true);
  if (view.getUint32(end + 4, true) !== 0 || view.getUint16(end + 8, true) !== count) {
    throw bad(end + 4, "an archive in one part", "several");
  }
  if (count > maximumEntries) throw bad(end + 10, `at most ${maximumEntries} entries`, count);
  const size = view.getUint32(end + 12, true);
  let at = view.getUint32(end + 16, true);
  const sizeAt = end + 12;
  end = directoryEnd(view, end, { count, size, at });
  if (at + size !== end) throw bad(sizeAt, `a directory that ends at ${end}`, `one of ${size} bytes at ${at}`);

  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const entries: Entry[] = [];
  const names = new Set<string>();
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== centralSignature) throw bad(at, "a directory entry", "none");
    const flags = view.getUint16(at + 8, true);
    const method = view.getUint16(at + 10, true);
    const nameLength = view.getUint16(at + 28, true);
    const next = at + 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) throw bad(at + 28, `an entry that ends by byte ${end}`, next);
    if (view.getUint16(at + 34, true) !== 0) throw bad(at + 34, "an archive in one part", "several");
    let name: string;
    try {
      name = decoder.decode(bytes.subarray(at + 46, at + 46 + nameLength));
    } catch {
      throw bad(at + 46, "a name in UTF-8", "other bytes");
    }
    const fault = nameFault(name);
    if (fault) throw bad(at + 46, "a plain relative name", `${quote(name)}: ${fault}`);
    if (names.has(name)) throw bad(at + 46, "each name once", `${quote(name)} again`);
    names.add(name);
    const [crc, packed, unpacked] = [16, 20, 24].map((k) => view.getUint32(at + k, true)) as [number, number, number];
    const isLink = bytes[at + 5] === unix && (view.getUint16(at + 40, true) & 0o170000) === 0o120000;
    entries.push({
      name,
      at,
      flags,
      method,
      isLink,
      crc,
      packed,
      size: unpacked,
      local: view.getUint32(at + 42, true),
    });
    at = next;
  }
  if (at !== end) throw bad(at, `the end record`, `${end - at} other bytes before it`);
  return entries;
}

/** Returns where an entry's data start, after checking that its local header says what the directory says. */
function readLocal(entry: Entry, bytes: Uint8Array, view: DataView, directory: number, bad: Bad): number {
  const { local, at, flags, method } = entry;
  if (local + 30 > directory || view.getUint32(local, true) !== localSignature) {
    throw bad(at + 42, "the offset of a local header", local);
  }
  const nameLength = view.getUint16(local + 26, true);
  const start = local + 30 + nameLength + view.getUint16(local + 28, true);
  if (start + entry.packed > directory) throw bad(at + 20, `data that end by byte ${directory}`, start + entry.packed);
  const same =
    nameLength === view.getUint16(at + 28, true) &&
    bytes.subarray(local + 30, local + 30 + nameLength).every((byte, i) => byte === bytes[at + 46 + i]);
  if (!same) throw bad(local + 30, "the name in the directory", "another");
  if (view.getUint16(local + 8, true) !== method)
    throw bad(local + 8, `method ${method}`, view.getUint16(local + 8, true));
  if ((view.getUint16(local + 6, true) ^ flags) & 0x2049) throw bad(local + 6, "the directory's flags", "others");
  // A writer that streams (flag 8) leaves zeros here. NumPy writes 2^32 - 1 and the sizes into a zip64 field.
  const streamed = (flags & 8) !== 0;
  const wide = zip64Sizes(view, local + 30 + nameLength, start);
  [
    [14, entry.crc, undefined],
    [18, entry.packed, wide?.packed],
    [22, entry.size, wide?.size],
  ].forEach(([k, value, wider]) => {
    const got = view.getUint32(local + k!, true);
    const stated = got === 0xffffffff && wider !== undefined ? wider : got;
    if (stated !== value && !(streamed && stated === 0)) throw bad(local + k!, `the directory's ${value}`, stated);
  });
  return start;
}
