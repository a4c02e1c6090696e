// Bad zip archives, after PKWARE's APPNOTE.
import { deflateRawSync } from "node:zlib";
import { parseZip, writeZip } from "../../src/codecs/zip.ts";
import { ascii, concat, fileName, patched } from "../formats/hostile.ts";
import { deflated, forge, withWideEnd } from "../formats/zip-forger.ts";
import { type BadFile, little, spliced, table } from "./bad-files.ts";

type Bad = BadFile<Uint8Array>;

const a = ascii("hello");
const b = Uint8Array.from({ length: 300 }, (_, i) => i % 7);
const good = writeZip([
  ["a", a],
  ["b", b],
]);
const one = writeZip([["a", a]]);
const central = 30 + 1 + a.length;
const end = one.length - 22;
const zeros = new Uint8Array(2 ** 20);

const noEnd = "expected the end record of a zip file before the end";
const cut = (length: number): Bad => [`cut to ${length} of ${good.length} bytes`, noEnd, good.slice(0, length)];
const named = (what: string, name: string | Uint8Array, says: string): Bad => [
  `a name that ${what}`,
  says,
  forge([{ name, data: a }]),
];
const change = (what: string, says: string, at: number, ...values: number[]): Bad => [
  what,
  says,
  patched(one, at, ...values),
];
const isAbsolute = "expected a plain relative name";
const size = "expected a size that 5 packed bytes can give";
const directory = `expected a directory that ends at ${end}`;

/** An archive with a zip64 end record, of which one byte says something else. */
const wide = withWideEnd(one);
const changedWide = (what: string, at: number): Bad => [
  `a zip64 end record with another ${what}`,
  "expected a directory that ends at",
  patched(wide, end + at, wide[end + at]! ^ 1),
];

const bad: readonly Bad[] = [
  ...(
    [
      ["signature", 0],
      ["length", 4],
      ["part", 16],
      ["part of the directory", 20],
      ["count in this part", 24],
      ["count", 32],
      ["size of the directory", 40],
      ["high half of the size", 44],
      ["place of the directory", 48],
      ["signature of the locator", 56],
      ["part in the locator", 60],
      ["place in the locator", 64],
      ["number of parts", 72],
    ] as const
  ).map(([what, at]) => changedWide(what, at)),
  ["nothing", noEnd, new Uint8Array(0)],
  ...[4, 26, 30, 36, 100, good.length - 40, good.length - 22, good.length - 21, good.length - 1].map(cut),
  ["one byte too many", noEnd, concat(good, [0])],
  ["bytes before the archive", "expected a directory that ends at", concat([0, 0, 0, 0], good)],
  [
    "bytes before the first entry, whose offset is wrong",
    "expected the offset of a local header",
    forge([{ name: "a", data: a, at: 0 }], { before: [1, 2] }),
  ],
  ["a text", noEnd, ascii("PK\u0003\u0004 and nothing more that is a zip archive")],
  [
    "an end record after the entries of another file",
    "expected a directory that ends at 30",
    concat(good.slice(0, 30), good.slice(-22)),
  ],
  change("local signature", "expected the offset of a local header", 0, 0),
  change("central signature", "expected a directory entry", central, 0),
  change("end signature", noEnd, end, 0),
  change("another disk", "expected an archive in one part", end + 4, 1),
  change("directory on another disk", "expected an archive in one part", end + 6, 1),
  change("other count on this disk", "expected an archive in one part", end + 8, 2),
  change("more entries than there are", "expected a directory entry", end + 8, 2, 0, 2, 0),
  change("fewer entries than there are", "expected the end record", end + 8, 0, 0, 0, 0),
  change("directory size 1", directory, end + 12, 1),
  change("directory size 2^32 - 1", directory, end + 12, 255, 255, 255, 255),
  change("directory offset 0", directory, end + 16, 0),
  change("directory offset of zip64", directory, end + 16, 255, 255, 255, 255),
  change("comment longer than the file", noEnd, end + 20, 9),
  ["comment shorter than the file", noEnd, concat(one, ascii("comment"))],
  change("encrypted, says the directory", "expected the directory's flags", central + 8, 1, 8),
  change("strongly encrypted, says the directory", "expected the directory's flags", central + 8, 0x41, 8),
  change("encrypted, says the local header", "expected the directory's flags", 6, 1, 8),
  change("another method in the directory", "expected method 12 at byte 8, got 0", central + 10, 12),
  change("other method in the local header", "expected method 0 at byte 8, got 8", 8, 8),
  change("CRC in the directory", "expected the directory's 0", central + 16, 0, 0, 0, 0),
  change("CRC in the local header", "expected the directory's 907060870 at byte 14", 14, 0, 0, 0, 0),
  change("CRC in both", "expected the directory's", central + 16, ...little(0x3610a687)),
  ["wrong CRC in both", '"a": expected CRC 3610a686', forge([{ name: "a", data: a, crc: 0 }])],
  change("data", '"a": expected CRC', 32, 0),
  change("packed size one less", "expected a size that 4 packed bytes can give", central + 20, 4),
  change("packed size one more", "expected a size that 6 packed bytes can give", central + 20, 6),
  change("size one more", size, central + 24, 6),
  change("size of zip64", "expected at most 1073741824 bytes in all", central + 24, 255, 255, 255, 255),
  change("size in the local header", "expected the directory's 5 at byte 22", 22, 6),
  change("packed size in the local header", "expected the directory's 5 at byte 18", 18, 6),
  change("zip64 size in the local header without the field", "expected the directory's 5", 22, 255, 255, 255, 255),
  change("name length in the directory", "expected an entry that ends by byte", central + 28, 2),
  change("name length beyond the directory", "expected an entry that ends by byte", central + 28, 255, 255),
  change("name length 0", "expected a plain relative name", central + 28, 0),
  change("extra length beyond the directory", "expected an entry that ends by byte", central + 30, 255, 255),
  change("comment length beyond the directory", "expected an entry that ends by byte", central + 32, 1),
  change("disk of the entry", "expected an archive in one part", central + 34, 1),
  change("offset of the local header", "expected the offset of a local header", central + 42, 1),
  change("offset of the local header beyond the file", "expected the offset", central + 42, 255, 255, 255, 127),
  change("offset of zip64", "expected the offset", central + 42, 255, 255, 255, 255),
  change("name in the local header", "expected the name in the directory", 30, 0x62),
  change("local name length beyond the file", "expected data that end by byte", 26, 255, 255),
  change("local extra length beyond the file", "expected data that end by byte", 28, 255, 255),
  named("is empty", "", isAbsolute),
  named("is absolute", "/etc/passwd", isAbsolute),
  named("is a drive's", "C:/x", isAbsolute),
  named("is relative to a drive", "c:a", isAbsolute),
  named("leads up", "../a", isAbsolute),
  named("leads up in the middle", "a/../../b", isAbsolute),
  named("is two dots", "..", isAbsolute),
  named("ends in two dots", "a/..", isAbsolute),
  named("has backslashes", "a\\b", isAbsolute),
  named("leads up by backslashes", "..\\..\\a", isAbsolute),
  named("has a NUL", "a\0.npy", isAbsolute),
  named("is no UTF-8", Uint8Array.of(0xff, 0xfe), "expected a name in UTF-8"),
  named("is NUL in two bytes", Uint8Array.of(0xc0, 0x80), "expected a name in UTF-8"),
  named("is half of a pair", Uint8Array.of(0xed, 0xa0, 0x80), "expected a name in UTF-8"),
  named("leads up by an overlong dot", Uint8Array.of(0xc0, 0xae, 0xc0, 0xae, 0x2f, 0x61), "expected a name in UTF-8"),
  named("is absolute, and controls a terminal", "/\u001b[2J\u202e", '"/\\u001b[2J\\u202e"'),
  named("is absolute, and of 60,000 letters", `/${"a".repeat(60_000)}`, "aaa…"),
  [
    "encrypted in both headers",
    '"a": expected an entry that is not encrypted',
    forge([{ name: "a", data: a, flags: 1 }]),
  ],
  ["bzip2 in both headers", '"d": expected method 0 (stored) or 8 (deflate)', forge([deflated(b, { method: 12 })])],
  ["method 99", '"d": expected method 0 (stored) or 8 (deflate)', forge([deflated(b, { method: 99 })])],
  [
    "the same name twice",
    "expected each name once at byte",
    forge([
      { name: "a", data: a },
      { name: "a", data: b },
    ]),
  ],
  [
    "the same local header twice",
    "expected an entry from byte",
    forge([
      { name: "a", data: a },
      { name: "a2", data: b, at: 0 },
    ]),
  ],
  [
    "an entry inside another (Fifield)",
    "expected an entry from byte",
    forge([
      { name: "a", data: forge([{ name: "b", data: a }]).slice(0, 36) },
      { name: "b", data: a, at: 31 },
    ]),
  ],
  [
    "1,001 entries",
    "expected at most 1000 entries",
    forge(Array.from({ length: 1001 }, (_, i) => ({ name: `${i}`, data: new Uint8Array(0) }))),
  ],
  ["65,535 entries, says the end record", "at most 1000 entries", forge([{ name: "a", data: a }], { count: 65_535 })],
  ["deflate of more than 1,032 to 1", "packed bytes can give", forge([deflated(zeros, { size: 2 ** 21 })])],
  [
    "deflate larger than stated",
    '"d": expected 1000 bytes after decompression',
    forge([deflated(zeros, { size: 1000 })]),
  ],
  ["deflate smaller than stated", '"d": expected 301 bytes after decompression', forge([deflated(b, { size: 301 })])],
  ["deflate with a wrong CRC", '"d": expected CRC', forge([deflated(b, { crc: 1 })])],
  [
    "deflate cut short",
    '"d": expected deflate-raw data',
    forge([deflated(b, { data: new Uint8Array(deflateRawSync(b)).slice(0, -2) })]),
  ],
  ["junk after deflate", '"d": expected', forge([deflated(b, { data: concat(deflateRawSync(b), [1, 2, 3]) })])],
  [
    "invalid deflate",
    '"a": expected deflate-raw data',
    forge([{ name: "a", data: Uint8Array.of(7, 1, 2, 3), method: 8, size: 300 }]),
  ],
  ["stored, of two sizes", size, forge([{ name: "a", data: a, size: 6 }])],
  [
    "2 GiB stated for 5 bytes",
    "at most 1073741824 bytes in all",
    forge([{ name: "a", data: a, method: 8, size: 2 ** 31 - 1 }]),
  ],
  ["1 GiB stated for 5 bytes", size, forge([{ name: "a", data: a, method: 8, size: 2 ** 30 }])],
  [
    "five bombs of 4 MiB",
    "bytes in all from",
    forge(Array.from({ length: 5 }, (_, i) => deflated(new Uint8Array(2 ** 22), { name: `${i}` }))),
  ],
  ["a byte between the directory and the end", directory.replace(`${end}`, `${end + 1}`), spliced(one, end, 0, [0])],
];

export const zip = table<Uint8Array>({
  format: "zip",
  read: (bytes) => parseZip(bytes, { name: fileName }),
  good: [good, one, forge([deflated(b), { name: "a", data: a }]), writeZip([])],
  bad,
});
