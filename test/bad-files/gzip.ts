// Bad gzip files, after RFC 1952 and RFC 1951.
import { gzipSync } from "node:zlib";
import { gunzip } from "../../src/codecs/gzip.ts";
import { crc32 } from "../../src/codecs/zip.ts";
import { ascii, concat, fileName, patched } from "../formats/hostile.ts";
import { type BadFile, little, spliced, table } from "./bad-files.ts";

const plain = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251);
const good = new Uint8Array(gzipSync(plain));
const end = good.length;
const body = good.subarray(10, -8);
const empty = new Uint8Array(gzipSync(new Uint8Array()));

/** A file with any fields of a header, DEFLATE data of our own and a trailer that fits what comes out. */
function made(header: ArrayLike<number>, deflate: ArrayLike<number>, content: Uint8Array): Uint8Array {
  return concat(header, deflate, little(crc32(content)), little(content.length));
}
const plainHeader = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
const withFlags = (flags: number, ...fields: number[]) => [0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3, ...fields];

// A header with an extra field, a name, a comment and its own checksum.
const fields = [3, 0, 1, 2, 3, ...ascii("name\0"), ...ascii("comment\0")];
const headerSum = crc32(Uint8Array.from(withFlags(30, ...fields)));
const full = made(withFlags(30, ...fields, headerSum & 255, (headerSum >>> 8) & 255), body, plain);
/** "abc" as a stored block: its kind, its length, the length inverted, the bytes. */
const abc = ascii("abc");
const stored = made(plainHeader, [1, 3, 0, 252, 255, ...abc], abc);

const cannot = "does not decompress";
const short = "expected a gzip file of at least 18 bytes";
/** Files that end too early: what stands where the size belongs is another number. */
const cut = (length: number, says: string): BadFile<Uint8Array> => [
  `cut to ${length} of ${end} bytes`,
  says,
  good.slice(0, length),
];
const block = (what: string, bytes: number[], says = cannot): BadFile<Uint8Array> => [
  what,
  says,
  made(plainHeader, bytes, abc),
];

const bad: readonly BadFile<Uint8Array>[] = [
  ["nothing", "expected the gzip magic 1f 8b at byte 0", new Uint8Array(0)],
  cut(1, "expected the gzip magic 1f 8b at byte 0"),
  ...[2, 3, 4, 8, 9, 10, 11, 17].map((length) => cut(length, short)),
  cut(18, "the file is damaged, cut short"),
  cut(Math.floor(end / 2), "the file is damaged, cut short"),
  ["no size", "the file is damaged, cut short", good.slice(0, -4)],
  ["no trailer", "the file is damaged, cut short", good.slice(0, -8)],
  ["last byte missing", "expected a size that", good.slice(0, -1)],
  ["first magic byte", "expected the gzip magic 1f 8b at byte 0", patched(good, 0, 0x1e)],
  ["second magic byte", "expected the gzip magic 1f 8b at byte 0", patched(good, 1, 0x8c)],
  ["magic bytes in the other order", "expected the gzip magic 1f 8b at byte 0", patched(good, 0, 0x8b, 0x1f)],
  ["a byte before the file", "expected the gzip magic 1f 8b at byte 0", concat([0], good)],
  ["a byte order mark before the file", "expected the gzip magic 1f 8b at byte 0", concat([0xef, 0xbb, 0xbf], good)],
  ["the plain content", "expected the gzip magic 1f 8b at byte 0", plain],
  ["method 0", cannot, patched(good, 2, 0)],
  ["method 7", cannot, patched(good, 2, 7)],
  ["method 9", cannot, patched(good, 2, 9)],
  ["method 255", cannot, patched(good, 2, 255)],
  ["reserved flag 32", cannot, patched(good, 3, 32)],
  ["reserved flag 64", cannot, patched(good, 3, 64)],
  ["reserved flag 128", cannot, patched(good, 3, 128)],
  ["a checksum of the header that is wrong", cannot, patched(full, 10 + fields.length, 0)],
  ["an extra field longer than the file", cannot, spliced(patched(good, 3, 4), 10, 0, [255, 255])],
  ["a name without its end", cannot, concat(withFlags(8), ascii("a".repeat(16)), little(9))],
  ["a comment without its end", cannot, concat(withFlags(16), ascii("a".repeat(16)), little(9))],
  ["the flag of a name without a name", cannot, patched(good, 3, 8)],
  ["wrong CRC", cannot, patched(good, end - 8, good[end - 8]! ^ 1)],
  ["CRC 0", cannot, patched(good, end - 8, 0, 0, 0, 0)],
  ["CRC with its bytes turned round", cannot, patched(good, end - 8, ...good.slice(end - 8, end - 4).reverse())],
  ["a byte of the content changed", cannot, patched(stored, 16, 0x7a)],
  ["a size that is one less", cannot, patched(good, end - 4, ...little(4999))],
  ["a size that is one more", cannot, patched(good, end - 4, ...little(5001))],
  ["a size of 0", cannot, patched(good, end - 4, 0, 0, 0, 0)],
  ["a size of 2 GiB", "the file is damaged, cut short", patched(good, end - 4, ...little(2 ** 31 - 1))],
  ["a size of 4 GiB", "the file is damaged, cut short", patched(good, end - 4, 255, 255, 255, 255)],
  ["a size with its bytes turned round", "got 2282946560", patched(good, end - 4, ...little(5000).reverse())],
  [
    "a size that data do not reach",
    "expected at most 16777216 bytes",
    new Uint8Array(gzipSync(new Uint8Array(2 ** 25))),
  ],
  block("a block of the reserved kind", [7, 3, 0, 252, 255, ...abc]),
  block("a stored block whose two lengths disagree", [1, 3, 0, 253, 255, ...abc]),
  block("a stored block longer than the file", [1, 255, 255, 0, 0, ...abc], "got more"),
  block("no last block", [0, 3, 0, 252, 255, ...abc]),
  block("no block at all", []),
  block("a fixed code that goes back before the start", [0x03, 0x03, 0x02, 0x00]),
  block("a dynamic block of too many codes", [0xfd, 0xff, 0xff, 0xff]),
  block(
    "a dynamic block whose codes do not fit together",
    [0x05, 0xc0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  ),
  ["junk after the end", "goes on after its end", concat(good, [1, 2, 3, 4, 5])],
  ["zeros after the end", "expected 0 bytes after decompression, got more", concat(good, new Uint8Array(16))],
  ["a byte after the end", "bytes after decompression, got more", concat(good, [0])],
  ["junk and the right size", "expected", concat(good, [1, 2], good.subarray(-4))],
  ["the size again", "expected", concat(good, good.subarray(-4))],
  ["the trailer again", "expected", concat(good, good.subarray(-8))],
  ["a full header, and junk", "expected", concat(full, good.subarray(-4))],
  ["two members", "expected 5000 bytes after decompression, got more", concat(good, good)],
  ["an empty member before", "expected nothing after the end of the gzip data", concat(empty, good)],
  ["an empty member after", "expected 0 bytes after decompression, got more", concat(good, empty)],
  ["zlib in the place of gzip", "expected the gzip magic", concat([0x78, 0x9c], body)],
];

export const gzip = table<Uint8Array>({
  format: "gzip",
  read: (bytes) => gunzip(bytes, { name: fileName }),
  good: [good, full, stored, empty],
  bad,
});
