// Bad tar archives, after POSIX's ustar and pax and GNU's extensions.

import { readDataFile } from "../../src/data/data-file.ts";
import { filesInArchive } from "../../src/data/layouts/archive.ts";
import { ascii, concat, fileName, patched } from "../formats/hostile.ts";
import { type Forged, forge, pax } from "../formats/tar-forger.ts";
import { type BadFile, table } from "./bad-files.ts";

type Bad = BadFile<Uint8Array>;

const hello = ascii("hello");
const good = forge([{ data: hello }]);

const octal = "expected a size in octal digits at byte 124";
const inside = "expected a size of at most 1536";
const record = 'expected a pax record as "12 size=345" at byte';
const noEnd = "expected a tar archive that ends in zeros";
const sized = (what: string, says: string, size: ArrayLike<number>): Bad => [
  `a size ${what}`,
  says,
  forge([{ data: hello, size }]),
];
const text = (what: string, says: string, field: string): Bad => sized(what, says, ascii(field));
const paxText = (what: string, says: string, content: string, kind = "x"): Bad => [
  `a pax record ${what}`,
  says,
  forge([{ kind, data: ascii(content) }, {}]),
];
const paxSize = (value: string): Bad => [
  `a size in pax of ${value.slice(0, 24)}`,
  "expected a size in digits, below 2^53",
  forge([{ kind: "x", data: pax("size", value) }, { data: hello }]),
];
const entries = (what: string, says: string, ...list: Forged[]): Bad => [what, says, forge(list)];
const checksum = "expected a tar header with the checksum";

const bad: readonly Bad[] = [
  ...[0, 1, 100, 511, 512, 517, 1023].map((n): Bad => [`cut to ${n}`, noEnd, good.slice(0, n)]),
  ["cut before the zeros", noEnd, good.slice(0, 1024)],
  ["one block of zeros at the end", noEnd, good.slice(0, -512)],
  ["one byte of the end missing", noEnd, good.slice(0, -1)],
  ["content after the end", "expected only zeros from here on", concat(good, [0, 1])],
  ["an archive after the end", "expected only zeros from here on", concat(good, good)],
  [
    "one block of zeros between",
    "expected only zeros from here on",
    concat(good.slice(0, 1024), new Uint8Array(512), good),
  ],
  ["a byte before the archive", checksum, concat([0x61], good)],
  ["a wrong checksum", checksum, patched(good, 0, 0x5a)],
  ["a checksum that is no number", `${checksum} `, patched(good, 148, 0x5a)],
  ["a checksum of spaces", checksum, patched(good, 148, ...ascii("        "))],
  ["a checksum in hexadecimal", checksum, patched(good, 148, ...ascii("0x001a3\0"))],
  ["a text", checksum, ascii("hello world ".repeat(200))],
  text("that is no number", octal, "0000000000z\0"),
  text("that is negative", octal, "-0000000005\0"),
  text("with a plus", octal, "+0000000005\0"),
  text("with the digit 8", octal, "00000000008\0"),
  text("with a blank between", octal, "0000005 005\0"),
  text("in hexadecimal", octal, "0x000000005\0"),
  text("with an exponent", octal, "5e0\0\0\0\0\0\0\0\0\0"),
  text("of 8 GiB", `${inside} at byte 124, got 8589934591`, "77777777777\0"),
  text("of 2 GiB", `${inside} at byte 124, got 2147483648`, "20000000000\0"),
  text("one beyond the archive", `${inside} at byte 124, got 1537`, "00000003001\0"),
  text("that covers half of the zeros", noEnd, "00000001001\0"),
  sized("of -1 in base 256", "expected a size >= 0 at byte 124, got a negative one", Array(12).fill(255)),
  sized("that is negative in base 256", "expected a size >= 0", [0xc0, ...Array(11).fill(0)]),
  sized("of 2^94 in base 256", "expected a size below 2^53", [0x80, ...Array(11).fill(255)]),
  sized("of 2^53 in base 256", "expected a size below 2^53", [0x80, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0]),
  sized("beyond the archive in base 256", inside, [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]),
  ...["-1", "+5", "9007199254740993", "1e3", "0x5", "5.0", " 5", "", "9".repeat(400), "NaN"].map(paxSize),
  entries(
    "a size in pax beyond the archive",
    "expected a size of at most 1536 at byte 1148, got 3000",
    { kind: "x", data: pax("size", "3000") },
    { data: hello },
  ),
  entries(
    "a size in pax for all, beyond the archive",
    "got 3000",
    { kind: "g", data: pax("size", "3000") },
    { data: hello },
  ),
  ["a description of 16 MiB", "expected a size of at most", forge([{ kind: "x", size: ascii("00100000000\0") }])],
  paxText("that is shorter than it says", record, "11 path=a/"),
  paxText("without a length", record, "path=a\n"),
  paxText("of a negative length", record, "-5 path=a\n"),
  paxText("of length 0", record, "0 path=a\n"),
  paxText("that is longer than its header", record, "99 path=a\n"),
  paxText("without a sign", record, "9 path a\n"),
  paxText("that ends within its value", record, "8 path=a\n"),
  paxText("of a length of ten digits", record, "9999999999 path=a\n"),
  paxText("of a length of 500 digits", record, `${"1".repeat(500)} path=a\n`),
  paxText("for all, without a length", record, "path=a\n", "g"),
  paxText("with an empty key", record, "5 a\n\n"),
  entries(
    "an endless path",
    "expected a path of 1 to 4096 characters",
    { kind: "x", data: pax("path", "a/".repeat(4000)) },
    {},
  ),
  entries(
    "an endless GNU path",
    "expected a path of 1 to 4096 characters",
    { kind: "L", data: ascii("a/".repeat(4000)) },
    {},
  ),
  entries("an empty path in pax", "expected a path of 1 to 4096 characters", { kind: "x", data: pax("path", "") }, {}),
  entries("an empty path", "expected a path of 1 to 4096 characters", { name: "", data: hello }),
  entries(
    "a size in pax with a NUL",
    "expected a size without NUL",
    { kind: "x", data: pax("size", "5\0") },
    { data: hello },
  ),
  entries(
    "a path in pax with a NUL",
    "expected a path without NUL",
    { kind: "x", data: pax("path", "a.png\0b.exe") },
    {},
  ),
  entries(
    "a link in pax with a NUL",
    "expected a linkpath without NUL",
    { kind: "x", data: pax("linkpath", "a\0") },
    {},
  ),
  entries(
    "a path that controls a terminal",
    '"\\u001b[2Jaaa',
    { kind: "x", data: pax("path", `\u001b[2J${"a".repeat(5000)}`) },
    {},
  ),
  entries("a sparse file of GNU", "expected files that are whole", { kind: "S", data: hello }),
  entries(
    "a sparse file of pax",
    "expected files that are whole",
    { kind: "x", data: pax("GNU.sparse.major", "1") },
    {},
  ),
  entries("a part of several", "expected files that are whole", { kind: "M", data: hello }),
  entries("a symbolic link to a password file", "expected a file in the archive, got a symbolic link", {
    name: "d",
    kind: "2",
    link: "/etc/passwd",
  }),
  entries("a hard link that leads up", "got a link to a file that does not come before it", {
    name: "d",
    kind: "1",
    link: "../../etc/passwd",
  }),
  entries(
    "a hard link to a file after it",
    "does not come before it",
    { name: "d", kind: "1", link: "e" },
    { name: "e", data: hello },
  ),
  entries("a hard link to itself", "does not come before it", { name: "d", kind: "1", link: "d" }),
  entries(
    "a hard link to a symbolic link",
    "expected a file in the archive, got",
    { name: "d", kind: "2", link: "a" },
    { name: "e", kind: "1", link: "d" },
  ),
  entries("a pipe", "expected a file in the archive, got a named pipe (FIFO)", { name: "d", kind: "6" }),
  entries("a device", "expected a file in the archive, got a device", { name: "d", kind: "3" }),
  entries("a block device", "expected a file in the archive, got a device", { name: "d", kind: "4" }),
  ["65,536 files", "expected at most 65535 files", crowd(65_536)],
];

/** An archive of so many empty files, whose names have five digits: made without looking at each. */
function crowd(n: number): Uint8Array {
  const head = forge([{ name: "f" }]).subarray(0, 512);
  // The checksum counts its own field as spaces.
  const sumOfHead = head.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  const out = new Uint8Array(512 * (n + 2));
  for (let i = 0; i < n; i++) {
    const digits = ascii(String(i).padStart(5, "0"));
    const sum = digits.reduce((a, b) => a + b, sumOfHead);
    out.set(head, 512 * i);
    out.set(digits, 512 * i + 1);
    out.set(ascii(`${sum.toString(8).padStart(6, "0")}\0 `), 512 * i + 148);
  }
  return out;
}

export const tar = table<Uint8Array>({
  format: "tar",
  async read(bytes) {
    for (const file of await filesInArchive(bytes, fileName)) await readDataFile(file);
  },
  good: [
    good,
    forge([{ kind: "x", data: concat(pax("path", "c"), pax("size", "5")) }, { data: hello }]),
    forge([{ data: hello }, { name: "b", kind: "1", link: "a" }]),
  ],
  bad,
});
