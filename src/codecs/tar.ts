// Tar archives in memory: ustar with the extensions that GNU tar, bsdtar and Python write (pax headers, long names, sizes
// in base 256). Written by hand, because the libraries for it accept impossible sizes and do not say where in the file a
// fault is. Nothing is copied, and a name is never used as a path.
import { FormatError } from "../errors.ts";
import { quote } from "../quote.ts";

/** What an archive holds under one name. */
export interface TarEntry {
  /** The content of a file, as a view of the archive; undefined when the entry is not a file. */
  readonly bytes: Uint8Array | undefined;
  /** Says what the entry is when it is not a file. */
  readonly instead: string;
}

/** The options of `parseTar`. */
export interface ParseTarOptions {
  /** The archive's name in errors. */
  readonly name: string;
  readonly maximumEntries: number;
}

const block = 512;
/** The longest header that describes the next entry. */
const maximumDescription = 2 ** 23;
/** The longest path that Linux takes. */
const longestPath = 4096;
/** The kinds of entries without content. A hard link is a file under another name. */
const bodyless: Readonly<Record<string, string>> = {
  "2": "a symbolic link",
  "3": "a device",
  "4": "a device",
  "5": "a folder",
  "6": "a named pipe (FIFO)",
};

const utf8: TextDecoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

type Bad = (at: number, expected: string, got: unknown) => FormatError;

/** What headers of kind x, g, L and K say about the entries after them. */
interface Description {
  path?: string;
  link?: string;
  size?: number;
}

/**
 * Reads the entries of an archive, without its folders, by path without a leading "./". When a path comes twice the last
 * one counts, as when the archive is unpacked. A hard link has the content of the file that it names.
 *
 * @throws FormatError with file name and byte offset: for a wrong checksum, a size that is negative, not octal, not a safe
 * integer or beyond the archive, a broken pax record, a missing end, content after it, or too many entries.
 */
export function parseTar(bytes: Uint8Array, { name, maximumEntries }: ParseTarOptions): Map<string, TarEntry> {
  const bad: Bad = (at, expected, got) => new FormatError(`${name}: expected ${expected} at byte ${at}, got ${got}`);
  const entries = new Map<string, TarEntry>();
  const forAll: Description = {};
  let forNext: Description = {};
  for (let at = 0; ; ) {
    if (at + 2 * block > bytes.length)
      throw bad(bytes.length, "a tar archive that ends in zeros", "the end of the file");
    if (isZero(bytes, at, at + block)) {
      if (isZero(bytes, at + block, bytes.length)) return entries;
      throw bad(at, "only zeros from here on", "other bytes");
    }
    checkSum(bytes, at, bad);
    const kind = String.fromCharCode(bytes[at + 156] || 0x30);
    const stated = numberAt(bytes, at + 124, bad);
    const describes = "xgLK".includes(kind);
    const {
      path = pathAt(bytes, at),
      link = textAt(bytes, at + 157, 100),
      size = stated,
    } = describes ? {} : { ...forAll, ...forNext };
    const body = Object.hasOwn(bodyless, kind) || kind === "1" ? 0 : size;
    const start = at + block;
    const end = start + body;
    if (end > bytes.length) throw bad(at + 124, `a size of at most ${bytes.length - start}`, body);
    if (describes) {
      if (size > maximumDescription) throw bad(at + 124, `at most ${maximumDescription} bytes of description`, size);
      if (kind === "L") forNext.path = textAt(bytes, start, size);
      else if (kind === "K") forNext.link = textAt(bytes, start, size);
      else Object.assign(kind === "g" ? forAll : forNext, paxRecords(bytes, start, end, bad));
    } else {
      forNext = {};
      if (kind === "S" || kind === "M") throw bad(at + 156, "files that are whole", "a sparse file or a part of one");
      if (path.length > longestPath || path === "" || path.includes("\0")) {
        throw bad(at, `a path of 1 to ${longestPath} characters`, `${quote(path)} of ${path.length}`);
      }
      const content = kind === "1" ? entries.get(plain(link))?.bytes : bytes.subarray(start, end);
      const instead = kind === "1" ? "a link to a file that does not come before it" : (bodyless[kind] ?? "");
      // Kinds in capital letters are private to vendors; POSIX says that all other unknown kinds are files.
      const isFile = !/[2-6A-Z]/.test(kind);
      if (kind !== "5" && !path.endsWith("/") && (isFile || instead !== "")) {
        entries.set(plain(path), { bytes: isFile ? content : undefined, instead });
        if (entries.size > maximumEntries) throw bad(at, `at most ${maximumEntries} files`, "more");
      }
    }
    at = start + Math.ceil((describes ? size : body) / block) * block;
  }
}

/** Returns the path without "./" before it. */
function plain(path: string): string {
  let at = 0;
  while (path.startsWith("./", at)) at += 2;
  return path.slice(at);
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false;
  return true;
}

/** Checks the sum of a header's bytes, which counts the field of the sum itself as spaces. */
function checkSum(bytes: Uint8Array, at: number, bad: Bad): void {
  let sum = 8 * 0x20;
  for (let k = 0; k < block; k++) if (k < 148 || k >= 156) sum += bytes[at + k]!;
  const stated = textAt(bytes, at + 148, 8).trim();
  if (!/^[0-7]{1,7}$/.test(stated) || Number.parseInt(stated, 8) !== sum) {
    throw bad(at + 148, `a tar header with the checksum ${sum.toString(8)}`, quote(stated));
  }
}

/** Reads a size: octal digits, or base 256 where the first bit is set. */
function numberAt(bytes: Uint8Array, at: number, bad: Bad): number {
  const width = 12;
  if (bytes[at]! & 0x80) {
    // The next bit is the sign.
    if (bytes[at]! & 0x40) throw bad(at, "a size >= 0", "a negative one");
    let value = bytes[at]! & 0x3f;
    for (let k = 1; k < width; k++) value = value * 256 + bytes[at + k]!;
    if (!Number.isSafeInteger(value)) throw bad(at, "a size below 2^53", value);
    return value;
  }
  const text = textAt(bytes, at, width).trim();
  if (!/^[0-7]*$/.test(text)) throw bad(at, "a size in octal digits", quote(text));
  return Number.parseInt(text || "0", 8);
}

/** Reads text up to a NUL or the end of its field: UTF-8, or Latin-1 if the bytes are not UTF-8. */
function textAt(bytes: Uint8Array, at: number, width: number): string {
  const field = bytes.subarray(at, at + width);
  const end = field.indexOf(0);
  const text = end < 0 ? field : field.subarray(0, end);
  try {
    return utf8.decode(text);
  } catch {
    return Array.from(text.subarray(0, 2 * longestPath), (byte) => String.fromCharCode(byte)).join("");
  }
}

/** Reads a path. POSIX's headers keep the front of a long path in another field, which GNU's use for something else. */
function pathAt(bytes: Uint8Array, at: number): string {
  const name = textAt(bytes, at, 100);
  const prefix = textAt(bytes, at + 257, 6) === "ustar" ? textAt(bytes, at + 345, 155) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** Reads records like "30 path=a/b.png\n", each led by its length; the values of most keys are skipped. */
function paxRecords(bytes: Uint8Array, from: number, to: number, bad: Bad): Description {
  const found: Description = {};
  for (let at = from; at < to; ) {
    let space = at;
    while (space < at + 8 && bytes[space]! >= 0x30 && bytes[space]! <= 0x39) space++;
    const length = Number(textAt(bytes, at, space - at));
    const end = at + length;
    const fits = bytes[space] === 0x20 && space + 1 < end && end <= to && bytes[end - 1] === 0x0a;
    const equals = fits ? bytes.subarray(space, end).indexOf(0x3d) : -1;
    if (equals < 0) throw bad(at, 'a pax record as "12 size=345"', "other bytes");
    const start = space + equals + 1;
    const key = textAt(bytes, space + 1, Math.min(equals - 1, 64));
    const value = (): string => {
      // Readers that stop at a NUL and readers that do not would see two archives.
      if (bytes.subarray(start, end).includes(0)) throw bad(start, `a ${key} without NUL`, "one");
      return textAt(bytes, start, end - 1 - start);
    };
    if (key === "path") found.path = value();
    else if (key === "linkpath") found.link = value();
    else if (key === "size") {
      const text = value();
      const size = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
      if (!Number.isSafeInteger(size)) throw bad(start, "a size in digits, below 2^53", quote(text));
      found.size = size;
    } else if (key.startsWith("GNU.sparse.")) throw bad(at, "files that are whole", "a sparse file");
    at = end;
  }
  return found;
}
